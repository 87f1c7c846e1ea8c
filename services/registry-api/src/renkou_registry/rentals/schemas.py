"""What callers send and get about rented houses."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from renkou_common.codes.findings import CodeError
from renkou_common.http.days import Day
from renkou_registry.fields import AreaIn, NameIn, NotEmpty, Phone, Street

_ID = "0197f000-0000-7000-8000-000000000001"
Rooms = Annotated[int, Field(strict=True, ge=1, le=1000)]


class RentalCreate(BaseModel):
    """A rented house (出租房屋) with its landlord: a person of the register, or a name with a phone."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "area": "340103001001",
                    "street": "安庆路 8 号 2 栋 301",
                    "rooms": 3,
                    "landlord_name": "周杰",
                    "landlord_phone": "13800001234",
                    "since": "2024-03-01",
                },
                {
                    "area": "340103001001",
                    "street": "安庆路 9 号",
                    "rooms": 1,
                    "landlord_id": _ID,
                    "since": "2024-03-01",
                },
            ]
        },
    )

    area: AreaIn
    street: Street
    rooms: Rooms
    landlord_id: UUID | None = None
    landlord_name: NameIn | None = None
    landlord_phone: Phone | None = None
    since: Day = Field(description="since when it is let")

    @model_validator(mode="after")
    def _landlord(self) -> Self:
        if (self.landlord_id is None) == (self.landlord_name is None):
            raise CodeError(
                "landlord",
                "房东填 landlord_id 或 landlord_name 之一",
                "give landlord_id or landlord_name",
                field="landlord_name",
            )
        if self.landlord_id is not None and self.landlord_phone is not None:
            raise CodeError(
                "landlord_phone",
                "在册房东的电话见人员信息",
                "the phone of a registered landlord is the person's",
                field="landlord_phone",
            )
        return self


class RentalPatch(BaseModel):
    """What to change; what is left out stays. A new landlord replaces the old one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"rooms": 4}]})

    street: Annotated[Street | None, NotEmpty] = None
    rooms: Annotated[Rooms | None, NotEmpty] = None
    landlord_id: UUID | None = None
    landlord_name: NameIn | None = None
    landlord_phone: Phone | None = None

    @model_validator(mode="after")
    def _landlord(self) -> Self:
        named = self.landlord_name is not None or self.landlord_phone is not None
        if self.landlord_id is not None and named:
            raise CodeError(
                "landlord",
                "房东填 landlord_id 或姓名电话之一",
                "give landlord_id, or a name with a phone",
                field="landlord_id",
            )
        return self


class RentalEnd(BaseModel):
    """From when on the house is not let any more."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"on": "2025-06-30"}]})

    on: Day


class RentalOut(BaseModel):
    """A rented house; the landlord's name and phone masked."""

    id: UUID
    area: str
    street: str
    rooms: int
    landlord_id: UUID | None
    landlord_name: str | None = Field(description="masked")
    landlord_phone: str | None = Field(description="masked")
    since: date
    ended_on: date | None
    version: int
    recorded_at: datetime


class RentalPage(BaseModel):
    """A page of rented houses."""

    items: list[RentalOut]
    next: str | None = Field(description="cursor of the next page; null on the last")


class TenantCreate(BaseModel):
    """That a person lives here."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"person_id": _ID, "room": "301-2", "since": "2024-09-01"}]},
    )

    person_id: UUID
    room: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)] | None = None
    since: Day


class TenantEnd(BaseModel):
    """Until when the person lived here."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"until": "2025-06-30"}]})

    until: Day


class TenantOut(BaseModel):
    """A person's stay in the house."""

    id: UUID
    person_id: UUID
    room: str | None
    since: date
    until: date | None


class TenantPage(BaseModel):
    """A page of tenants."""

    items: list[TenantOut]
    next: str | None = Field(description="cursor of the next page; null on the last")
