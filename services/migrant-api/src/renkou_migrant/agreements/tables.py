"""Tables of agreements. Schema only: queries are in :mod:`.repository`."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    Uuid,
)
from sqlmodel import Field, SQLModel

APPEND_ONLY = ("agreement_event",)


def _moment(*, nullable: bool = True) -> Any:
    return Column(DateTime(timezone=True), nullable=nullable)


class AgreementRow(SQLModel, table=True):
    """An agreement with a partner district; both districts hold the same text under the same id.

    ``text`` is what both signed, ``valid_from`` and ``lineage`` repeat it for queries; the signatures are
    compact tokens over it. ``ended_on`` and ``replaced_from`` are the first days without the agreement.
    """

    __tablename__ = "agreement"
    __table_args__ = (
        CheckConstraint(
            "state IN ('drafted', 'proposed', 'signed', 'in_force', 'ended')", name="agreement_state"
        ),
        CheckConstraint(
            "state NOT IN ('signed', 'in_force') OR (own_signature IS NOT NULL AND partner_signature IS NOT NULL)",
            name="agreement_both_signed",
        ),
        CheckConstraint("state <> 'ended' OR ended_on IS NOT NULL", name="agreement_end"),
        Index("agreement_partner", "partner"),
        Index("agreement_lineage", "lineage"),
    )

    id: UUID = Field(primary_key=True)
    partner: str = Field(sa_column=Column(Text, nullable=False))
    lineage: UUID
    text: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    proposed_here: bool
    own_signature: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    partner_signature: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    drafted_by: UUID = Field(description="who drafted it here, or took the partner's proposal in")
    signed_by: UUID | None = None
    suspended_here_at: datetime | None = Field(default=None, sa_column=_moment())
    suspended_there_at: datetime | None = Field(default=None, sa_column=_moment())
    heard_at: datetime | None = Field(
        default=None, sa_column=_moment(), description="instant of the partner's last statement"
    )
    ended_on: date | None = None
    replaced_from: date | None = None
    recorded_at: datetime = Field(sa_column=_moment(nullable=False))
    revision: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))


class AgreementEvent(SQLModel, table=True):
    """What happened to an agreement at this end, and the signed document that says so, if one does."""

    __tablename__ = "agreement_event"
    __table_args__ = (Index("agreement_event_agreement", "agreement_id", "position"),)

    id: UUID = Field(primary_key=True)
    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False, unique=True)
    )
    agreement_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("agreement.id"), nullable=False))
    what: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = Field(sa_column=_moment(nullable=False))
    by: UUID | None = Field(
        default=None, description="staff account; none where a partner or the node did it"
    )
    reason: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    document: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
