"""Tables of imports. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy; the migration reads it. A job is visible to
those who may see everything that the clerk who handed the file in may see.
"""

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
    LargeBinary,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, INT8MULTIRANGE
from sqlmodel import Field, SQLModel

FLOOR = {
    "import_job": "nullif(current_setting('renkou.areas', true), '')::int8multirange @> scope",
    "import_file": "EXISTS (SELECT FROM import_job j WHERE j.id = import_file.job_id OFFSET 0)",
    "import_error": "EXISTS (SELECT FROM import_job j WHERE j.id = import_error.job_id OFFSET 0)",
    "import_cells": "EXISTS (SELECT FROM import_job j WHERE j.id = import_cells.job_id OFFSET 0)",
    "import_block": "EXISTS (SELECT FROM import_job j WHERE j.id = import_block.job_id OFFSET 0)",
}
_OPEN = "state IN ('queued', 'checking', 'applying')"


def _moment(*, nullable: bool = True) -> Column[datetime]:
    default = None if nullable else func.now()
    return Column(DateTime(timezone=True), nullable=nullable, server_default=default)


def _count() -> dict[str, Any]:
    return {"server_default": text("0")}


def _job_id() -> Column[UUID]:
    return Column(ForeignKey("import_job.id", ondelete="CASCADE"), primary_key=True)


class ImportJob(SQLModel, table=True):
    """An import of one file.

    ``scope`` is where its clerk may write. ``next_place`` is the next block of good rows to go in; it moves
    in the transaction of the rows. ``attempts`` counts the times a worker took the job up without getting any
    further. A job is ``receiving`` while its file is being uploaded. ``content_hash`` tells a file that was
    handed in before.
    """

    __tablename__ = "import_job"
    __table_args__ = (
        CheckConstraint(
            "state IN ('receiving', 'queued', 'checking', 'checked', 'applying', 'done', 'failed')",
            name="import_job_state",
        ),
        Index("import_job_open", "created_at", postgresql_where=text(_OPEN)),
        Index("import_job_content", "content_hash", "kind"),
        Index("import_job_created", "created_at", "id"),
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=Column(Text, nullable=False, server_default="persons"))
    state: str = Field(sa_column=Column(Text, nullable=False))
    dry_run: bool
    stock_date: date
    scope: Any = Field(sa_column=Column(INT8MULTIRANGE, nullable=False))
    content_hash: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    headings: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    created_by: UUID
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    checked_at: datetime | None = Field(default=None, sa_column=_moment())
    started_at: datetime | None = Field(default=None, sa_column=_moment())
    finished_at: datetime | None = Field(default=None, sa_column=_moment())
    rows_total: int | None = None
    rows_checked: int = Field(default=0, sa_column_kwargs=_count())
    rows_applied: int = Field(default=0, sa_column_kwargs=_count())
    rows_refused: int = Field(default=0, sa_column_kwargs=_count())
    rows_warned: int = Field(default=0, sa_column_kwargs=_count())
    next_place: int = Field(default=0, sa_column_kwargs=_count())
    attempts: int = Field(default=0, sa_column_kwargs=_count())
    failure_code: str | None = Field(default=None, sa_column=Column(Text))
    failure_zh: str | None = Field(default=None, sa_column=Column(Text))
    failure_en: str | None = Field(default=None, sa_column=Column(Text))


class ImportFile(SQLModel, table=True):
    """The file itself, encrypted in parts; deleted as soon as its rows are checked."""

    __tablename__ = "import_file"

    job_id: UUID = Field(sa_column=_job_id())
    part: int = Field(primary_key=True)
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class ImportCells(SQLModel, table=True):
    """The cells of some rows as they stand in the file, sealed; the error sheet is made from them."""

    __tablename__ = "import_cells"

    job_id: UUID = Field(sa_column=_job_id())
    part: int = Field(primary_key=True)
    first_row: int
    last_row: int
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class ImportBlock(SQLModel, table=True):
    """Values of good rows that go in together, sealed; a block has a part for each time it was added to."""

    __tablename__ = "import_block"

    job_id: UUID = Field(sa_column=_job_id())
    block: int = Field(primary_key=True)
    part: int = Field(primary_key=True)
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class ImportError(SQLModel, table=True):
    """One thing wrong with one cell; ``told_sealed`` is what stands there, masked, and what is wrong with it in two
    languages. Empty for what was found before it was sealed."""

    __tablename__ = "import_error"
    __table_args__ = (
        CheckConstraint("severity IN ('error', 'warning')", name="import_error_severity"),
        Index("import_error_place", "job_id", "severity", "row", "position"),
    )

    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    job_id: UUID = Field(sa_column=Column(ForeignKey("import_job.id", ondelete="CASCADE"), nullable=False))
    severity: str = Field(sa_column=Column(Text, nullable=False))
    row: int
    column: str = Field(sa_column=Column("column_name", Text, nullable=False))
    cell: str = Field(sa_column=Column(Text, nullable=False))
    code: str = Field(sa_column=Column(Text, nullable=False))
    told_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))


class ImportApplied(SQLModel, table=True):
    """Keyed hashes of rows that went in one by one, so that none goes in twice."""

    __tablename__ = "import_applied"
    __table_args__ = (Index("import_applied_job", "job_id"),)

    kind: str = Field(sa_column=Column(Text, primary_key=True))
    digest: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    job_id: UUID = Field(sa_column=Column(ForeignKey("import_job.id", ondelete="CASCADE"), nullable=False))
