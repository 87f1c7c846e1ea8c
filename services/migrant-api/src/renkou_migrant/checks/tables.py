"""Tables of checks. Schema only: queries are in :mod:`.repository`."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, LargeBinary, Text
from sqlmodel import Field, SQLModel

FLOOR = {
    "certificate_check": (
        "arrival_id IS NULL"
        " OR EXISTS (SELECT FROM arrival a WHERE a.id = certificate_check.arrival_id OFFSET 0)"
    ),
}


class CertificateCheckRow(SQLModel, table=True):
    """What a check came to. What the certificate said is not kept, only the hash of what was shown."""

    __tablename__ = "certificate_check"
    __table_args__ = (
        CheckConstraint("result IN ('valid', 'refused', 'unknown')", name="certificate_check_result"),
        Index("certificate_check_arrival", "arrival_id"),
    )

    id: UUID = Field(primary_key=True)
    arrival_id: UUID | None = None
    result: str = Field(sa_column=Column(Text, nullable=False))
    code: str = Field(sa_column=Column(Text, nullable=False))
    issuer: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    presentation_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    checked_on: date
    checked_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    checked_by: UUID


class HolderProofRow(SQLModel, table=True):
    """A proof of a holder's key that was accepted here, until it would no longer count.

    By its digest, so that no process of the node takes it a second time. Says nothing about anybody: a digest of
    what was signed for one showing, and a time within minutes.
    """

    __tablename__ = "holder_proof"
    __table_args__ = (Index("holder_proof_until", "until"),)

    digest: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    until: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
