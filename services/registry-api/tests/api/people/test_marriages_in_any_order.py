"""Marriages, divorces and deaths told, corrected and taken back in any order: what holds is what a naive
replay of the remaining events tells, for marital status, links, past days and figures."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from renkou_common.contracts.lines import LineKey, difference
from renkou_common.errors import Conflict
from renkou_common.scope import AreaScope
from renkou_registry.life_events import history, revisions, service, unions
from renkou_registry.life_events.domain import EventKind, LifeEvent, Rules, population_lines, state_on
from renkou_registry.life_events.recording import Desk
from renkou_registry.life_events.revisions import Grounds

from ...support import Caller, Json, Registry
from .people import People

START = date(2025, 1, 2)
KINDS = {"marriage": 2, "divorce": 1, "death": 3, "correction": 5, "retraction": 2}
STEPS = 12
type Action = tuple[str, int, int, date]


def actions(random: Random) -> list[Action]:
    """A wedding, and what may be told, corrected and taken back after it."""

    def day() -> date:
        return START + timedelta(days=random.randrange(13))

    kinds = random.choices(list(KINDS), list(KINDS.values()), k=STEPS)
    rest = [(kind, random.randrange(9), random.randrange(3), day()) for kind in kinds]
    return [("marriage", 0, 1, START + timedelta(days=2)), *rest]


@dataclass(frozen=True)
class Told:
    """One fact that stands, as it was told last."""

    kind: str
    who: tuple[UUID, ...]
    on: date
    event_id: UUID


@dataclass
class Naive:
    """What a replay of the facts that stand tells, everybody at once, day by day."""

    people: list[UUID]
    status: dict[UUID, str] = field(default_factory=dict)
    spouse: dict[UUID, UUID | None] = field(default_factory=dict)
    facts: dict[UUID, list[LifeEvent]] = field(default_factory=dict)

    def replay(self, told: list[Told], until: date) -> "Naive":
        self.status = dict.fromkeys(self.people, "10")
        self.spouse = dict.fromkeys(self.people)
        self.facts = {each: [] for each in self.people}
        died = {each.who[0]: each.on for each in told if each.kind == "death"}
        for each in sorted(told, key=lambda each: (each.on, each.kind == "death")):
            if each.on <= until:
                self._take(each, died)
        return self

    def _take(self, each: Told, died: dict[UUID, date]) -> None:
        if each.kind == "death":
            (dead,) = each.who
            self._note(dead, EventKind.DEATH, each.on)
            left = self.spouse[dead]
            if left is not None and self.spouse[left] == dead and died.get(left, date.max) > each.on:
                self._note(left, EventKind.WIDOWHOOD, each.on)
                self.status[left], self.spouse[left] = "30", None
            self.spouse[dead] = None
            return
        for one, other in (each.who, each.who[::-1]):
            if each.kind == "marriage":
                self._note(one, EventKind.MARRIAGE, each.on, marital_status="21", spouse_id=str(other))
                self.status[one], self.spouse[one] = "21", other
            elif self.spouse[one] == other:
                self._note(one, EventKind.DIVORCE, each.on)
                self.status[one], self.spouse[one] = "40", None

    def _note(self, person: UUID, kind: EventKind, on: date, **data: Any) -> None:
        self.facts[person].append(LifeEvent(uuid4(), kind, on, data))

    @property
    def links(self) -> dict[UUID, UUID | None]:
        return {
            person: spouse if spouse is not None and self.spouse[spouse] == person else None
            for person, spouse in self.spouse.items()
        }


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clerk(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32).map(Random))
async def test_what_holds_is_a_replay_of_the_facts_that_stand(
    registry: Registry, clerk: Caller, random: Random
) -> None:
    office = People(clerk, registry.runtime)
    entered = [await office.enter(sex=sex, marital_status="10") for sex in (2, 1, 2)]
    people = [UUID(each["id"]) for each in entered]
    told: list[Told] = []
    for kind, first, second, on in actions(random):
        told = await tell(registry, people, told, kind, first, second, on)

    naive = Naive(people).replay(told, date.max)
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        rows = await tx.fetch(
            "SELECT id, marital_status, spouse_id, alive FROM person WHERE id = ANY($1)", people
        )
        histories = await history.of_persons(tx, people)
    assert {row["id"]: row["marital_status"] for row in rows} == naive.status
    assert {row["id"]: row["spouse_id"] for row in rows} == naive.links
    dead = {row["id"] for row in rows if not row["alive"]}
    assert dead == {each.who[0] for each in told if each.kind == "death"}
    district = registry.runtime.district.interval()
    for person, each in zip(people, entered, strict=True):
        facts = [histories[person][0], *naive.facts[person]]
        assert await published(office, each["ref"]) == stated(population_lines(facts, district, Rules()))
    for asked in (START + timedelta(days=days) for days in range(13)):
        then = Naive(people).replay(told, asked)
        states = {person: state_on(histories[person], asked, district, Rules()) for person in people}
        assert {person: state.marital_status for person, state in states.items() if state} == then.status


async def published(office: People, ref: str) -> dict[str, int]:
    """The sum of all lines that events about a person carried."""
    total: Counter[str] = Counter()
    for event in await office.events(ref):
        for line in event.data.get("lines", []):
            total[_key(line)] += line["value"]
    return {key: value for key, value in total.items() if value}


def stated(lines: Counter[LineKey]) -> dict[str, int]:
    found = [line.model_dump(mode="json") for line in difference(lines, Counter())]
    return {_key(line): line["value"] for line in found}


def _key(line: Json) -> str:
    return repr(sorted((name, value or None) for name, value in line.items() if name != "value"))


async def tell(
    registry: Registry, people: list[UUID], told: list[Told], kind: str, first: int, second: int, on: date
) -> list[Told]:
    """Do one action; what cannot have happened is refused and leaves nothing behind."""
    if kind in ("correction", "retraction"):
        if not told:
            return told
        at = first % len(told)
        fact = told[at]
        if kind == "correction":
            changes = {"happened_on": on}
            found = await done(
                registry, lambda desk: revisions.correct(desk, fact.event_id, changes, Grounds("更正"))
            )
            after = [*told[:at], replace(fact, on=on), *told[at + 1 :]]
        else:
            found = await done(registry, lambda desk: revisions.retract(desk, fact.event_id, Grounds("误登")))
            after = [*told[:at], *told[at + 1 :]]
        return after if found else told
    one, other = people[first % 3], people[second]
    if kind == "death":
        found = await done(registry, lambda desk: unions.record_death(desk, one, on))
        return [*told, Told(kind, (one,), on, found)] if found else told
    if one == other:
        return told
    if kind == "marriage":
        found = await done(registry, lambda desk: service.record_marriage(desk, one, other, on, "21"))
        return [*told, Told(kind, (one, other), on, found)] if found else told
    found = await done(registry, lambda desk: unions.record_divorce(desk, one, on))
    if not found:
        return told
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        stored = (await history.of_persons(tx, [one]))[one]
    named = next(event.data["spouse_id"] for event in stored if event.id == found)
    return [*told, Told(kind, (one, UUID(named)), on, found)]


async def done(registry: Registry, make: Callable[[Desk], Awaitable[UUID]]) -> UUID | None:
    try:
        async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
            desk = Desk(registry.runtime, tx, AreaScope.everything(), registry.administrator.id)
            return await make(desk)
    except Conflict:
        return None
