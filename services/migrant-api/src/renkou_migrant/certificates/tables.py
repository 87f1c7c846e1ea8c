"""Tables of certificates. Schema only: queries are in :mod:`.repository`."""

from datetime import date, datetime
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
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel


class CertificateRow(SQLModel, table=True):
    """An issued certificate. Under the row-level floor by ``registered_area``.

    ``sealed`` is the SD-JWT with every group, encrypted and bound to this row. ``number`` names the entry in
    the status list and is what the paper shows. ``valid_to`` is the last day; ``revoked_on`` and ``died_on``
    are first days without the certificate. ``sex``, ``birth_month`` and ``registered_area`` follow the
    register. ``facts_changed`` names what it states and the register has said otherwise since.
    """

    __tablename__ = "certificate"
    __table_args__ = (
        CheckConstraint("(revoked_on IS NULL) = (revocation_reason IS NULL)", name="certificate_revocation"),
        CheckConstraint("valid_to >= valid_from", name="certificate_validity"),
        Index("certificate_number", "number", unique=True),
        Index("certificate_holder", "person_ref"),
        Index("certificate_area", "registered_area", "position"),
        Index("certificate_position", "position", unique=True),
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
    revoked_by: UUID | None = None
    died_on: date | None = None
    list_number: int = Field(sa_column=Column(Integer, nullable=False))
    status_index: int = Field(sa_column=Column(Integer, nullable=False))
    kid: str = Field(sa_column=Column(Text, nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    facts_changed: list[str] = Field(
        sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'"))
    )
    facts_changed_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    issued_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    issued_by: UUID
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))
