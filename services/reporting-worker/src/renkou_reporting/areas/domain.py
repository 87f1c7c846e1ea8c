"""Divisions over time, and an area under the boundaries of a day. No I/O.

Facts keep the code of their day. Asked by the boundaries of another day, an area is made of the codes that had its
territory before and after: whatever was merged, renamed or put under another subdistrict adds up exactly. Of a
community that was split nobody knows which part a fact of before belongs to: then a figure of one of the parts does
not exist, and the parts together are named instead. The same holds the other way round for what was merged.

An *era* (时期) is a code between two changes of its territory. A change of a day leads from eras that end to eras that
begin; an era lies inside an area where all that it leads to, or comes from, does.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from renkou_common.codes.area import AreaCode, AreaLevel
from renkou_common.errors import Text
from renkou_reporting.figures.domain import Months, Span

type Interval = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Division:
    """A division of the tree; ``key`` is its 12-digit key, ``valid_to`` its last day."""

    key: int
    level: int
    name: str
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def code(self) -> str:
        """The code in its usual length."""
        return str(self.key)[: AreaLevel(self.level).digits]

    def valid_on(self, day: date) -> bool:
        """Whether it exists on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )


class Succession(NamedTuple):
    """From a day on ``successor`` has territory of ``area``; the same code where it goes on."""

    since: date
    area: int
    successor: int


class Place(StrEnum):
    """Where an era lies against an area."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    MIXED = "mixed"


class Era(NamedTuple):
    """A code from a day on until before another one."""

    key: int
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why there is no figure: a code whose territory lies partly inside, and the codes of the boundaries' day
    that can only be told together."""

    key: int
    together: tuple[str, ...]

    @property
    def reason(self) -> Text:
        """What the answer says."""
        codes, old = "、".join(self.together), AreaCode.from_key(self.key)
        return Text(
            f"区划 {old} 的数字无法按此边界分开，只能合并统计: {codes}",
            f"what was counted in {old} cannot be told apart by these boundaries; only together: "
            + ", ".join(self.together),
        )


