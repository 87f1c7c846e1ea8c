"""Tables of childbirth registrations. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy; the migration reads it. A registration is
visible where its person is.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Index, SmallInteger, Text
from sqlmodel import Field, SQLModel

FLOOR = {
    "childbirth_registration": "EXISTS (SELECT FROM person p WHERE p.id = childbirth_registration.person_id OFFSET 0)",
    "childbirth_birth": (
        "EXISTS (SELECT FROM childbirth_registration r WHERE r.id = childbirth_birth.registration_id OFFSET 0)"
    ),
}


class ChildbirthRegistration(SQLModel, table=True):
    """What a person had recorded about having a child; a record, never a permission."""

    __tablename__ = "childbirth_registration"
    __table_args__ = (
        CheckConstraint("state IN ('recorded', 'linked', 'withdrawn')", name="childbirth_state"),
        CheckConstraint("address IN ('registered', 'present')", name="childbirth_address"),
        CheckConstraint("person_id <> partner_id", name="childbirth_partner"),
        Index("childbirth_person", "person_id", "registered_on", "id"),
        Index("childbirth_listed", "area", "registered_on", "id"),
    )

    id: UUID = Field(primary_key=True)
    number: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    person_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    partner_id: UUID | None = Field(default=None, sa_column=Column(ForeignKey("person.id")))
    partner_name: str | None = Field(default=None, sa_column=Column(Text))
    address: str = Field(sa_column=Column(Text, nullable=False))
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    child_ordinal: int | None = Field(default=None, sa_column=Column(SmallInteger))
    state: str = Field(sa_column=Column(Text, nullable=False))
    registered_on: date
    withdrawn_on: date | None = None
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    changed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID


class ChildbirthBirth(SQLModel, table=True):
    """A child in the register to whom a registration was linked; twins are two."""

    __tablename__ = "childbirth_birth"
    __table_args__ = (Index("childbirth_birth_registration", "registration_id"),)

    child_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), primary_key=True))
    registration_id: UUID = Field(sa_column=Column(ForeignKey("childbirth_registration.id"), nullable=False))
    born_on: date
    linked_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    linked_by: UUID
