"""Tables of rented houses. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy; the migration reads it. Tenants are visible
where they are seen as persons.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

FLOOR: dict[str, str] = {
    "rental": "renkou_in_scope(area)",
    "rental_agreement": "renkou_in_scope(area)",
    "rental_tenant": "EXISTS (SELECT FROM person p WHERE p.id = rental_tenant.person_id OFFSET 0)",
}
APPEND_ONLY: tuple[str, ...] = ()


class Rental(SQLModel, table=True):
    """A rented house (出租房屋); its landlord is a person of the register or a sealed name and phone."""

    __tablename__ = "rental"
    __table_args__ = (
        CheckConstraint("(landlord_id IS NULL) <> (landlord_sealed IS NULL)", name="rental_landlord"),
        CheckConstraint("rooms BETWEEN 1 AND 1000", name="rental_rooms"),
        Index("rental_area", "area", "id"),
        Index("rental_landlord_person", "landlord_id", postgresql_where=sql("landlord_id IS NOT NULL")),
        Index("rental_street", "area", "street", unique=True, postgresql_where=sql("ended_on IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    street: str = Field(sa_column=Column(Text, nullable=False))
    rooms: int = Field(sa_column=Column(SmallInteger, nullable=False))
    landlord_id: UUID | None = Field(default=None, sa_column=Column(ForeignKey("person.id")))
    landlord_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    phone_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    since: date
    ended_on: date | None = None
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID


class RentalAgreement(SQLModel, table=True):
    """The agreement (协议) of a year with the landlord: tenants are told of the free services."""

    __tablename__ = "rental_agreement"
    __table_args__ = (
        UniqueConstraint("rental_id", "year", name="rental_agreement_year"),
        CheckConstraint("state IN ('due', 'signed', 'declined', 'cancelled')", name="rental_agreement_state"),
        CheckConstraint("(state = 'signed') = (signed_on IS NOT NULL)", name="rental_agreement_signed"),
        Index("rental_agreement_area", "area", "id"),
    )

    id: UUID = Field(primary_key=True)
    rental_id: UUID = Field(sa_column=Column(ForeignKey("rental.id"), nullable=False))
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    year: int
    due_on: date
    state: str = Field(sa_column=Column(Text, nullable=False))
    signed_on: date | None = None
    scan_number: str | None = Field(default=None, sa_column=Column(Text))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID


class RentalTenant(SQLModel, table=True):
    """That a person lives in a rented house from a day to a day."""

    __tablename__ = "rental_tenant"
    __table_args__ = (
        Index(
            "rental_tenant_current",
            "rental_id",
            "person_id",
            unique=True,
            postgresql_where=sql("until IS NULL"),
        ),
        Index("rental_tenant_list", "rental_id", "id"),
        Index("rental_tenant_person", "person_id"),
        CheckConstraint("until IS NULL OR until >= since", name="rental_tenant_until"),
    )

    id: UUID = Field(primary_key=True)
    rental_id: UUID = Field(sa_column=Column(ForeignKey("rental.id"), nullable=False))
    person_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    room: str | None = Field(default=None, sa_column=Column(Text))
    since: date
    until: date | None = None
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID
