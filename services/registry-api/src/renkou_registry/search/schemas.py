"""What callers send to find persons, and get."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from renkou_common.codes.findings import CodeError
from renkou_common.codes.lists import Population
from renkou_common.codes.text import half_width
from renkou_registry.fields import AnyArea, MaritalStatusCode, NameIn, Phone, ResidentIdIn, SexCode
from renkou_registry.persons.schemas import PersonSummary
from renkou_registry.search.domain import Match

_LEADING = ("resident_id", "document_number", "phone", "household_number", "name", "address")
DocumentNumber = Annotated[
    str,
    StringConstraints(min_length=5, max_length=40),
    AfterValidator(lambda text: half_width(text).upper().replace("-", "")),
    Field(description="passport or birth certificate", examples=["T340000123"]),
]
Age = Annotated[int, Field(ge=0, le=150, description="completed years")]


class PersonSearch(BaseModel):
    """At least one of the first six; everything given must fit.

    In a body, since numbers and names do not belong into addresses that servers write into logs.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"name": "王小"},
                {"name": "zhangwei", "sex": 2, "age_from": 15, "age_to": 49, "near": "340103001001"},
                {"phone": "13800001234"},
                {"address": "安庆路12号", "limit": 50},
            ]
        },
    )

    resident_id: ResidentIdIn | None = None
    document_number: DocumentNumber | None = None
    phone: Phone | None = None
    household_number: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None
    name: NameIn | None = Field(
        default=None, description="whole, its beginning, pinyin or initials; similar ones come last"
    )
    address: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=100)] | None = (
        Field(default=None, description="街路门牌, from the beginning of a word", examples=["安庆路12号"])
    )
    area: AnyArea | None = Field(default=None, description="registered or living there")
    population: Population | None = None
    sex: SexCode | None = None
    marital_status: MaritalStatusCode | None = None
    age_from: Age | None = None
    age_to: Age | None = None
    alive: bool | None = None
    card_state: Literal["open", "closed", "none"] | None = Field(default=None, description="育龄妇女信息卡")
    near: AnyArea | None = Field(default=None, description="an area: who lives there comes first")
    after: Annotated[str, StringConstraints(max_length=1000)] | None = Field(
        default=None, description="cursor of the page before"
    )
    limit: int = Field(default=20, ge=1, le=100)

    @model_validator(mode="after")
    def _leading(self) -> Self:
        if all(getattr(self, name) is None for name in _LEADING):
            raise CodeError(
                "search_by_what",
                "须填写证件号、电话、户号、姓名、地址中的至少一项; 只按条件请用 GET /persons",
                "give a document number, phone, household_number, name or address; else see GET /persons",
            )
        return self


class PersonFound(PersonSummary):
    """A person found."""

    match: Match = Field(description="exact 完全一致, prefix 开头一致, pinyin 拼音一致, similar 相近")


class PersonsFound(BaseModel):
    """A page of persons, best first."""

    items: list[PersonFound]
    next: str | None = Field(description="cursor of the next page; null on the last")
