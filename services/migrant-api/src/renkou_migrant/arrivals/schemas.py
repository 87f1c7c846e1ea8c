"""Requests and answers about arrivals."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from renkou_common.codes.findings import CodeError
from renkou_common.codes.lists import DocumentKind
from renkou_common.http.days import Day
from renkou_migrant.arrivals.domain import Arrival
from renkou_migrant.fields import AreaIn, MaritalStatusCode, NameIn, ResidentIdIn, Street, area_code
from renkou_migrant.registry_client import PersonCard

District = Annotated[str, Field(pattern=r"^\d{6}$")]


class ArrivingPerson(BaseModel):
    """Who arrived, as the document says."""

    model_config = ConfigDict(extra="forbid")

    name: NameIn
    sex: Literal[0, 1, 2, 9] = Field(description="GB/T 2261.1: 0 未知, 1 男, 2 女, 9 未说明")
    birth_date: Day
    document_kind: DocumentKind = DocumentKind.RESIDENT_ID
    resident_id: ResidentIdIn | None = None
    nationality: Annotated[str, Field(pattern=r"^\d{2}$", description="GB/T 3304")] | None = None
    marital_status: MaritalStatusCode = "90"
    registered_area: AreaIn = Field(description="outside this district, the county at least")
    registered_street: Street | None = None
    confirmed_warnings: list[Annotated[str, StringConstraints(max_length=60)]] = Field(
        default_factory=list, max_length=10, description="codes of warnings that the worker has checked"
    )

    @model_validator(mode="after")
    def _document(self) -> Self:
        if (self.document_kind is DocumentKind.RESIDENT_ID) != (self.resident_id is not None):
            raise CodeError(
                "document",
                "证件类型为居民身份证时须填身份证号, 否则不填",
                "resident_id is given if and only if document_kind is resident_id",
            )
        return self


class ArrivalCreate(BaseModel):
    """Someone registered in another district came to live here."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "person": {
                        "name": "王小明",
                        "sex": 1,
                        "birth_date": "1990-03-07",
                        "resident_id": "340103199003071212",
                        "registered_area": "340103013001",
                    },
                    "arrived_on": "2025-03-09",
                    "area": "310115005001",
                }
            ]
        },
    )

    person: ArrivingPerson
    arrived_on: Day
    area: AreaIn = Field(description="the community or village, 12 digits in the caller's area")
    street: Street | None = None
    phone: Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=40)] | None = None
    workplace_district: District | None = Field(
        default=None, description="工作地: where the person works, if that is another district and told here"
    )


class SeparatedCreate(BaseModel):
    """Somebody registered in another subdistrict of this district lives here (人户分离)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"person_id": "0197f000-0000-7000-8000-000000000001"}]},
    )

    person_id: UUID
    workplace_district: District | None = None


class WorkplaceChange(BaseModel):
    """Where the person works now; null: nobody is to be told."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"workplace_district": "320505"}]}
    )

    workplace_district: District | None


class StayEndCreate(BaseModel):
    """The person left again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"departed_on": "2025-09-01"}]})

    departed_on: Day
    destination_area: AreaIn | None = Field(default=None, description="outside this district, if told")


class ArrivalItem(BaseModel):
    """An arrival in a list."""

    id: UUID
    person_id: UUID
    registered_area: str
    area: str
    arrived_on: date
    check_due_on: date | None = Field(description="null for people outside the ages of the certificate")
    checked_on: date | None = Field(description="first check, whatever it came to")
    left_on: date | None = Field(description="first day no longer here")
    destination_area: str | None
    workplace_district: str | None = Field(description="工作地, if told")
    retracted: bool = Field(description="the register says that the stay never was")
    version: int

    @classmethod
    def of(cls, arrival: Arrival) -> Self:
        """Return the answer for an arrival."""
        return cls(
            id=arrival.id,
            person_id=arrival.person_id,
            registered_area=area_code(arrival.home_area),
            area=area_code(arrival.area),
            arrived_on=arrival.arrived_on,
            check_due_on=arrival.due_on if arrival.check_applies else None,
            checked_on=arrival.checked_on,
            left_on=arrival.left_on,
            destination_area=area_code(arrival.destination_area) if arrival.destination_area else None,
            workplace_district=arrival.workplace_district,
            retracted=arrival.retracted,
            version=arrival.version,
        )


class ArrivalRead(ArrivalItem):
    """One arrival, with the person as the register shows the person to this caller."""

    person: PersonCard | None = Field(
        default=None, description="null where the caller may not see the person"
    )


class ArrivalPage(BaseModel):
    """A page of arrivals, the last recorded first."""

    items: list[ArrivalItem]
    next: str | None = Field(description="value of `after` for the next page; null on the last")
