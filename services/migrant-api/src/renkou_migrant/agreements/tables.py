"""Tables of agreements. Schema only: queries are in :mod:`.repository`."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Index, Integer, Text, Uuid
from sqlmodel import Field, SQLModel


class AgreementRow(SQLModel, table=True):
    """An agreement with a partner district; both districts hold it under the same id."""

    __tablename__ = "agreement"
    __table_args__ = (
        CheckConstraint("valid_from <= valid_to", name="agreement_validity"),
        Index("agreement_partner", "partner"),
    )

    id: UUID = Field(primary_key=True)
    partner: str = Field(sa_column=Column(Text, nullable=False))
    valid_from: date
    valid_to: date
    ended_on: date | None = None
    legal_basis: str = Field(sa_column=Column(Text, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID
    revision: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))


class AgreementKind(SQLModel, table=True):
    """A kind of message that an agreement covers, seen from this district."""

    __tablename__ = "agreement_kind"
    __table_args__ = (
        CheckConstraint("direction IN ('send', 'receive', 'both')", name="agreement_kind_direction"),
    )

    agreement_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("agreement.id"), primary_key=True))
    kind: str = Field(sa_column=Column(Text, primary_key=True))
    direction: str = Field(sa_column=Column(Text, nullable=False))
