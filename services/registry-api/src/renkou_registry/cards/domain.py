"""For whom a card is due, and what follows for a card that was opened. No I/O.

A card (育龄妇女信息卡) is due for a woman aged 15 to 49 who is registered in the district, or who is
registered elsewhere and has lived in the district for three months. It is due where she is registered,
otherwise where she lives. A card that was opened is open on exactly those days from its opening on that it is
due: it closes when she turns 50, moves out or dies, and comes back when it is due again.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Protocol

from renkou_common.codes.cards import CardClosing, CardState
from renkou_common.codes.lists import MaritalStatus, Sex
from renkou_common.contracts.lines import LineKey, Measure, Population
from renkou_registry.life_events.calendar import add_months
from renkou_registry.life_events.residence import Addresses

type District = tuple[int, int]


@dataclass(frozen=True, slots=True)
class CardRules:
    """Numbers of the rules; defaults from the field's practice."""

    from_age: int = 15
    to_age: int = 50
    migrant_months: int = 3  # 居住三个月以上建卡


RULES = CardRules()


class CardPurpose(StrEnum):
    """What the health facts of a card may be read in the clear for."""

    VISIT = "visit"  # 随访服务
    SUPPLIES = "supplies"  # 发放药具
    SERVICE = "service"  # 提供或转介服务
    CORRECTION = "correction"  # 核对更正
    OWN_REQUEST = "own_request"  # 本人要求


class Life(Protocol):
    """What of a person's derived state the rules look at."""

    @property
    def entered_on(self) -> date: ...
    @property
    def sex(self) -> int: ...
    @property
    def birth_date(self) -> date: ...
    @property
    def died_on(self) -> date | None: ...
    @property
    def addresses(self) -> tuple[Addresses, ...]: ...
    @property
    def stay_began_on(self) -> date | None: ...


@dataclass(frozen=True, slots=True)
class Period:
    """Days ``start`` to before ``end`` on which a card is due in an area, and why it ends.

    ``counted_from`` and ``counted_to`` are the same days as figures tell them: what follows from a birthday
    is dated at the first of its month, so that no line tells a birthday.
    """

    population: Population
    area: int
    start: date
    end: date
    ends_by: CardClosing
    counted_from: date
    counted_to: date


@dataclass(frozen=True, slots=True)
class CardStanding:
    """A card on a day. ``next_change_on`` is the next day on which it will stand otherwise by itself."""

    state: CardState
    population: Population
    area: int
    closed_reason: CardClosing | None
    closed_on: date | None
    next_change_on: date | None


def due_periods(life: Life, district: District, rules: CardRules = RULES) -> list[Period]:
    """Return when and where a card is due, in order and without overlap; empty for whom none ever is."""
    if life.sex != Sex.FEMALE:
        return []
    of_age = add_months(life.birth_date, 12 * rules.from_age)
    too_old = add_months(life.birth_date, 12 * rules.to_age)
    found: list[Period] = []
    for population, area, since, until in _belongings(life, district, rules):
        end, reason = (too_old, CardClosing.AGED) if until is None or too_old <= until else (until, None)
        if reason is None:
            reason = CardClosing.DIED if until == life.died_on else CardClosing.MOVED_OUT
        start = max(since, of_age)
        if start >= end:
            continue
        counted_from = max(since, of_age.replace(day=1)) if start == of_age else start
        counted_to = end.replace(day=1) if reason is CardClosing.AGED else end
        period = Period(population, area, start, end, reason, counted_from, max(counted_to, counted_from))
        before = found[-1] if found else None
        if before and (before.end, before.population, before.area) == (start, population, area):
            found[-1] = replace(period, start=before.start, counted_from=before.counted_from)
        else:
            found.append(period)
    return found


def _belongings(
    life: Life, district: District, rules: CardRules
) -> list[tuple[Population, int, date, date | None]]:
    """Return (population, area, since, until) in which a person belongs to the district, for a migrant from
    the third month of living here on."""

    def inside(area: int) -> bool:
        return district[0] <= area <= district[1]

    found: list[tuple[Population, int, date, date | None]] = []
    living_since: date | None = None
    for number, address in enumerate(life.addresses):
        following = life.addresses[number + 1] if number + 1 < len(life.addresses) else None
        until = following.since if following else life.died_on
        if not inside(address.present):
            living_since = None
        elif living_since is None:
            living_since = (life.stay_began_on or address.since) if number == 0 else address.since
        if inside(address.registered):
            found.append((Population.REGISTERED, address.registered, address.since, until))
        elif living_since is not None:
            since = max(address.since, add_months(living_since, rules.migrant_months))
            found.append((Population.MIGRANT_IN, address.present, since, until))
    return [each for each in found if each[3] is None or each[2] < each[3]]


def due_lines(life: Life, district: District, rules: CardRules = RULES) -> Counter[LineKey]:
    """Return the lines by which a history counts among the cards due."""
    return _lines(life, due_periods(life, district, rules), Measure.CARD_DUE)


def open_lines(life: Life, periods: Sequence[Period], opened_on: date) -> Counter[LineKey]:
    """Return the lines by which a card counts among the open ones."""
    return _lines(life, open_periods(periods, opened_on), Measure.CARD_OPEN)


def open_periods(periods: Sequence[Period], opened_on: date) -> list[Period]:
    """Return when a card that was opened on a day is open: whenever it is due from that day on."""
    return [
        replace(
            each,
            start=max(each.start, opened_on),
            counted_from=each.counted_from if opened_on <= each.start else opened_on,
        )
        for each in periods
        if each.end > opened_on
    ]


def _lines(life: Life, periods: Sequence[Period], measure: Measure) -> Counter[LineKey]:
    lines: Counter[LineKey] = Counter()
    if not periods:  # of men and of women outside the age, most of all
        return lines
    for each in periods:
        if each.counted_from >= each.counted_to:
            continue
        for on, value in ((each.counted_from, 1), (each.counted_to, -1)):
            key = LineKey(
                each.population, f"{each.area:012d}", on, measure, life.sex, life.birth_date.isoformat()[:7]
            )
            lines[key] += value
    return Counter({key: value for key, value in lines.items() if value})


def due_on(periods: Sequence[Period], day: date) -> Period | None:
    """Return the period in which a card is due on a day, None where none is."""
    return next((each for each in periods if each.start <= day < each.end), None)


def next_due(periods: Sequence[Period], day: date) -> Period | None:
    """Return the first period that begins after a day."""
    return next((each for each in periods if each.start > day), None)


def standing(periods: Sequence[Period], opened_on: date, today: date) -> CardStanding | None:
    """Return how a card stands today; None for a woman for whom a card was never due and never will be.

    Where the record says by now that none was due on the day it was opened, it is closed as of that day, for
    the reason for which it was no longer due.
    """
    if not periods:
        return None
    opened = open_periods(periods, opened_on)
    current, following = due_on(opened, today), next_due(opened, today)
    if current is not None:
        return CardStanding(CardState.OPEN, current.population, current.area, None, None, current.end)
    upcoming = following.start if following else None
    ended = [each for each in periods if each.end <= today]
    if not ended:
        first = periods[0]
        return CardStanding(
            CardState.CLOSED, first.population, first.area, CardClosing.NOT_DUE, opened_on, upcoming
        )
    last = ended[-1]
    closed_on = max(last.end, opened_on)
    return CardStanding(CardState.CLOSED, last.population, last.area, last.ends_by, closed_on, upcoming)


def is_asked(marital_status: str) -> bool:
    """Say whether contraception is part of the card unasked for; of an unmarried woman it is not."""
    return marital_status != str(MaritalStatus.UNMARRIED)
