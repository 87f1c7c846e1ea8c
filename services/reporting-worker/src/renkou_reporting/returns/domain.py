"""Rules of aggregate returns, without I/O: their states, who may take a step, and the facts that they make."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from renkou_common.codes.period import Period, PeriodKind
from renkou_reporting.facts.domain import Fact, month_number
from renkou_reporting.periods import period_before, period_of

FEED = "returns"


class State(StrEnum):
    """Where a return stands. Only a signed one counts."""

    DRAFT = "draft"
    FILLED = "filled"
    CHECKED = "checked"
    SIGNED = "signed"
    WITHDRAWN = "withdrawn"
    CORRECTED = "corrected"


class Step(StrEnum):
    """What happened to a return."""

    BEGUN = "begun"
    SAVED = "saved"
    FILLED = "filled"
    CHECKED = "checked"
    SIGNED = "signed"
    SENT_BACK = "sent_back"
    WITHDRAWN = "withdrawn"
    CORRECTED = "corrected"


class Entering(StrEnum):
    """Why a return's counts entered or left the figures: the types of events of the returns' feed."""

    SIGNED = "return.signed"
    CORRECTED = "return.corrected"
    WITHDRAWN = "return.withdrawn"


OPEN_STATES = (State.DRAFT, State.FILLED, State.CHECKED)
ALLOWED_FROM: dict[Step, tuple[State, ...]] = {
    Step.SAVED: (State.DRAFT,),
    Step.FILLED: (State.DRAFT,),
    Step.CHECKED: (State.FILLED,),
    Step.SIGNED: (State.CHECKED,),
    Step.SENT_BACK: (State.FILLED, State.CHECKED),
    Step.WITHDRAWN: (*OPEN_STATES, State.SIGNED),
    Step.CORRECTED: (State.SIGNED,),
}
"""From which states a step is taken."""


def is_third_person(step: Step, subject: UUID, fillers: Set[UUID], checker: UUID | None, people: int) -> bool:
    """Say whether somebody may check or sign a return: never who filled it in, and where the form asks for three
    people, not who checked it either.
    """
    if subject in fillers:
        return False
    return not (step is Step.SIGNED and people == 3 and subject == checker)


class Count(NamedTuple):
    """A count of a return; ``area`` is a 12-digit key, ``birth_month`` yyyymm or 0."""

    area: int
    happened_on: date
    population: str
    measure: str
    sex: int
    birth_month: int
    parity: int
    value: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A step of the returns' feed: a return's counts enter (sign 1) or leave (sign -1) the figures."""

    seq: int
    event_id: UUID
    sign: int


def facts_of_entry(entry: Entry, counts: Sequence[Count]) -> list[Fact]:
    """Return the facts of an entry."""
    return [
        Fact(
            FEED,
            entry.seq,
            number,
            entry.event_id,
            count.area,
            count.happened_on,
            month_number(count.happened_on),
            count.population,
            count.measure,
            count.sex,
            count.birth_month,
            count.parity,
            count.value * entry.sign,
            count.detail,
        )
        for number, count in enumerate(counts)
    ]


def last_ended(kind: PeriodKind, today: date) -> Period:
    """Return the last period of a kind that is over."""
    return period_before(period_of(kind, today))
