"""What callers get about imports."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_registry.imports.domain import JobState
from renkou_registry.imports.importer import Kind
from renkou_registry.imports.repository import Job, StoredFinding


class Message(BaseModel):
    """A message in both languages, with its machine code."""

    code: str = Field(examples=["resident_id_check_digit"])
    zh: str
    en: str


class ImportOut(BaseModel):
    """An import (导入). With `dry_run` it stops at `checked` until POST /imports/{id}/start."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "01998d7a-6a4e-7cc1-a8f1-3a5f5c2f9f10",
                    "kind": "persons",
                    "state": "applying",
                    "dry_run": False,
                    "stock_date": "2025-01-01",
                    "rows_total": 20000,
                    "rows_checked": 20000,
                    "rows_applied": 7000,
                    "rows_refused": 200,
                    "rows_warned": 0,
                    "percent": 67,
                    "failure": None,
                    "same_as": None,
                    "created_at": "2025-01-02T09:00:00+08:00",
                    "checked_at": "2025-01-02T09:00:05+08:00",
                    "started_at": "2025-01-02T09:00:05+08:00",
                    "finished_at": None,
                }
            ]
        }
    )

    id: UUID
    kind: str = Field(description="what the sheet holds: GET /imports/kinds")
    state: JobState = Field(description="queued, checking, checked, applying, done or failed")
    dry_run: bool
    stock_date: date = Field(description="登记日期: the day on which the roster was true")
    rows_total: int | None = Field(description="null until every row is checked")
    rows_checked: int
    rows_applied: int
    rows_refused: int = Field(description="rows with at least one error; none of them goes in")
    rows_warned: int = Field(description="rows with something odd that does not keep them out")
    percent: int = Field(ge=0, le=100)
    failure: Message | None = Field(description="why the file as a whole could not be taken")
    same_as: UUID | None = Field(
        description="an earlier import of the same file, whose rows do not go in again"
    )
    created_at: datetime
    checked_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, job: Job, same_as: UUID | None) -> "ImportOut":
        """Return the answer for a job; ``same_as`` is an earlier one with the same file."""
        failure = job.failure
        return cls(
            id=job.id,
            kind=job.kind,
            state=job.state,
            dry_run=job.dry_run,
            stock_date=job.stock_date,
            rows_total=job.rows_total,
            rows_checked=job.rows_checked,
            rows_applied=job.rows_applied,
            rows_refused=job.rows_refused,
            rows_warned=job.rows_warned,
            percent=job.percent,
            failure=Message(code=failure.code, zh=failure.zh, en=failure.en) if failure else None,
            same_as=same_as,
            created_at=job.created_at,
            checked_at=job.checked_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
        )


class RowError(BaseModel):
    """Something wrong in one cell."""

    row: int = Field(description="as the sheet counts; the headings are row 1", examples=[12])
    column: str = Field(examples=["证件号码"])
    cell: str = Field(examples=["F12"])
    value: str = Field(
        description="what stands there, names and numbers masked", examples=["3401**********1234"]
    )
    code: str = Field(examples=["resident_id_check_digit"])
    zh: str
    en: str

    @classmethod
    def of(cls, finding: StoredFinding) -> "RowError":
        """Return the answer for a finding."""
        return cls(
            row=finding.row,
            column=finding.column,
            cell=finding.cell,
            value=finding.shown,
            code=finding.code,
            zh=finding.zh,
            en=finding.en,
        )


class RowErrorPage(BaseModel):
    """A page of what is wrong, by row."""

    items: list[RowError]
    next: str | None = Field(description="cursor of the next page; null on the last")


class ImportPage(BaseModel):
    """A page of imports, the latest first; `same_as` is told only of a single import."""

    items: list[ImportOut]
    next: str | None = Field(description="cursor of the next page; null on the last")


class ImportColumn(BaseModel):
    """A column of a sheet."""

    title: str = Field(examples=["证件号码"])
    required: bool
    help: str
    example: str
    code_list: str | None = Field(description="GET /code-lists/{id}", examples=["sex"])


class ImportKind(BaseModel):
    """A kind of import (导入表)."""

    kind: str = Field(examples=["persons"])
    zh: str
    en: str
    right: str = Field(description="the right that is needed beside sheet:import")
    template: str = Field(examples=["/imports/templates/persons.xlsx"])
    columns: list[ImportColumn]

    @classmethod
    def of(cls, kind: Kind) -> "ImportKind":
        """Return the answer for a kind."""
        return cls(
            kind=kind.sheet.kind,
            zh=kind.zh,
            en=kind.sheet.en,
            right=kind.right,
            template=f"/imports/templates/{kind.sheet.kind}.xlsx",
            columns=[
                ImportColumn(
                    title=field.title,
                    required=field.required,
                    help=field.help,
                    example=field.example,
                    code_list=field.codes.id if field.codes else None,
                )
                for field in kind.sheet.fields
            ],
        )


class ImportKinds(BaseModel):
    """Every kind of import."""

    items: list[ImportKind]
