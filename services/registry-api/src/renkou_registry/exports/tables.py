"""Tables of exports. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy; the migration reads it. An export is visible
to those who may see everything that its clerk may see; the log keeps no value of any record.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, INT8MULTIRANGE, JSONB
from sqlmodel import Field, SQLModel

FLOOR = {
    "export_job": "nullif(current_setting('renkou.areas', true), '')::int8multirange @> scope",
    "export_part": "EXISTS (SELECT FROM export_job j WHERE j.id = export_part.job_id OFFSET 0)",
}
APPEND_ONLY = ("export_log",)
_OPEN = "state IN ('queued', 'running')"


def _moment(*, nullable: bool = True) -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=nullable)


class ExportJob(SQLModel, table=True):
    """An export of a list. ``place`` is the cursor after the last part; ``token_hash`` opens the file."""

    __tablename__ = "export_job"
    __table_args__ = (
        CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed', 'expired')", name="export_job_state"
        ),
        CheckConstraint("format IN ('xlsx', 'csv')", name="export_job_format"),
        Index("export_job_open", "created_at", postgresql_where=text(_OPEN)),
        Index("export_job_token", "token_hash", unique=True, postgresql_where=text("token_hash IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    list_name: str = Field(sa_column=Column(Text, nullable=False))
    format: str = Field(sa_column=Column(Text, nullable=False))
    filters: Any = Field(sa_column=Column(JSONB, nullable=False))
    columns: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    purpose_code: str | None = Field(default=None, sa_column=Column(Text))
    purpose: str = Field(sa_column=Column(Text, nullable=False))
    scope: Any = Field(sa_column=Column(INT8MULTIRANGE, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    created_by: UUID
    created_at: datetime = Field(sa_column=_moment(nullable=False))
    finished_at: datetime | None = Field(default=None, sa_column=_moment())
    expires_at: datetime | None = Field(default=None, sa_column=_moment())
    place: Any = Field(default=None, sa_column=Column(JSONB))
    parts: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    rows: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    left_out: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    token_hash: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    failure_code: str | None = Field(default=None, sa_column=Column(Text))
    failure_zh: str | None = Field(default=None, sa_column=Column(Text))
    failure_en: str | None = Field(default=None, sa_column=Column(Text))


class ExportPart(SQLModel, table=True):
    """Rows of an export, sealed; deleted when the export expires."""

    __tablename__ = "export_part"

    job_id: UUID = Field(sa_column=Column(ForeignKey("export_job.id", ondelete="CASCADE"), primary_key=True))
    part: int = Field(primary_key=True)
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class ExportLog(SQLModel, table=True):
    """Who asked for an export, what for, how much came of it, who loaded it and when; never changed."""

    __tablename__ = "export_log"
    __table_args__ = (
        CheckConstraint("kind IN ('requested', 'finished', 'downloaded')", name="export_log_kind"),
        Index("export_log_job", "job_id", "logged_at"),
    )

    id: UUID = Field(primary_key=True)
    job_id: UUID
    kind: str = Field(sa_column=Column(Text, nullable=False))
    list_name: str = Field(sa_column=Column(Text, nullable=False))
    filters: Any = Field(sa_column=Column(JSONB, nullable=False))
    columns: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    purpose_code: str | None = Field(default=None, sa_column=Column(Text))
    purpose: str = Field(sa_column=Column(Text, nullable=False))
    rows: int
    left_out: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    logged_by: UUID
    logged_at: datetime = Field(sa_column=_moment(nullable=False))
