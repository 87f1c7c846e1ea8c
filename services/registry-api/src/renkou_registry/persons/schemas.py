"""What callers send and get about persons. Protected fields leave masked."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from renkou_common.codes.findings import CodeError
from renkou_common.codes.lists import MARITAL_STATUSES, SEXES, DocumentKind, UnmaskPurpose
from renkou_common.codes.nationalities import HAN, NATIONALITIES
from renkou_common.codes.resident_id import ResidentId
from renkou_common.http.days import Day
from renkou_registry.fields import (
    AreaIn,
    Employer,
    MaritalStatusCode,
    NameIn,
    NationalityCode,
    Phone,
    Reason,
    ResidentIdIn,
    SexCode,
    Street,
)
from renkou_registry.persons.documents import check_document, document_number
from renkou_registry.persons.domain import EntryKind, FactsPurpose

Warnings = Annotated[
    list[Annotated[str, StringConstraints(max_length=60)]],
    Field(max_length=10, description="codes of warnings that the worker has checked"),
]
DocumentNumber = Annotated[str, StringConstraints(min_length=1, max_length=40)]


class EntryIn(BaseModel):
    """How the person comes into the register."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal[EntryKind.OPENING, EntryKind.ARRIVAL] = Field(description="opening 期初建档, arrival 流入")
    on: Day = Field(description="stock date or day of arrival")


class PersonCreate(BaseModel):
    """A person to enter. An arrival lives at the present address from the day of arrival."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "王小明",
                    "sex": 1,
                    "birth_date": "1990-03-07",
                    "document_kind": "resident_id",
                    "resident_id": "340103199003071212",
                    "registered_area": "340103001001",
                    "present_area": "340103001001",
                    "present_since": "2015-06-01",
                    "entry": {"kind": "opening", "on": "2025-01-01"},
                }
            ]
        },
    )

    name: NameIn
    sex: SexCode = Field(description="GB/T 2261.1: 0 未知, 1 男, 2 女, 9 未说明")
    birth_date: Day
    document_kind: DocumentKind = DocumentKind.RESIDENT_ID
    resident_id: ResidentIdIn | None = None
    document_number: DocumentNumber | None = Field(
        default=None, description="护照号码、出生医学证明编号, where document_kind is one of these"
    )
    nationality: NationalityCode = HAN
    marital_status: MaritalStatusCode = "90"
    registered_area: AreaIn
    registered_street: Street | None = None
    registered_since: Day | None = None
    present_area: AreaIn
    present_street: Street | None = None
    present_since: Day | None = None
    place_id: UUID | None = Field(default=None, description="楼院, a place of the present community")
    phone: Phone | None = None
    employer: Employer | None = None
    mother_id: UUID | None = None
    father_id: UUID | None = None
    spouse_id: UUID | None = None
    children_count: int = Field(default=0, ge=0, le=30)
    entry: EntryIn
    confirmed_warnings: Warnings = Field(default_factory=list)

    @model_validator(mode="after")
    def _document(self) -> Self:
        if (self.document_kind is DocumentKind.RESIDENT_ID) != (self.resident_id is not None):
            raise CodeError(
                "document",
                "证件类型为居民身份证时须填身份证号, 否则不填",
                "resident_id is given if and only if document_kind is resident_id",
            )
        return self

    @field_validator("document_number")
    @classmethod
    def _number(cls, number: str | None, info: ValidationInfo) -> str | None:
        return check_document(info.data.get("document_kind", ""), number)


class PersonPatch(BaseModel):
    """What to change; what is left out stays, null clears. Moves and marriages are life events.

    The new values hold from `valid_from` on. With `correction` the present values were wrong all along: the
    new ones hold from the day the wrong ones did, and a misspelt name is no former name.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"phone": "13800001234", "employer": None},
                {"name": "王晓明", "valid_from": "2025-03-18"},
            ]
        },
    )

    name: NameIn | None = None
    nationality: NationalityCode | None = None
    phone: Phone | None = None
    registered_street: Street | None = None
    present_street: Street | None = None
    employer: Employer | None = None
    place_id: UUID | None = Field(default=None, description="楼院, a place of the present community")
    valid_from: Day | None = Field(default=None, description="from when it holds; default today")
    correction: bool = Field(default=False, strict=True, description="原登记有误, 予以更正")

    @field_validator("name", "nationality")
    @classmethod
    def _needed(cls, value: str | None) -> str:
        if value is None:
            raise CodeError("not_empty", "该项不能为空", "this cannot be empty")
        return value

    @model_validator(mode="after")
    def _no_day(self) -> Self:
        if self.correction and self.valid_from is not None:
            raise CodeError(
                "correction_has_no_day",
                "更正自原值生效之日起, 不填 valid_from",
                "a correction holds from the day the wrong value did; leave valid_from out",
            )
        return self

    @property
    def values(self) -> dict[str, Any]:
        """What is to be changed."""
        return self.model_dump(exclude_unset=True, exclude={"valid_from", "correction"})


