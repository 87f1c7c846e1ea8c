"""Which partition an area belongs to and which copy works on it, without I/O.

Towns of a district are numbered one after the other, so the remainder spreads them evenly; all of a town's
communities are in one partition, and so are its sums.
"""

from collections.abc import Sequence
from uuid import UUID

PARTITIONS = 16
"""How many partitions there are. Copies beyond it stand by."""
ALL = frozenset(range(PARTITIONS))
FIRST = 0
"""The partition whose copy also takes over what concerns no area: rights, divisions, the calendar."""


def partition_of(area: int) -> int:
    """Return the partition of a 12-digit area key: that of its town."""
    return area // 1000 % PARTITIONS


def assigned(copy: UUID, present: Sequence[UUID]) -> frozenset[int]:
    """Return the partitions of a copy among those present, the oldest first; nothing for one that is not there.

    The oldest has partition 0 and leads.
    """
    if copy not in present:
        return frozenset()
    place = present.index(copy)
    return frozenset(range(place, PARTITIONS, len(present)))