@dataclass
class Tree:
    """Divisions with their changes."""

    divisions: Mapping[tuple[int, int], Division]
    successions: Sequence[Succession]
    eras: dict[int, list[Era]] = field(default_factory=dict)
    _into: defaultdict[Era, list[Era]] = field(default_factory=lambda: defaultdict(list))
    _from: defaultdict[Era, list[Era]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        changes: defaultdict[int, set[date]] = defaultdict(set)
        by_day: defaultdict[date, set[Succession]] = defaultdict(set)
        for each in self.successions:
            changes[each.area].add(each.since)
            changes[each.successor].add(each.since)
            by_day[each.since].add(each)
        ending: dict[tuple[int, date], Era] = {}
        beginning: dict[tuple[int, date], Era] = {}
        for key, days in changes.items():
            for since, until in pairwise([date.min, *sorted(days), date.max]):
                ending[key, until] = beginning[key, since] = Era(key, since, until)
        existing = {beginning[key, date.min] for key, days in changes.items() if self._older(key, min(days))}
        for day in sorted(by_day):
            sources = {each.area for each in by_day[day]}
            heirs = {each.successor for each in by_day[day]} - sources
            going_on = {Succession(day, key, key) for key in heirs if ending[key, day] in existing}
            for each in sorted(by_day[day] | going_on):
                before, after = ending[each.area, day], beginning[each.successor, day]
                self._into[before].append(after)
                self._from[after].append(before)
                existing |= {before, after}
        for era in sorted(existing):
            self.eras.setdefault(era.key, []).append(era)

    def _older(self, key: int, day: date) -> bool:
        known = (self.divisions.get((key, int(level))) for level in AreaLevel)
        return any(each and (each.valid_from is None or each.valid_from < day) for each in known)

    def of(self, code: AreaCode) -> Division | None:
        """Return a division, None where the tree does not hold it."""
        return self.divisions.get((code.key, int(code.level)))

    def below(self, code: AreaCode, level: AreaLevel, day: date) -> list[Division]:
        """Return the divisions of a level within an area that exist on a day, by code."""
        low, high = code.interval()
        found = (each for each in self.divisions.values() if each.level == level and low <= each.key <= high)
        return sorted((each for each in found if each.valid_on(day)), key=lambda each: each.key)

    def later(self, era: Era) -> list[Era]:
        """Return the eras that a change at the end of one leads to."""
        return self._into[era]

    def earlier(self, era: Era) -> list[Era]:
        """Return the eras that an era comes from."""
        return self._from[era]


class Boundaries:
    """An area as it was bounded on a day, against every code there has been."""

    def __init__(self, tree: Tree, area: AreaCode, day: date) -> None:
        self._tree = tree
        self._day = day
        self.area = area
        self._places = _places(tree, area.interval(), day)

    @property
    def span(self) -> Span:
        """The keys that belong to the area: its subtree without codes whose territory lies elsewhere, and codes
        elsewhere whose territory lies inside."""
        low, high = self.area.interval()
        holes = sorted(key for key in self._tree.eras if low <= key <= high and not self._is_in(key))
        more = sorted(key for key in self._tree.eras if not low <= key <= high and self._is_in(key))
        pieces: list[Interval] = []
        for key in holes:
            if low < key:
                pieces.append((low, key - 1))
            low = key + 1
        if low <= high:
            pieces.append((low, high))
        return Span(self.area.value, (*pieces, *((key, key) for key in more)))

    def _is_in(self, key: int) -> bool:
        return any(self._places[era] is Place.INSIDE for era in self._tree.eras[key])

    @cached_property
    def doubtful(self) -> set[int]:
        """The codes that did not always lie wholly inside or wholly outside."""
        return {
            key for key, eras in self._tree.eras.items()
            if len({self._places[era] for era in eras}) > 1 or Place.MIXED in map(self._places.get, eras)
        }  # fmt: skip

    def obstacle(self, first: date, last: date, counted: Iterable[int]) -> Obstacle | None:
        """Return what stands against a figure of facts from day to day; ``counted`` are the doubtful codes under
        which there are facts at all."""
        for key in sorted(self.doubtful.intersection(counted)):
            wanted = Place.INSIDE if self._is_in(key) else Place.OUTSIDE
            for era in self._tree.eras[key]:
                if era.since <= last and first < era.until and self._places[era] is not wanted:
                    return Obstacle(key, self._together(era))
        return None

    def _together(self, era: Era) -> tuple[str, ...]:
        """Return the codes of the boundaries' day among which an era's territory is divided."""
        step = self._tree.later if era.until <= self._day else self._tree.earlier
        found, waiting = set(), [era]
        while waiting:
            each = waiting.pop()
            if each.since <= self._day < each.until:
                found.add(AreaCode.from_key(each.key).value)
            else:
                waiting += step(each)
        return tuple(sorted(found))


def _places(tree: Tree, interval: Interval, day: date) -> dict[Era, Place]:
    """Return where each era lies: on the day by its code, from there by what changes led to."""
    low, high = interval
    places: dict[Era, Place] = {}
    eras = [era for each in tree.eras.values() for era in each]
    for era in eras:
        if era.since <= day < era.until:
            places[era] = Place.INSIDE if low <= era.key <= high else Place.OUTSIDE
    for era in sorted((one for one in eras if one.until <= day), key=lambda one: one.until, reverse=True):
        places[era] = _all_of(places[one] for one in tree.later(era))
    for era in sorted((one for one in eras if one.since > day), key=lambda one: one.since):
        places[era] = _all_of(places[one] for one in tree.earlier(era))
    return places


def _all_of(places: Iterable[Place]) -> Place:
    found = set(places)
    return found.pop() if len(found) == 1 else Place.MIXED


def days_of(months: Months, *, opening: bool) -> tuple[date, date]:
    """Return the first and last day that a figure over months looks at; with what was there before the first
    day where the figure needs an opening stock."""
    first = date(months.first // 100, months.first % 100, 1)
    following = months.last // 100 * 12 + months.last % 100
    last = date(following // 12, following % 12 + 1, 1) - timedelta(days=1)
    return (first - timedelta(days=1) if opening else first), last
