"""A departure as recorded, and what closes it. No I/O."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from renkou_migrant.outflow.domain import TimeAway


class EndedBy(StrEnum):
    """How it became known that the person is no longer away."""

    RETURN = "return"  # 返回登记
    REGISTER = "register"  # 由人口登记得知: moved back, registration transferred, or died


@dataclass(frozen=True, slots=True)
class Departure:
    """Someone registered here left on a day. ``ended_on`` is the first day no longer away."""

    id: UUID
    position: int
    person_id: UUID
    person_ref: UUID
    registered_area: int
    destination_area: int
    departed_on: date
    reason: str | None
    ended_on: date | None
    ended_by: EndedBy | None
    version: int

    @property
    def away(self) -> bool:
        """Whether the person is still away."""
        return self.ended_on is None


def closed_by_register(departed_on: date, times: Iterable[TimeAway]) -> date | None:
    """Return the day on which the register ended the absence that began with a departure.

    None while it knows of a time away that goes on, or of none that ended after the departure.
    """
    known = list(times)
    if any(time.end is None for time in known):
        return None
    return max((time.end for time in known if time.end is not None and time.end > departed_on), default=None)
