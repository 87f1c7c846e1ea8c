"""Marriages, divorces and deaths told, corrected and taken back in any order: what holds is what a naive
replay of the remaining events tells, for marital status, links, past days and figures."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
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
from .revising import ask, carried_out

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
        """Tell it all again; who came back to a spouse who had remarried has been parted since the day of
        the death that was not."""
        self.status = dict.fromkeys(self.people, "10")
        self.spouse = dict.fromkeys(self.people)
        self.facts = {each: [] for each in self.people}
        died = {each.who[0]: each.on for each in told if each.kind == "death"}
        for each in sorted(told, key=lambda each: (each.on, each.kind in ("death", "dissolution"))):
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
        if each.kind == "dissolution":
            back, left = each.who
            if self.spouse[back] == left and self.spouse[left] == back:
                self._note(back, EventKind.DISSOLUTION, each.on)
                self._note(left, EventKind.WIDOWHOOD, each.on)
                self.status |= {back: "40", left: "30"}
                self.spouse |= {back: None, left: None}
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


@pytest.mark.endurance
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
        if fact.kind == "dissolution":
            return told
        if kind == "correction":
            changes = {"happened_on": on}
            found = await done(
                registry, lambda desk: revisions.correct(desk, fact.event_id, changes, Grounds("更正"))
            )
            after = [*told[:at], replace(fact, on=on), *told[at + 1 :]]
        else:
            found = await done(registry, lambda desk: revisions.retract(desk, fact.event_id, Grounds("误登")))
            after = [*told[:at], *told[at + 1 :]]
            if fact.kind == "death":
                after += parted(people, told, fact)
        return standing(after) if found else told
    one, other = people[first % 3], people[second]
    if kind == "death":
        found = await done(registry, lambda desk: unions.record_death(desk, one, on))
        return standing([*told, Told(kind, (one,), on, found)]) if found else told
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


def parted(people: list[UUID], told: list[Told], death: Told) -> list[Told]:
    """What is told of a couple when one did not die on a day, and the other has married again since."""
    (back,) = death.who
    naive = Naive(people).replay([each for each in told if each != death], death.on)
    left = naive.spouse[back]
    if left is None or naive.spouse[left] != back:
        return []
    parting = Told("dissolution", (back, left), death.on, uuid4())
    return [parting] if parting in standing([parting, *(each for each in told if each != death)]) else []


def remarriages(told: list[Told], dissolution: Told) -> list[date]:
    back, left = dissolution.who
    return [
        each.on
        for each in told
        if each.kind == "marriage" and left in each.who and back not in each.who and each.on >= dissolution.on
    ]


def standing(told: list[Told]) -> list[Told]:
    """Leave out partings whose remarriage is no longer told, or before which the other died after all."""

    def holds(each: Told) -> bool:
        if each.kind != "dissolution":
            return True
        days = remarriages(told, each)
        died = [other.on for other in told if other.kind == "death" and other.who[0] == each.who[0]]
        return bool(days) and all(day >= min(days) for day in died)

    return [each for each in told if holds(each)]


async def done(registry: Registry, make: Callable[[Desk], Awaitable[UUID]]) -> UUID | None:
    try:
        async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
            desk = Desk(registry.runtime, tx, AreaScope.everything(), registry.administrator.id)
            return await make(desk)
    except Conflict:
        return None


async def test_who_comes_back_to_a_spouse_who_remarried_is_parted_from_her_and_free(
    registry: Registry, clerk: Caller
) -> None:
    office = People(clerk, registry.runtime)
    wife, husband, second = await couple_and_another(office)
    death = await office.record("deaths", person_id=husband["id"], happened_on="2025-03-01")
    wedding = {"person_id": wife["id"], "spouse_id": second["id"], "happened_on": "2025-06-01"}
    remarried = await office.record("marriages", **wedding)
    approver = await registry.staff("subdistrict_clerk", "340103")
    await carried_out(clerk, approver, event_id=death["id"], retract=True, reason="宣告死亡已被撤销")

    back, left = await office.read(husband["id"]), await office.read(wife["id"])
    assert (back["alive"], back["marital_status"], back["spouse_id"]) == (True, "40", None)
    assert (left["marital_status"], left["spouse_id"]) == ("22", second["id"])
    history = (await clerk.get(f"/persons/{husband['id']}/events")).json()["items"]
    dissolution = history[-1]
    assert (dissolution["kind_label"], dissolution["happened_on"]) == ("婚姻关系消除", "2025-03-01")
    then = (await clerk.get(f"/persons/{wife['id']}/as-of", params={"on": "2025-04-01"})).json()["state"]
    assert (then["marital_status_label"], then["spouse_id"]) == ("丧偶", None)
    refused = await ask(clerk, event_id=dissolution["id"], retract=True, reason="想要恢复")
    assert refused.json()["code"] == "follows_another"

    await carried_out(clerk, approver, event_id=remarried["id"], retract=True, reason="再婚从未登记")
    again = await office.read(husband["id"])
    assert (again["marital_status"], again["spouse_id"]) == ("21", wife["id"])
    assert (await office.read(wife["id"]))["spouse_id"] == husband["id"]


async def test_a_divorce_is_not_taken_back_under_a_later_marriage(registry: Registry, clerk: Caller) -> None:
    office = People(clerk, registry.runtime)
    wife, husband, second = await couple_and_another(office)
    divorce = await office.record("divorces", person_id=wife["id"], happened_on="2025-03-01")
    wedding = {"person_id": wife["id"], "spouse_id": second["id"], "happened_on": "2025-06-01"}
    remarried = await office.record("marriages", **wedding)
    wrong: list[Json] = [{"retract": True}, {"changes": {"happened_on": "2025-07-01"}}]
    for body in wrong:
        refused = await ask(clerk, event_id=divorce["id"], reason="登记有误", **body)
        assert (refused.status_code, refused.json()["code"]) == (409, "married_to_another")
        assert "2025-06-01" in refused.json()["detail"]
    earlier = {"happened_on": "2025-02-01"}
    refused = await ask(clerk, event_id=remarried["id"], changes=earlier, reason="登记有误")
    assert refused.json()["code"] == "married_to_another"
    assert (await office.read(husband["id"]))["marital_status"] == "40"


async def couple_and_another(office: People) -> tuple[Json, Json, Json]:
    """A couple married in January 2025, and another man."""
    wife = await office.enter(marital_status="10")
    husband = await office.enter(sex=1, marital_status="10")
    second = await office.enter(sex=1, marital_status="10")
    wedding = {"person_id": wife["id"], "spouse_id": husband["id"], "happened_on": "2025-01-15"}
    await office.record("marriages", **wedding)
    return wife, husband, second