class DocumentIn(BaseModel):
    """A document to be given, or given in the place of one (a newborn gets a number)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"kind": "birth_certificate", "number": "S340123456"},
                {"kind": "resident_id", "number": "340103202503180022", "valid_from": "2025-06-01"},
            ]
        },
    )

    kind: Literal[DocumentKind.RESIDENT_ID, DocumentKind.PASSPORT, DocumentKind.BIRTH_CERTIFICATE]
    number: DocumentNumber
    valid_from: Day | None = Field(default=None, description="from when it holds; default today")
    correction: bool = Field(default=False, strict=True, description="原登记有误, 予以更正")
    confirmed_warnings: Warnings = Field(default_factory=list)

    @field_validator("number")
    @classmethod
    def _form(cls, number: str, info: ValidationInfo) -> str:
        kind = info.data.get("kind", "")
        return (
            ResidentId.parse(number).value
            if kind == DocumentKind.RESIDENT_ID
            else document_number(kind, number)
        )


class PersonSummary(BaseModel):
    """A person in a list."""

    id: UUID
    name: str
    sex: int
    birth_date: date
    resident_id: str | None = Field(description="masked", examples=["3401**********1234"])
    marital_status: str
    registered_area: str
    present_area: str
    alive: bool


class PersonOut(PersonSummary):
    """A person; ID number and phone masked."""

    ref: UUID = Field(description="the reference that events carry")
    sex_label: str
    document_kind: str
    document_kind_label: str
    other_document_kind: str | None = Field(description="passport or birth_certificate, if held")
    other_document_number: str | None = Field(description="masked", examples=["S3******56"])
    former_names: list[str] = Field(description="从前姓名, first the oldest")
    nationality: str
    nationality_label: str
    marital_status_label: str
    registered_street: str | None
    registered_since: date | None
    present_street: str | None
    present_since: date
    place_id: UUID | None
    phone: str | None = Field(description="masked", examples=["138****1234"])
    employer: str | None
    mother_id: UUID | None
    father_id: UUID | None
    spouse_id: UUID | None
    children_count: int
    died_on: date | None
    restricted: bool = Field(description="限制处理: no exports, offers or notices; read for the purpose only")
    version: int
    recorded_at: datetime


class PersonPage(BaseModel):
    """A page of persons."""

    items: list[PersonSummary]
    next: str | None = Field(description="cursor of the next page; null on the last")


class UnmaskField(StrEnum):
    """Protected fields."""

    RESIDENT_ID = "resident_id"
    OTHER_DOCUMENT_NUMBER = "other_document_number"
    PHONE = "phone"


class UnmaskRequest(BaseModel):
    """Which fields are needed in the clear, and what for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"fields": ["resident_id"], "purpose": "document_check", "reason": "核对本人身份证"}]
        },
    )

    fields: list[UnmaskField] = Field(min_length=1, max_length=3)
    purpose: UnmaskPurpose = Field(description="code list unmask_purpose", examples=["document_check"])
    reason: Reason


class Unmasked(BaseModel):
    """The fields asked for, in the clear."""

    resident_id: str | None = None
    other_document_number: str | None = None
    phone: str | None = None


class DetailOut(BaseModel):
    """A value that was noted; protected ones masked."""

    field: str
    value: str | None
    valid_from: date | None = Field(description="from when it holds; null: ever since")
    correction: bool
    recorded_at: datetime
    recorded_by: UUID


class DetailsOut(BaseModel):
    """Everything noted of a person that was ever changed, in the order of recording."""

    items: list[DetailOut]


class FactsOut(BaseModel):
    """What a certificate or a notice may state of a person."""

    person_id: UUID
    person_ref: UUID
    name: str
    sex: int
    birth_date: date
    document_kind: str
    resident_id: str | None = Field(description="in the clear")
    other_document_kind: str | None = Field(default=None, description="passport or birth_certificate")
    other_document_number: str | None = Field(default=None, description="in the clear")
    marital_status: str
    marital_status_label: str
    children_count: int
    children_birth_dates: list[date] = Field(description="of the children in the register")
    registered_area: str
    registered_area_name: str | None
    present_area: str
    present_area_name: str | None
    present_since: date
    alive: bool
    died_on: date | None


class MatchRequest(BaseModel):
    """A number and a name as another district or a certificate states them."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"resident_id": "340103199003071212", "name": "王小明", "purpose": "certificate"}]
        },
    )

    resident_id: ResidentIdIn
    name: NameIn
    purpose: FactsPurpose


class MatchOut(BaseModel):
    """Whether number and name together are a person of the caller's area."""

    result: Literal["none", "exact"]
    person_id: UUID | None = None
    person_ref: UUID | None = None
    registered_area: str | None = None


def labels(sex: int, marital_status: str, nationality: str) -> dict[str, str]:
    """Return the labels of coded values."""
    return {
        "sex_label": SEXES.entry(sex).zh,
        "marital_status_label": MARITAL_STATUSES.entry(marital_status).zh,
        "nationality_label": NATIONALITIES.entry(nationality).zh,
    }
