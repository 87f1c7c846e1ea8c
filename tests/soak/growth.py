"""Whether a series grows: a slope that single outliers do not move, beside what is allowed. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

HOUR = 3600.0
WARM_UP = 0.4
"""The share of the run that is not looked at: caches fill, pools open, code is loaded."""


@dataclass(frozen=True)
class Allowed:
    """What a series may grow by in an hour: ``share`` of what it was, and ``steps`` besides, in its unit."""

    unit: str
    share: float
    steps: float
    why: str


@dataclass(frozen=True)
class Growth:
    """A series' middle over what is looked at, its growth in an hour, and how much of that is allowed."""

    name: str
    unit: str
    middle: float
    hourly: float
    allowed: float

    @property
    def holds(self) -> bool:
        """Whether it grows by no more than allowed."""
        return self.hourly <= self.allowed


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the median of the slopes of all pairs of (moment, value) points (Theil and Sen); 0 for fewer than two."""
    slopes = [
        (later[1] - one[1]) / (later[0] - one[0])
        for one, later in combinations(points, 2)
        if later[0] > one[0]
    ]
    return median(slopes) if slopes else 0.0


def growth(name: str, points: Sequence[tuple[float, float]], allowed: Allowed) -> Growth:
    """Judge a series of (seconds, value); its beginning is left out. Raises ValueError for one that is too short."""
    begun, ended = points[0][0], points[-1][0]
    seen = [point for point in points if point[0] >= begun + WARM_UP * (ended - begun)]
    if len(seen) < 5:
        raise ValueError(
            f"{name}: {len(seen)} samples after the warm-up tell nothing, five at least are wanted"
        )
    middle = median(value for _, value in seen)
    return Growth(name, allowed.unit, middle, slope(seen) * HOUR, allowed.share * middle + allowed.steps)
