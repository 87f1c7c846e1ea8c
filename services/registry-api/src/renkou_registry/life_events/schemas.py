"""What callers send and get about life events."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from renkou_common.codes.area import AreaCode
from renkou_common.codes.findings import CodeError
from renkou_common.codes.lists import DocumentKind
from renkou_common.http.days import Day
from renkou_registry.fields import (
    AreaIn,
    MaritalStatusCode,
    NameIn,
    NationalityCode,
    ResidentIdIn,
    SexCode,
    Street,
)
from renkou_registry.persons.documents import check_document
from renkou_registry.persons.schemas import DocumentNumber, Warnings

Parity = Annotated[int, Field(ge=1, le=30, description="孩次: which child of the mother")]


def _married(code: str) -> str:
    if not code.startswith("2"):
        raise CodeError("marital_status", "应为已婚类代码 20-23", "must be one of 20-23")
    return code


class ChildIn(BaseModel):
    """The newborn; without a number yet, a birth certificate or none."""

    model_config = ConfigDict(extra="forbid")

    name: NameIn
    sex: SexCode
    document_kind: DocumentKind = DocumentKind.NONE
    resident_id: ResidentIdIn | None = None
    document_number: DocumentNumber | None = Field(default=None, description="出生医学证明编号")
    nationality: NationalityCode | None = Field(default=None, description="as the mother's unless told")

    @model_validator(mode="after")
    def _document(self) -> Self:
        if self.resident_id is not None:
            self.document_kind = DocumentKind.RESIDENT_ID
        elif self.document_kind is DocumentKind.RESIDENT_ID:
            raise CodeError("document", "请填写身份证号", "resident_id is missing")
        elif self.document_number is not None and self.document_kind is DocumentKind.NONE:
            self.document_kind = DocumentKind.BIRTH_CERTIFICATE
        return self

    @field_validator("document_number")
    @classmethod
    def _number(cls, number: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("document_kind", "")
        return check_document(DocumentKind.BIRTH_CERTIFICATE if kind == DocumentKind.NONE else kind, number)


class BirthCreate(BaseModel):
    """A live birth. Areas and streets are the mother's unless told."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "mother_id": "0197f000-0000-7000-8000-000000000001",
                    "happened_on": "2025-03-18",
                    "child": {"name": "王小满", "sex": 2},
                }
            ]
        },
    )

    mother_id: UUID
    father_id: UUID | None = None
    happened_on: Day
    child: ChildIn
    parity: Parity | None = Field(default=None, description="default: her children so far and one")
    registered_area: AreaIn | None = None
    registered_street: Street | None = None
    present_area: AreaIn | None = None
    present_street: Street | None = None
    household_id: UUID | None = Field(default=None, description="household the child joins")
    confirmed_warnings: Warnings = Field(default_factory=list)


class DeathCreate(BaseModel):
    """A death."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"person_id": "0197f000-0000-7000-8000-000000000001", "happened_on": "2025-03-18"}]
        },
    )

    person_id: UUID
    happened_on: Day


class MarriageCreate(BaseModel):
    """A marriage, recorded for both where both are in the register."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "person_id": "0197f000-0000-7000-8000-000000000001",
                    "spouse_id": "0197f000-0000-7000-8000-000000000002",
                    "happened_on": "2025-03-18",
                }
            ]
        },
    )

    person_id: UUID
    spouse_id: UUID | None = None
    happened_on: Day
    marital_status: Annotated[MaritalStatusCode, AfterValidator(_married)] | None = Field(
        default=None,
        description="21, 22 or 23; default: first marriage or remarried after what the record says",
    )


class MoveCreate(BaseModel):
    """A move in, out or within the district."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "person_id": "0197f000-0000-7000-8000-000000000001",
                    "happened_on": "2025-03-18",
                    "to_area": "310115",
                    "transfer_registration": False,
                }
            ]
        },
    )

    person_id: UUID
    happened_on: Day
    to_area: AreaIn
    to_street: Street | None = None
    transfer_registration: bool = Field(default=False, description="户籍是否随迁")


class MoveInCreate(BaseModel):
    """Somebody in the register comes, or comes back, to live in the caller's area."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "resident_id": "340103199003071212",
                    "name": "王小明",
                    "happened_on": "2025-03-18",
                    "to_area": "340103001001",
                    "transfer_registration": True,
                }
            ]
        },
    )

    resident_id: ResidentIdIn
    name: NameIn
    happened_on: Day
    to_area: AreaIn
    to_street: Street | None = None
    transfer_registration: bool = Field(default=False, description="户籍是否随迁")


