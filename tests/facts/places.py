"""A district's communities, and what becomes of some of them: merged, renamed, put elsewhere, split."""

from dataclasses import dataclass
from datetime import date

DISTRICT = 340103


@dataclass(frozen=True, slots=True)
class Change:
    """A change of divisions: which communities end or go on as which others from a day on."""

    kind: str
    heirs: dict[int, tuple[int, ...]]

    @property
    def ended(self) -> list[int]:
        """The codes that exist no longer."""
        return sorted(area for area, heirs in self.heirs.items() if area not in heirs)

    @property
    def successors(self) -> list[int]:
        """The codes that have their territory."""
        return sorted({heir for heirs in self.heirs.values() for heir in heirs})


@dataclass(frozen=True, slots=True)
class Place:
    """Communities of towns, and the changes to come, each at a share of the time."""

    communities: tuple[int, ...]
    changes: tuple[tuple[float, Change], ...] = ()


def community(town: int, number: int) -> int:
    """Return the 12-digit key of a community (1, 2, ...) of a town (1, 2, ...)."""
    return DISTRICT * 1_000_000 + town * 1000 + number


def district(towns: int, each: int) -> Place:
    """Return towns with as many communities each, in which nothing changes."""
    return Place(tuple(community(town + 1, n + 1) for town in range(towns) for n in range(each)))


def changing(towns: int = 3, each: int = 4) -> Place:
    """Return a district of at least two towns of four communities in which one of every change happens."""
    assert (towns, each) >= (2, 4)
    changes = (
        (0.30, Change("rename", {community(1, 1): (community(1, 51),)})),
        (0.45, Change("merge", {community(1, 2): (community(1, 3),), community(1, 3): (community(1, 3),)})),
        (0.60, Change("transfer", {community(2, 1): (community(1, 61),)})),
        (0.70, Change("split", {community(2, 2): (community(2, 2), community(2, 71))})),
        (0.85, Change("split", {community(2, 3): (community(2, 81), community(1, 82))})),
    )
    return Place(district(towns, each).communities, changes)


def days_from(first: date, years: float) -> list[date]:
    """Return the days of as many years, in order."""
    start = first.toordinal()
    return [date.fromordinal(start + n) for n in range(round(365.25 * years))]
