"""Tables of certificates. Schema only: queries are in :mod:`.repository`."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

FLOOR = {"certificate_step": "EXISTS (SELECT FROM certificate c WHERE c.id = certificate_id)"}
APPEND_ONLY = ("certificate_step",)


class CertificateRow(SQLModel, table=True):
    """An issued certificate. Under the row-level floor by ``registered_area``.

    ``sealed`` is the SD-JWT with every group, encrypted and bound to this row; ``paper_sealed`` the form for
    paper of one that is bound to a holder's key, sealed alike. ``number`` names the entry in
    the status list and is what the paper shows. ``valid_to`` is the last day; ``revoked_on`` and ``died_on``
    are first days without the certificate. ``sex``, ``birth_month`` and ``registered_area`` follow the
    register. ``groups`` are those that the holder agreed to have in it,
    ``holder_key`` the public JWK it is bound to. ``revocation_reason`` and
    ``replacement_reason`` are codes. ``facts_changed`` names what it states and the register has said
    otherwise since, ``facts_changed_on`` the earliest day on which something of it came about.
    """

    __tablename__ = "certificate"
    __table_args__ = (
        CheckConstraint("(revoked_on IS NULL) = (revocation_reason IS NULL)", name="certificate_revocation"),
        CheckConstraint("valid_to >= valid_from", name="certificate_validity"),
        CheckConstraint("replaced_as IN ('replaced', 'renewed')", name="certificate_replaced_as"),
        CheckConstraint(
            "(replaced_on IS NULL) = (replaced_as IS NULL) AND (replaced_on IS NULL) = (successor_id IS NULL)",
            name="certificate_replacement",
        ),
        Index("certificate_number", "number", unique=True),
        Index("certificate_holder", "person_ref"),
        Index("certificate_area", "registered_area", "position"),
        Index("certificate_position", "position", unique=True),
        Index("certificate_outdated", "position", postgresql_where=text("cardinality(facts_changed) > 0")),
        Index("certificate_key", "kid", "position"),
    )

    id: UUID = Field(primary_key=True)
    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False)
    )
    number: str = Field(sa_column=Column(Text, nullable=False))
    person_id: UUID
    person_ref: UUID
    registered_area: int = Field(sa_column=Column(BigInteger, nullable=False))
    birth_month: str = Field(sa_column=Column(Text, nullable=False))
    sex: int = Field(sa_column=Column(Integer, nullable=False))
    valid_from: date
    valid_to: date
    limited_by: str = Field(sa_column=Column(Text, nullable=False))
    revoked_on: date | None = None
    revocation_reason: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    revocation_note: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    revoked_by: UUID | None = None
    replaced_on: date | None = None
    replaced_as: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    replacement_reason: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    successor_id: UUID | None = None
    died_on: date | None = None
    list_number: int = Field(sa_column=Column(Integer, nullable=False))
    status_index: int = Field(sa_column=Column(Integer, nullable=False))
    kid: str = Field(sa_column=Column(Text, nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    paper_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    groups: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    holder_key: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))
    facts_changed: list[str] = Field(
        sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'"))
    )
    facts_changed_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    facts_changed_on: date | None = None
    issued_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    issued_by: UUID
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))


class CertificateStepRow(SQLModel, table=True):
    """One step in a certificate's history: what happened, since when, who did it, why. Append-only.

    Under the floor of its certificate. Expiry and the 50th birthday are dates and have no row.
    """

    __tablename__ = "certificate_step"
    __table_args__ = (Index("certificate_step_of", "certificate_id", "position"),)

    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    certificate_id: UUID
    step: str = Field(sa_column=Column(Text, nullable=False))
    happened_on: date
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    actor_kind: str = Field(sa_column=Column(Text, nullable=False))
    actor_id: UUID | None = None
    reason: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    note: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
