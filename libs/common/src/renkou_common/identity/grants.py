"""Which rights hold where and on which ground, out of the assignments in force at a moment; no I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from renkou_common.identity.roles import Scope
from renkou_common.scope import AreaScope


@dataclass(frozen=True, slots=True)
class Assignment:
    """Scopes over the subtree ``low..high`` of 12-digit area keys, from a moment (included) to a moment (excluded).

    ``acting_for`` is the account whose duty is exercised during its leave; ``break_glass`` names the emergency
    access that gives the scopes. Both None: a role of the account's own.
    """

    scopes: frozenset[Scope]
    low: int
    high: int
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    acting_for: UUID | None = None
    break_glass: UUID | None = None

    def in_force(self, now: datetime) -> bool:
        """Say whether the assignment holds at a moment."""
        return (self.valid_from is None or self.valid_from <= now) and (
            self.valid_to is None or now < self.valid_to
        )


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a right holds in some areas: by a role of one's own, in somebody's stead, or in an emergency."""

    areas: AreaScope
    acting_for: UUID | None = None
    break_glass: UUID | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """Where a right holds, and on which grounds; those of one's own come first, emergencies last."""

    areas: AreaScope
    grounds: tuple[Ground, ...]


@dataclass(frozen=True, slots=True)
class Grants:
    """Every right in force, and until when nothing changes by itself (None: no limit ahead)."""

    by_scope: Mapping[Scope, Grant]
    until: datetime | None


def _order(ground: tuple[UUID | None, UUID | None]) -> tuple[bool, bool, str]:
    acting_for, break_glass = ground
    return break_glass is not None, acting_for is not None, f"{acting_for} {break_glass}"


def grants_at(assignments: Iterable[Assignment], now: datetime) -> Grants:
    """Return for each scope the union of the areas in which an assignment in force grants it."""
    every = list(assignments)
    found: dict[Scope, dict[tuple[UUID | None, UUID | None], list[tuple[int, int]]]] = {}
    for one in every:
        if one.in_force(now):
            for scope in one.scopes:
                grounds = found.setdefault(scope, {})
                grounds.setdefault((one.acting_for, one.break_glass), []).append((one.low, one.high))
    limits = [limit for one in every for limit in (one.valid_from, one.valid_to) if limit and limit > now]
    return Grants({scope: _grant(grounds) for scope, grounds in found.items()}, min(limits, default=None))


def _grant(grounds: Mapping[tuple[UUID | None, UUID | None], list[tuple[int, int]]]) -> Grant:
    every = [interval for intervals in grounds.values() for interval in intervals]
    return Grant(
        AreaScope.of(every),
        tuple(Ground(AreaScope.of(grounds[each]), *each) for each in sorted(grounds, key=_order)),
    )
