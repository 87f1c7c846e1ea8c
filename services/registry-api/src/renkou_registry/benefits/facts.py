"""Gathers what conditions ask about: the record as of a day, and what was declared and confirmed.

Other registers join in here: each is a :class:`FactProvider` (the honour certificate's register, for one) of
:mod:`.registers`.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.benefits.schemes.conditions import Child, Facts
from renkou_registry.benefits.schemes.domain import Fact
from renkou_registry.floor import reaching_everywhere
from renkou_registry.life_events import history
from renkou_registry.life_events.domain import ENTRIES, LifeEvent, PersonState, Rules, derive, effective
from renkou_registry.persons import service as persons

type FactProvider = Callable[
    [Transaction, Sequence[UUID], date], Awaitable[Mapping[UUID, Mapping[Fact, bool]]]
]
_providers: tuple[FactProvider, ...] = ()


def use_providers(providers: Iterable[FactProvider]) -> None:
    """Set which registers know facts beyond the person's own record; called once, when a process is built."""
    global _providers
    _providers = tuple(providers)


_RULES = Rules()


@dataclass(frozen=True, slots=True)
class Declared:
    """What an application declares beside the record; ``children`` are those not in the register."""

    facts: Mapping[Fact, bool] = field(default_factory=dict)
    children: tuple[Child, ...] = ()

    @classmethod
    def of(cls, stored: Mapping[str, Any], confirmed: Iterable[str] | None = None) -> "Declared":
        """Return what was stored, only what staff confirmed where ``confirmed`` is given."""
        wanted = None if confirmed is None else set(confirmed)
        facts = {
            Fact(name): bool(value)
            for name, value in stored.get("facts", {}).items()
            if wanted is None or name in wanted
        }
        children = stored.get("children", []) if wanted is None or "children" in wanted else []
        return cls(facts, tuple(_declared_child(each) for each in children))


def _declared_child(given: Mapping[str, Any]) -> Child:
    died_on = given.get("died_on")
    return Child(
        date.fromisoformat(given["birth_date"]),
        int(given["sex"]),
        date.fromisoformat(died_on) if died_on else None,
    )


@dataclass(frozen=True, slots=True)
class Known:
    """All that is on record of one person, to be asked as of any day."""

    person: asyncpg.Record
    events: Sequence[LifeEvent]
    children: tuple[Child, ...]
    told: Mapping[Fact, bool]
    district: tuple[int, int]

    def state_on(self, day: date) -> PersonState:
        """Return the person's state after what happened by a day, by what is known today."""
        standing = [
            each for each in effective(self.events) if each.kind in ENTRIES or each.happened_on <= day
        ]
        return derive(standing, self.district, _RULES)

    def facts_on(self, day: date, declared: Declared) -> Facts:
        """Return what conditions may ask on a day."""
        state = self.state_on(day)
        low, high = self.district
        children = self.children + declared.children
        return Facts(
            birth_date=state.birth_date,
            sex=state.sex,
            marital_status=state.marital_status,
            registered_here=low <= state.registered_area <= high,
            registered_since=state.registered_since,
            alive=state.alive,
            children=children,
            children_count=max(self.person["children_count"], len(children)),
            told={**declared.facts, **self.told},
        )

    def gone(self, *, by_registration: bool) -> tuple[date, str] | None:
        """Return the day and cause for which the person is entitled here no longer, None while they are."""
        state = derive(self.events, self.district, _RULES)
        left: date | None = None
        low, high = self.district
        for address in state.addresses:
            area = address.registered if by_registration else address.present
            inside = low <= area <= high
            left = None if inside else left or address.since
        if state.died_on is not None and (left is None or state.died_on <= left):
            return state.died_on, "death"
        return (left, "move") if left is not None else None


async def known_of(
    tx: Transaction, scope: AreaScope, district: tuple[int, int], ids: Sequence[UUID], day: date
) -> dict[UUID, Known]:
    """Return what is known of up to 1,000 persons whom the caller may ask about, wherever their kin live."""
    wanted = sorted(set(ids))
    async with reaching_everywhere(tx, scope):
        rows = await persons.find_many(tx, wanted, AreaScope.everything())
        events = await history.of_persons(tx, wanted)
        kin: dict[UUID, list[Child]] = {}
        for row in await persons.children_of_many(tx, wanted):
            child = Child(row["birth_date"], row["sex"], row["died_on"], str(row["id"]))
            kin.setdefault(row["parent_id"], []).append(child)
        told: dict[UUID, dict[Fact, bool]] = {}
        for provider in _providers:
            for person_id, facts in (await provider(tx, wanted, day)).items():
                told.setdefault(person_id, {}).update(facts)
    return {
        row["id"]: Known(
            row, events[row["id"]], tuple(kin.get(row["id"], ())), told.get(row["id"], {}), district
        )
        for row in rows
    }
