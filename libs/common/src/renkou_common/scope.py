"""Where a caller may look: a set of area subtrees as disjoint integer intervals of 12-digit keys."""

from collections.abc import Iterable
from dataclasses import dataclass

LOWEST = 0
HIGHEST = 999_999_999_999


@dataclass(frozen=True, slots=True)
class AreaScope:
    """Disjoint, sorted intervals (both ends inclusive). Empty means nothing at all."""

    intervals: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, intervals: Iterable[tuple[int, int]]) -> "AreaScope":
        """Return the union of intervals, merged where they touch or overlap."""
        merged: list[tuple[int, int]] = []
        for low, high in sorted(intervals):
            if merged and low <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], high))
            else:
                merged.append((low, high))
        return cls(tuple(merged))

    @classmethod
    def everything(cls) -> "AreaScope":
        """Return the scope of the node's own processes (consumers, relay, jobs)."""
        return cls(((LOWEST, HIGHEST),))

    @classmethod
    def nothing(cls) -> "AreaScope":
        """Return the scope of a caller who may see no person."""
        return cls(())

    def contains(self, key: int) -> bool:
        """Say whether an area key lies inside."""
        return any(low <= key <= high for low, high in self.intervals)

    def covers(self, low: int, high: int) -> bool:
        """Say whether a whole subtree lies inside."""
        return any(a <= low and high <= b for a, b in self.intervals)

    def within(self, other: "AreaScope") -> "AreaScope":
        """Return what lies inside both."""
        return AreaScope.of(
            (max(low, from_), min(high, to))
            for low, high in self.intervals
            for from_, to in other.intervals
            if max(low, from_) <= min(high, to)
        )

    @property
    def lows(self) -> list[int]:
        """Lower ends, for ``unnest($1::bigint[], $2::bigint[])``."""
        return [low for low, _ in self.intervals]

    @property
    def highs(self) -> list[int]:
        """Upper ends, in the order of :attr:`lows`."""
        return [high for _, high in self.intervals]

    @property
    def multirange(self) -> str:
        """PostgreSQL ``int8multirange`` text, the form the row-level floor reads."""
        return "{" + ",".join(f"[{low},{high}]" for low, high in self.intervals) + "}"
