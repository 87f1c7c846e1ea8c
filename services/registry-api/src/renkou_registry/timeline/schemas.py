"""What callers get about the past."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from renkou_registry.households.schemas import MemberOut


class AddressOut(BaseModel):
    """One address from a day to a day (exclusive), as known from a moment to a moment."""

    kind: Literal["registered", "present", "usual"]
    kind_label: str
    area: str
    street: str | None
    place_id: UUID | None
    valid_from: date
    valid_until: date | None
    known_from: datetime
    known_until: datetime | None
    event_id: UUID | None


class AddressList(BaseModel):
    """A person's addresses, oldest knowledge first."""

    items: list[AddressOut]


class StateThen(BaseModel):
    """What derived from the history."""

    entered_on: date
    sex: int
    sex_label: str
    birth_date: date
    marital_status: str
    marital_status_label: str
    registered_area: str
    registered_street: str | None
    registered_since: date | None
    present_area: str
    present_street: str | None
    present_since: date
    usual_area: str | None
    alive: bool
    died_on: date | None
    spouse_id: UUID | None
    mother_id: UUID | None
    father_id: UUID | None


class PersonAsOf(BaseModel):
    """A person on a day as known at a moment."""

    person_id: UUID
    on: date
    known_at: datetime
    name: str
    resident_id: str | None = Field(description="masked")
    in_register: bool = Field(description="false before the entry, or before the register knew of it")
    state: StateThen | None


class HouseholdAsOf(BaseModel):
    """A household on a day as known at a moment."""

    household_id: UUID
    on: date
    known_at: datetime
    number: str
    kind: str
    area: str
    street: str | None
    place_id: UUID | None
    dissolved: bool
    head_id: UUID | None
    members: list[MemberOut]


class ListedOut(BaseModel):
    """Somebody on the list of that day."""

    person_id: UUID
    name: str
    area: str
    street: str | None
    since: date
    sex: int | None
    birth_date: date | None
    marital_status: str | None


class AreaAsOf(BaseModel):
    """A community's list on a day as known at a moment."""

    area: str
    on: date
    known_at: datetime
    total: int | None = Field(description="how many there were, where asked for")
    items: list[ListedOut]
    next: str | None