class DivorceCreate(BaseModel):
    """A divorce, recorded for both where both are in the register."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"person_id": "0197f000-0000-7000-8000-000000000001", "happened_on": "2025-03-18"}]
        },
    )

    person_id: UUID
    happened_on: Day


class AdoptionCreate(BaseModel):
    """An adoption: who the child's parents are from the day on. A parent who remains one is named again."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "child_id": "0197f000-0000-7000-8000-000000000003",
                    "happened_on": "2025-03-18",
                    "mother_id": "0197f000-0000-7000-8000-000000000001",
                    "father_id": "0197f000-0000-7000-8000-000000000002",
                }
            ]
        },
    )

    child_id: UUID
    happened_on: Day
    mother_id: UUID | None = None
    father_id: UUID | None = None
    to_area: AreaIn | None = Field(default=None, description="where the child moves; none: it stays")
    to_street: Street | None = None
    transfer_registration: bool = Field(default=False, description="户籍是否随迁")

    @model_validator(mode="after")
    def _parent(self) -> Self:
        if self.mother_id is None and self.father_id is None:
            raise CodeError("parent_missing", "请填写养父或养母", "name one parent at least")
        return self


class AddressChangeCreate(BaseModel):
    """Another street within the same community."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "person_id": "0197f000-0000-7000-8000-000000000001",
                    "happened_on": "2025-03-18",
                    "address": "present",
                    "street": "安庆路 8 号",
                }
            ]
        },
    )

    person_id: UUID
    happened_on: Day
    address: Literal["registered", "present"] = Field(description="户籍地 or 现居住地")
    street: Street


class Changes(BaseModel):
    """The right values of what was recorded wrongly; which can be changed depends on the kind of event."""

    model_config = ConfigDict(extra="forbid")

    happened_on: Day | None = None
    sex: SexCode | None = None
    birth_date: Day | None = None
    parity: Parity | None = None
    marital_status: MaritalStatusCode | None = None
    registered_area: AreaIn | None = None
    registered_since: Day | None = None
    present_area: AreaIn | None = None
    present_since: Day | None = None
    to_area: AreaIn | None = None
    transfer_registration: bool | None = None
    mother_id: UUID | None = Field(
        default=None, description="of a birth; correct `parity` and the areas with it where they differ"
    )
    father_id: UUID | None = Field(default=None, description="of a birth; null: not known")

    @model_validator(mode="after")
    def _something(self) -> Self:
        empty = {name for name in self.model_fields_set if getattr(self, name) is None}
        if not self.model_fields_set or empty - {"father_id"}:
            raise CodeError("changes", "须填写至少一项且不得为空", "give at least one value, and none empty")
        return self

    @property
    def given(self) -> dict[str, Any]:
        """What is to be changed, areas as 12-digit keys, persons as the text of their ids."""
        values = {name: getattr(self, name) for name in sorted(self.model_fields_set)}
        return {name: _stored(value) for name, value in values.items()}


def _stored(value: Any) -> Any:
    """Return a value as histories keep it: an area as its key, a person's id as text."""
    if isinstance(value, UUID):
        return str(value)
    return value.key if isinstance(value, AreaCode) else value


class LifeEventOut(BaseModel):
    """An entry of a person's history. `data` depends on the kind: codes, areas and dates."""

    id: UUID
    person_id: UUID = Field(description="whom it is about; of a birth, the child")
    kind: str
    kind_label: str
    happened_on: date
    recorded_at: datetime
    recorded_by: UUID
    data: dict[str, Any]
    corrects: UUID | None
    retracts: UUID | None


class History(BaseModel):
    """Everything recorded about a person, in the order of recording."""

    items: list[LifeEventOut]
