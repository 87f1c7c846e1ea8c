"""Tables of benefit payments. Schema only; queries are in :mod:`.repository`.

Two constraints keep anybody from being paid twice, whatever runs at the same time: one due per scheme,
subject (person or child) and period, and one standing payment line per scheme, subject, period and part.
"""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Numeric,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

FLOOR = {
    "benefit_due": "renkou_in_scope(area)",
    "benefit_line": "renkou_in_scope(area)",
    "benefit_overpayment": "renkou_in_scope(area)",
    "benefit_export_file": (
        "EXISTS (SELECT FROM benefit_batch b WHERE b.id = benefit_export_file.batch_id"
        " AND renkou_in_scope(b.area))"
    ),
}
APPEND_ONLY = ("benefit_export", "benefit_export_copy")


def _yuan() -> Column[Decimal]:
    return Column(Numeric(14, 2), nullable=False)


class BenefitDue(SQLModel, table=True):
    """What became due to a subject for a period; the amount follows the record when that is corrected."""

    __tablename__ = "benefit_due"
    __table_args__ = (
        UniqueConstraint("scheme_id", "subject_id", "period", name="benefit_due_once"),
        CheckConstraint("amount >= 0", name="benefit_due_amount"),
        Index("benefit_due_area", "scheme_id", "area", "due_on", "id"),
        Index("benefit_due_enrolment", "enrolment_id"),
        Index("benefit_due_subject", "subject_id"),
    )

    id: UUID = Field(primary_key=True)
    scheme_id: UUID = Field(sa_column=Column(ForeignKey("benefit_scheme.id"), nullable=False))
    enrolment_id: UUID = Field(sa_column=Column(ForeignKey("benefit_enrolment.id"), nullable=False))
    subject_id: UUID
    merged_subject_id: UUID | None = None
    period: str = Field(sa_column=Column(Text, nullable=False))
    starts_on: date
    due_on: date
    months: int
    amount: Decimal = Field(sa_column=_yuan())
    area: int = Field(sa_column=Column(BigInteger, nullable=False))


class BenefitBatch(SQLModel, table=True):
    """A payment batch (发放批次) of a scheme, a calendar period and an area."""

    __tablename__ = "benefit_batch"
    __table_args__ = (
        CheckConstraint(
            "state IN ('draft', 'approved', 'exported', 'settled', 'closed', 'cancelled')",
            name="benefit_batch_state",
        ),
        CheckConstraint("approved_by <> drafted_by", name="benefit_batch_four_eyes"),
        Index("benefit_batch_area", "scheme_id", "area", "id"),
    )

    id: UUID = Field(primary_key=True)
    scheme_id: UUID = Field(sa_column=Column(ForeignKey("benefit_scheme.id"), nullable=False))
    period: str = Field(sa_column=Column(Text, nullable=False))
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    drafted_by: UUID
    drafted_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    approved_by: UUID | None = None
    approved_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    result_checksum: str | None = Field(default=None, sa_column=Column(Text))
    settled_by: UUID | None = None
    settled_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))


class BenefitLine(SQLModel, table=True):
    """A payment to be made once. ``holds`` until it failed or was dropped; ``part`` 0 is the first payment of
    a due, later parts pay what a correction found missing."""

    __tablename__ = "benefit_line"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'sent', 'paid', 'failed', 'dropped')", name="benefit_line_state"),
        CheckConstraint("holds = (state IN ('open', 'sent', 'paid'))", name="benefit_line_holds"),
        CheckConstraint("amount > 0", name="benefit_line_amount"),
        Index(
            "benefit_line_once",
            "scheme_id",
            "subject_id",
            "period",
            "part",
            unique=True,
            postgresql_where=sql("holds"),
        ),
        Index("benefit_line_batch", "batch_id", "id"),
        Index("benefit_line_due", "due_id"),
        Index("benefit_line_subject", "subject_id"),
    )

    id: UUID = Field(primary_key=True)
    batch_id: UUID = Field(sa_column=Column(ForeignKey("benefit_batch.id"), nullable=False))
    due_id: UUID = Field(sa_column=Column(ForeignKey("benefit_due.id"), nullable=False))
    merged_due_id: UUID | None = None
    enrolment_id: UUID = Field(sa_column=Column(ForeignKey("benefit_enrolment.id"), nullable=False))
    scheme_id: UUID
    subject_id: UUID
    period: str = Field(sa_column=Column(Text, nullable=False))
    part: int
    amount: Decimal = Field(sa_column=_yuan())
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    holds: bool
    failure: str | None = Field(default=None, sa_column=Column(Text))


class BenefitExport(SQLModel, table=True):
    """Who opened the accounts of a batch, when, and the file's checksum; once per batch, never changed."""

    __tablename__ = "benefit_export"

    batch_id: UUID = Field(sa_column=Column(ForeignKey("benefit_batch.id"), primary_key=True))
    format: str = Field(sa_column=Column(Text, nullable=False))
    checksum: str = Field(sa_column=Column(Text, nullable=False))
    line_count: int
    total: Decimal = Field(sa_column=_yuan())
    exported_by: UUID
    exported_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class BenefitExportFile(SQLModel, table=True):
    """The very bytes of an export, sealed; gone as soon as the bank's results are read."""

    __tablename__ = "benefit_export_file"

    batch_id: UUID = Field(sa_column=Column(ForeignKey("benefit_export.batch_id"), primary_key=True))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class BenefitExportCopy(SQLModel, table=True):
    """Who took a lost file out again, when and why; never changed."""

    __tablename__ = "benefit_export_copy"
    __table_args__ = (Index("benefit_export_copy_batch", "batch_id", "id"),)

    id: UUID = Field(primary_key=True)
    batch_id: UUID = Field(sa_column=Column(ForeignKey("benefit_export.batch_id"), nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    exported_by: UUID
    exported_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class BenefitOverpayment(SQLModel, table=True):
    """What was paid beyond what is due: shown to staff for a decision; nothing follows by itself."""

    __tablename__ = "benefit_overpayment"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'kept', 'returned', 'lapsed')", name="benefit_overpayment_state"),
        CheckConstraint("amount > 0", name="benefit_overpayment_amount"),
        Index("benefit_overpayment_open", "due_id", unique=True, postgresql_where=sql("state = 'open'")),
        Index("benefit_overpayment_due", "due_id"),
        Index("benefit_overpayment_area", "state", "area", "id"),
    )

    id: UUID = Field(primary_key=True)
    due_id: UUID = Field(sa_column=Column(ForeignKey("benefit_due.id"), nullable=False))
    enrolment_id: UUID = Field(sa_column=Column(ForeignKey("benefit_enrolment.id"), nullable=False))
    amount: Decimal = Field(sa_column=_yuan())
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    found_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    decided_by: UUID | None = None
    decided_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    note: str | None = Field(default=None, sa_column=Column(Text))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
