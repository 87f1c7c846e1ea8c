"""Tables of partners. Schema only: queries are in :mod:`.repository`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, Index, Integer, Text
from sqlmodel import Field, SQLModel

APPEND_ONLY = ("partner_check", "partner_description")


class TrustListRow(SQLModel, table=True):
    """The trust list accepted last; there is one at most."""

    __tablename__ = "trust_list"
    __table_args__ = (CheckConstraint("id = 1", name="trust_list_single"),)

    id: int = Field(default=1, sa_column=Column(Integer, primary_key=True, autoincrement=False))
    sequence: int = Field(sa_column=Column(BigInteger, nullable=False))
    digest: str = Field(sa_column=Column(Text, nullable=False))
    token: str = Field(sa_column=Column(Text, nullable=False))
    accepted_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    accepted_by: UUID


class PartnerDescription(SQLModel, table=True):
    """A partner's signed description of itself as it was accepted; the newest one of each counts."""

    __tablename__ = "partner_description"
    __table_args__ = (
        CheckConstraint(
            "trusted_by IN ('trust_list', 'fingerprint', 'description')",
            name="partner_description_trusted_by",
        ),
        Index("partner_description_newest", "partner", "issued_at", unique=True),
    )

    id: UUID = Field(primary_key=True)
    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False, unique=True)
    )
    partner: str = Field(sa_column=Column(Text, nullable=False))
    issued_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    token: str = Field(sa_column=Column(Text, nullable=False))
    trusted_by: str = Field(sa_column=Column(Text, nullable=False))
    accepted_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    accepted_by: UUID


class PartnerCheck(SQLModel, table=True):
    """A conversation of test messages with a partner. How it went stands in those messages and their replies."""

    __tablename__ = "partner_check"
    __table_args__ = (Index("partner_check_partner", "partner", "position"),)

    id: UUID = Field(primary_key=True)
    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False, unique=True)
    )
    partner: str = Field(sa_column=Column(Text, nullable=False))
    started_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    started_by: UUID
