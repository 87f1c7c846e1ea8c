"""Tables of employers. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy; the migration reads it. Who works where is
visible where the person is.
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
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

FLOOR: dict[str, str] = {
    "employer": "renkou_in_scope(area)",
    "employer_statement": "renkou_in_scope(area)",
    "employer_employee": "EXISTS (SELECT FROM person p WHERE p.id = employer_employee.person_id OFFSET 0)",
}
APPEND_ONLY: tuple[str, ...] = ()


class Employer(SQLModel, table=True):
    """An employer (单位) with its unified social credit code, where it has one."""

    __tablename__ = "employer"
    __table_args__ = (
        Index("employer_area", "area", "id"),
        Index(
            "employer_credit_code",
            "credit_code",
            unique=True,
            postgresql_where=sql("credit_code IS NOT NULL AND ended_on IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    name: str = Field(sa_column=Column(Text, nullable=False))
    credit_code: str | None = Field(default=None, sa_column=Column(Text))
    representative: str = Field(sa_column=Column(Text, nullable=False))
    phone_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    street: str | None = Field(default=None, sa_column=Column(Text))
    since: date
    ended_on: date | None = None
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID


class EmployerStatement(SQLModel, table=True):
    """The responsibility statement (责任书) of a year: let staff use services, keep the list true."""

    __tablename__ = "employer_statement"
    __table_args__ = (
        UniqueConstraint("employer_id", "year", name="employer_statement_year"),
        CheckConstraint(
            "state IN ('due', 'signed', 'declined', 'cancelled')", name="employer_statement_state"
        ),
        CheckConstraint("(state = 'signed') = (signed_on IS NOT NULL)", name="employer_statement_signed"),
        Index("employer_statement_area", "area", "id"),
    )

    id: UUID = Field(primary_key=True)
    employer_id: UUID = Field(sa_column=Column(ForeignKey("employer.id"), nullable=False))
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    year: int
    due_on: date
    state: str = Field(sa_column=Column(Text, nullable=False))
    signed_on: date | None = None
    scan_number: str | None = Field(default=None, sa_column=Column(Text))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID


class EmployerEmployee(SQLModel, table=True):
    """That a person works for an employer from a day to a day."""

    __tablename__ = "employer_employee"
    __table_args__ = (
        Index(
            "employer_employee_current",
            "employer_id",
            "person_id",
            unique=True,
            postgresql_where=sql("until IS NULL"),
        ),
        Index("employer_employee_list", "employer_id", "id"),
        Index("employer_employee_person", "person_id"),
        CheckConstraint("until IS NULL OR until >= since", name="employer_employee_until"),
    )

    id: UUID = Field(primary_key=True)
    employer_id: UUID = Field(sa_column=Column(ForeignKey("employer.id"), nullable=False))
    person_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    since: date
    until: date | None = None
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID
