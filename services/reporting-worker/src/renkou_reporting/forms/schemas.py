"""Forms and reporting units as callers send and see them."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_common.codes.area import AreaCode
from renkou_common.http.days import Day
from renkou_reporting.forms.domain import Cell, Definition, Form
from renkou_reporting.forms.repository import Reporter
from renkou_reporting.labels import Label

type _Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
_EXAMPLE: dict[str, Any] = {
    "reason": "区卫生健康部门新增报表",
    "definition": {
        "code": "free_clinics",
        "zh": "义诊活动季报表",
        "en": "free clinics",
        "number": "人统活01表",
        "authority": {"zh": "区卫生健康部门", "en": "health office"},
        "approval": {"zh": "内部报表", "en": "internal"},
        "office": {"zh": "社区卫生服务中心", "en": "community health centre"},
        "periodicity": "quarter",
        "level": "district",
        "by": "area",
        "due": {"days": 10, "calendar": "working"},
        "sections": [
            {
                "code": "clinics",
                "zh": "义诊",
                "en": "Free clinics",
                "unit": {"zh": "场", "en": "clinics"},
                "population": "office",
                "columns": [{"code": "held", "zh": "场次", "en": "held"}],
                "rows": [
                    {"code": "total", "zh": "义诊活动", "en": "free clinics", "measure": "activity_held"}
                ],
            }
        ],
        "rules": [
            {
                "kind": "change",
                "code": "R01",
                "zh": "场次变动较大",
                "en": "clinics differ much",
                "value": "clinics[total, held]",
                "percent": "100",
            }
        ],
    },
}


class FormDraft(BaseModel):
    """A new form, or the next version of one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    definition: Definition
    reason: _Text = Field(description="why it is made or changed")


class FormSummary(BaseModel):
    """A version of a form without its cells."""

    code: str
    version: int
    state: str = Field(description="draft or active")
    name: Label
    number: str
    office: Label
    periodicity: str
    level: str
    by: str
    valid_to: date | None
    edition: str | None = Field(description="of the program it came with; null for one made here")
    reason: str
    made_by: UUID | None
    made_at: datetime
    activated_by: UUID | None
    activated_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """Return the answer for a stored version."""
        definition = Definition.model_validate(row["definition"])
        return cls(**_summary(row, definition))


def _summary(row: Any, definition: Definition) -> dict[str, Any]:
    return {
        "code": row["code"],
        "version": row["version"],
        "state": row["state"],
        "name": Label(zh=definition.zh, en=definition.en),
        "number": definition.number,
        "office": Label(zh=definition.office.zh, en=definition.office.en),
        "periodicity": definition.periodicity,
        "level": definition.level,
        "by": definition.by,
        "valid_to": definition.valid_to,
        "edition": row["edition"],
        "reason": row["reason"],
        "made_by": row["made_by"],
        "made_at": row["made_at"],
        "activated_by": row["activated_by"],
        "activated_at": row["activated_at"],
    }


class CellAnswer(BaseModel):
    """A cell: its name in values, its place in the sheet, what it counts, what may stand in it."""

    key: str
    address: str
    name: Label
    blocked: bool
    measure: str | None = Field(description="null: for the rules alone")
    population: str | None
    sex: int
    parity: int
    detail: str
    digits: int
    low: str
    high: str
    required: bool

    @classmethod
    def of(cls, cell: Cell) -> Self:
        """Return the answer for a cell."""
        return cls(
            key=cell.key,
            address=cell.address,
            name=Label(zh=cell.named.zh, en=cell.named.en),
            blocked=cell.blocked,
            measure=cell.measure,
            population=cell.population,
            sex=cell.sex,
            parity=cell.parity,
            detail=cell.detail,
            digits=cell.digits,
            low=format(cell.low, "f"),
            high=format(cell.high, "f"),
            required=cell.required,
        )


class FormAnswer(FormSummary):
    """A version of a form with its definition and cells."""

    definition: Definition
    cells: list[CellAnswer]

    @classmethod
    def of(cls, row: Any) -> Self:
        """Return the answer for a stored version."""
        definition = Definition.model_validate(row["definition"])
        cells = [CellAnswer.of(cell) for cell in Form(definition, row["version"]).cells.values()]
        return cls(**_summary(row, definition), definition=definition, cells=cells)


class FormList(BaseModel):
    """Forms, or the versions of one."""

    items: list[FormSummary]


class ReporterIn(BaseModel):
    """A unit that hands in forms."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "code": "340103-h01",
                    "area": "340103",
                    "zh": "庐阳区妇幼保健院",
                    "en": "Luyang maternity hospital",
                    "forms": ["hospital_births", "abortions"],
                    "valid_from": "2026-01-01",
                }
            ]
        },
    )

    code: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{1,39}$")
    area: str
    zh: _Text
    en: _Text
    forms: Annotated[list[str], Field(min_length=1, max_length=100)]
    valid_from: Day
    valid_to: Day | None = None


class ReporterChange(BaseModel):
    """What changes of a unit."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"valid_to": "2026-12-31"}]})

    zh: _Text = ""
    en: _Text = ""
    forms: Annotated[list[str], Field(min_length=1, max_length=100)] = []
    valid_to: Day | None = None


class ReporterAnswer(BaseModel):
    """A unit as it is registered."""

    code: str
    area: str
    name: Label
    forms: list[str]
    valid_from: date
    valid_to: date | None
    version: int

    @classmethod
    def of(cls, one: Reporter) -> Self:
        """Return the answer for a unit."""
        return cls(
            code=one.code,
            area=AreaCode.from_key(one.area).value,
            name=Label(zh=one.zh, en=one.en),
            forms=one.forms,
            valid_from=one.valid_from,
            valid_to=one.valid_to,
            version=one.version,
        )


class ReporterList(BaseModel):
    """A page of units, by code."""

    items: list[ReporterAnswer]
    next_after: str | None = Field(description="value of `after` for the next page; null at the end")
