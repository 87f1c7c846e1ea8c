"""Requests and answers about departures."""

from datetime import date
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.http.days import Day
from renkou_migrant.departures.domain import Departure, EndedBy
from renkou_migrant.fields import AreaIn, Reason, area_code
from renkou_migrant.registry_client import PersonCard


class DepartureCreate(BaseModel):
    """Someone registered here leaves for another district."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "person_id": "0197a1f0-0000-7000-8000-000000000001",
                    "destination_area": "310115",
                    "departed_on": "2025-03-02",
                }
            ]
        },
    )

    person_id: UUID
    destination_area: AreaIn = Field(description="outside this district, the county at least")
    departed_on: Day
    reason: Reason | None = None


class ReturnCreate(BaseModel):
    """The person came back to the registered area."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"returned_on": "2025-09-01"}]})

    returned_on: Day


class DepartureItem(BaseModel):
    """A departure in a list."""

    id: UUID
    person_id: UUID
    registered_area: str
    destination_area: str
    departed_on: date
    reason: str | None
    away: bool
    returned_on: date | None = Field(description="first day no longer away")
    ended_by: EndedBy | None = Field(description="return 返回登记, register 由人口登记得知")
    version: int

    @classmethod
    def of(cls, departure: Departure) -> Self:
        """Return the answer for a departure."""
        return cls(
            id=departure.id,
            person_id=departure.person_id,
            registered_area=area_code(departure.registered_area),
            destination_area=area_code(departure.destination_area),
            departed_on=departure.departed_on,
            reason=departure.reason,
            away=departure.away,
            returned_on=departure.ended_on,
            ended_by=departure.ended_by,
            version=departure.version,
        )


class DepartureRead(DepartureItem):
    """One departure, with the person as the register shows it to this caller."""

    person: PersonCard | None = Field(
        default=None, description="null where the caller may not see the person"
    )


class DeparturePage(BaseModel):
    """A page of departures, the last recorded first."""

    items: list[DepartureItem]
    next: str | None = Field(description="value of `after` for the next page; null on the last")
