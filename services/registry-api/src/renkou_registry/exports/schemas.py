"""What callers send and get about exports."""

from builtins import list as many
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_registry.exports.listing import ExportState, Format
from renkou_registry.exports.repository import Export
from renkou_registry.fields import Reason


class ExportCreate(BaseModel):
    """A list to export, with what the export is needed for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "list": "persons",
                    "filters": {"area": "340103001", "population": "registered"},
                    "columns": ["name", "sex", "birth_date", "resident_id"],
                    "format": "xlsx",
                    "purpose_code": "register_upkeep",
                    "purpose": "核对社区花名册",
                }
            ]
        },
    )

    list: Annotated[str, StringConstraints(max_length=40)] = Field(description="GET /exports/lists")
    filters: dict[str, Any] = Field(description="as the list takes them: GET /exports/lists")
    columns: (
        Annotated[many[Annotated[str, StringConstraints(max_length=40)]], Field(max_length=60)] | None
    ) = Field(default=None, description="all of the list's columns unless given")
    format: Format = Format.XLSX
    purpose_code: Annotated[str, StringConstraints(max_length=40)] = Field(
        description="目的代码: a purpose in force that covers the list, GET /exports/lists"
    )
    purpose: Reason = Field(description="具体用途, kept in the log; no ID or phone numbers")


class Failure(BaseModel):
    """Why there is no file."""

    code: str
    zh: str
    en: str


class ExportOut(BaseModel):
    """An export (导出)."""

    id: UUID
    list: str
    format: Format
    filters: dict[str, Any]
    columns: many[str]
    purpose_code: str | None = Field(description="null: from before purposes were kept")
    purpose: str
    state: ExportState = Field(description="queued, running, done, failed or expired")
    rows: int = Field(description="written so far")
    left_out: int = Field(
        description="rows left out so far: processing of somebody in them is restricted (限制处理)"
    )
    created_by: UUID
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None = Field(description="when the file is deleted")
    failure: Failure | None

    @classmethod
    def of(cls, export: Export) -> "ExportOut":
        """Return the answer for an export."""
        failure = export.failure
        return cls(
            id=export.id,
            list=export.list_name,
            format=export.format,
            filters=export.filters,
            columns=export.columns,
            purpose_code=export.purpose_code,
            purpose=export.purpose,
            state=export.state,
            rows=export.rows,
            left_out=export.left_out,
            created_by=export.created_by,
            created_at=export.created_at,
            finished_at=export.finished_at,
            expires_at=export.expires_at,
            failure=Failure(code=failure.code, zh=failure.zh, en=failure.en) if failure else None,
        )


class LinkOut(BaseModel):
    """A link to the file for who asked for it; told once."""

    path: str = Field(examples=["/exports/files/q1w2e3"])
    expires_at: datetime


class ExportListOut(BaseModel):
    """A list that can be exported."""

    list: str = Field(examples=["persons"])
    zh: str
    en: str
    right: str = Field(description="the right that is needed beside resident:export")
    columns: dict[str, str] = Field(description="names and headings")
    filters: dict[str, Any] = Field(description="JSON Schema of the filters")
    purposes: many[str] = Field(description="codes of the purposes in force that cover it: GET /purposes")
    health: many[str] = Field(description="columns left out for whoever has not consented separately")


class ExportLists(BaseModel):
    """Every list that can be exported."""

    items: many[ExportListOut]


class ExportLogEntry(BaseModel):
    """Who did what with an export."""

    id: UUID
    export_id: UUID
    kind: str = Field(examples=["requested", "finished", "downloaded"])
    list: str
    filters: dict[str, Any]
    columns: many[str]
    purpose_code: str | None
    purpose: str
    rows: int
    left_out: int = Field(description="rows left out: 限制处理")
    by: UUID
    at: datetime


class ExportLogPage(BaseModel):
    """A page of the log, the latest first."""

    items: many[ExportLogEntry]
    next: str | None = Field(description="cursor of the next page; null on the last")
