"""Moves and deaths told, corrected and taken back in any order: memberships and addresses are those that a
naive replay of the remaining events tells."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from renkou_common.errors import Conflict
from renkou_common.scope import AreaScope
from renkou_registry.life_events import revisions, service, unions
from renkou_registry.life_events.recording import Desk
from renkou_registry.life_events.revisions import Grounds

from ...support import Caller, Json, Registry
from .people import HERE, People

AREAS = [int(f"34010300100{number}") for number in (1, 2, 3)]
START = date(2025, 1, 2)
KINDS = {"move": 4, "death": 1, "correction": 5, "retraction": 3}


@dataclass(frozen=True)
class Told:
    """One move or death that stands, as it was told last."""

    event_id: UUID
    on: date
    to_area: int | None = None
    transfer: bool = False


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clerk(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103")


@pytest.mark.endurance
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32).map(Random))
async def test_memberships_and_addresses_are_a_replay_of_the_moves_that_stand(
    registry: Registry, clerk: Caller, random: Random
) -> None:
    person = await People(clerk, registry.runtime).enter()
    for kind in ("registered", "living"):
        members = [{"person_id": person["id"], "relation": "02", "since": "2025-01-01", "kind": kind}]
        body = {"number": f"户-{uuid4()}", "area": HERE, "members": members}
        assert (await clerk.post("/households", json=body)).status_code == 201
    told: list[Told] = []
    for kind in random.choices(list(KINDS), list(KINDS.values()), k=9):
        told = await tell(registry, UUID(person["id"]), told, kind, random)

    until, spells = naive(told)
    kept = (await clerk.get(f"/persons/{person['id']}/households")).json()["items"]
    assert {each["kind"]: each["until"] for each in kept} == until
    known = (await clerk.get(f"/persons/{person['id']}/addresses")).json()["items"]
    for which in ("registered", "present"):
        found = [each for each in known if each["kind"] == which]
        assert _lines(found) == spells[which], which


def _lines(found: list[Json]) -> list[tuple[str, str, str]]:
    """Spells by day; there and back within one day is told as one."""
    lines: list[tuple[str, str, str]] = []
    for each in sorted(found, key=lambda each: str(each["valid_from"])):
        area, since, until = each["area"], each["valid_from"], each["valid_until"] or ""
        if lines and lines[-1][0] == area and lines[-1][2] == since:
            since = lines.pop()[1]
        lines.append((area, since, until))
    return lines


def naive(told: list[Told]) -> tuple[dict[str, str | None], dict[str, list[tuple[str, str, str]]]]:
    """Until when each membership lasts, and each address from a day to a day."""
    died = next((each.on for each in told if each.to_area is None), None)
    moves = sorted((each for each in told if each.to_area is not None), key=lambda each: each.on)
    ends: dict[str, str | None] = {}
    spells: dict[str, list[tuple[str, str, str]]] = {}
    for kind, which, goes in (("registered", "registered", True), ("living", "present", False)):
        at = {date(2025, 1, 1): AREAS[0]}  # where on each day on which it changes, the last word of a day
        for each in moves:
            if each.transfer or not goes:
                assert each.to_area is not None
                at[each.on] = each.to_area
        days = [(day, area) for day, area in sorted(at.items())]
        days = [days[0], *(new for old, new in pairwise(days) if new[1] != old[1])]
        left = next((day for day, area in days if area != AREAS[0]), died)
        ends[kind] = left.isoformat() if left is not None else None
        ends_on = [*(day for day, _ in days[1:]), died]
        spells[which] = [
            (str(area), day.isoformat(), until.isoformat() if until is not None else "")
            for (day, area), until in zip(days, ends_on, strict=True)
        ]
    return ends, spells


async def tell(registry: Registry, person: UUID, told: list[Told], kind: str, random: Random) -> list[Told]:
    """Do one action; what cannot have happened is refused and leaves nothing behind."""
    on = START + timedelta(days=random.randrange(10))
    area, transfer = random.choice(AREAS), random.random() < 0.6
    if kind == "death":
        found = await done(registry, lambda desk: unions.record_death(desk, person, on))
        return [*told, Told(found, on)] if found else told
    if kind == "move" or not told:
        found = await done(
            registry,
            lambda desk: service.record_move(desk, person, on, area, None, transfer_registration=transfer),
        )
        return [*told, Told(found, on, area, transfer)] if found else told
    at = random.randrange(len(told))
    fact = told[at]
    if kind == "retraction":
        found = await done(registry, lambda desk: revisions.retract(desk, fact.event_id, Grounds("误登")))
        return [*told[:at], *told[at + 1 :]] if found else told
    changes: Json = {"happened_on": on}
    after = replace(fact, on=on)
    if fact.to_area is not None:
        changes |= {"to_area": area, "transfer_registration": transfer}
        after = replace(after, to_area=area, transfer=transfer)
    found = await done(
        registry, lambda desk: revisions.correct(desk, fact.event_id, changes, Grounds("更正"))
    )
    return [*told[:at], after, *told[at + 1 :]] if found else told


async def done(registry: Registry, make: Callable[[Desk], Awaitable[UUID]]) -> UUID | None:
    try:
        async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
            return await make(Desk(registry.runtime, tx, AreaScope.everything(), registry.administrator.id))
    except Conflict:
        return None
