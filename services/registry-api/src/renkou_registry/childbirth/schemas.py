"""What callers send and get about childbirth registrations."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from renkou_common.codes.findings import CodeError
from renkou_common.http.days import Day
from renkou_registry.childbirth.domain import Address, State
from renkou_registry.fields import NameIn

Ordinal = Annotated[
    int, Field(ge=1, le=30, strict=True, description="孩次, where the person wants it stated")
]


class RegistrationCreate(BaseModel):
    """Somebody has, or is going to have, a child. The partner is optional: a person, a name, or nobody."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"person_id": "01939f3e-7c00-7000-8000-000000000001", "address": "present"},
                {
                    "person_id": "01939f3e-7c00-7000-8000-000000000001",
                    "address": "registered",
                    "partner_name": "李强",
                    "child_ordinal": 3,
                    "registered_on": "2025-05-06",
                },
            ]
        },
    )

    person_id: UUID
    address: Address = Field(description="户籍地或现居住地; in this district either will do")
    registered_on: Day | None = Field(default=None, description="today unless told")
    partner_id: UUID | None = None
    partner_name: NameIn | None = None
    child_ordinal: Ordinal | None = None

    @model_validator(mode="after")
    def _one_partner(self) -> Self:
        return _one_partner(self)


class OwnRegistration(BaseModel):
    """The person registers a childbirth; the partner, if at all, by name."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"address": "present"}, {"address": "present", "child_ordinal": 2}]},
    )

    address: Address
    partner_name: NameIn | None = None
    child_ordinal: Ordinal | None = None


class RegistrationChange(BaseModel):
    """What the person wants changed; null removes, members left out stay."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"partner_name": "李强"}, {"address": "registered"}]}
    )

    address: Address = Address.PRESENT
    partner_id: UUID | None = None
    partner_name: NameIn | None = None
    child_ordinal: Ordinal | None = None

    @model_validator(mode="after")
    def _one_partner(self) -> Self:
        return _one_partner(self)


def _one_partner[Body: RegistrationCreate | RegistrationChange](body: Body) -> Body:
    if body.partner_id is not None and body.partner_name is not None:
        raise CodeError(
            "one_partner", "对方只填人员或姓名之一", "name the partner as a person or by name, not both"
        )
    return body


class BirthLink(BaseModel):
    """A child of the register, born of this registration."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"child_id": "01939f3e-7c00-7000-8000-000000000002"}]},
    )

    child_id: UUID


class Withdrawal(BaseModel):
    """The person takes the registration back; no reason is asked."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}]})

    withdrawn_on: Day | None = Field(default=None, description="today unless told")


class RegistrationOut(BaseModel):
    """A childbirth registration."""

    id: UUID
    number: str
    person_id: UUID
    partner_id: UUID | None
    partner_name: str | None
    address: Address
    address_label: str
    area: str
    child_ordinal: int | None
    state: State
    state_label: str
    registered_on: date
    withdrawn_on: date | None
    child_ids: list[UUID]
    version: int
    recorded_at: datetime


class RegistrationPage(BaseModel):
    """A page of registrations."""

    items: list[RegistrationOut]
    next: str | None = Field(description="cursor of the next page; null on the last")
