"""People who were generated are like people who were entered: same columns, same history, same keys."""

import asyncio
import os
import sys
from collections import Counter
from datetime import UTC, date, datetime

import asyncpg
import pytest

from renkou_common.codes.area import AreaCode
from renkou_common.codes.lists import Sex
from renkou_common.codes.resident_id import ResidentId
from renkou_common.scope import AreaScope
from renkou_registry.generator.bookkeeping import OtherLoad, begin
from renkou_registry.generator.drawing import Chunk, Plan, draw
from renkou_registry.generator.kinds import kinds
from renkou_registry.life_events.domain import derive
from renkou_registry.life_events.kinds import EventKind
from renkou_registry.life_events.repository import histories
from renkou_registry.persons.domain import PersonEntry
from renkou_registry.persons.registration import PHONE, RESIDENT_ID, RULES, usual_columns
from renkou_registry.search.domain import keys_of

from ..support import Caller, Registry

pytestmark = pytest.mark.endurance

STOCK_DATE = date(2025, 12, 31)
PERSONS, HOUSEHOLDS = 500, 175


async def generate(registry: Registry, *more: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "renkou_registry.generate",
        *("--persons", str(PERSONS), "--seed", "7", "--processes", "1", *more),
        env=os.environ | registry.environment,
    )
    assert await process.wait() == 0


def has_died(chunk: Chunk, person: PersonEntry) -> bool:
    return any(step.kind is EventKind.DEATH for step in chunk.lives[person.id].steps)


async def check_everybody(registry: Registry) -> None:
    """Compare what is stored with what the histories, the sealed fields and the names lead to."""
    district, today = registry.runtime.district.interval(), registry.runtime.clock.today()
    cipher = registry.runtime.cipher
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        people = await tx.fetch("SELECT * FROM person")
        known = await histories(tx, [each["id"] for each in people])
        keys = await tx.fetch("SELECT * FROM person_key")
    found: dict[object, set[tuple[int, str]]] = {each["id"]: set() for each in people}
    areas = {(each["person_id"], each["present_area"], each["other_area"]) for each in keys}
    for key in keys:
        found[key["person_id"]].add((key["kind"], key["key"]))
    assert areas == {(each["id"], each["present_area"], each["registered_area"]) for each in people}
    for row in people:
        state = derive(known[row["id"]], district, RULES)
        for column in ("sex", "birth_date", "marital_status", "registered_area", "present_area", "alive"):
            assert row[column] == getattr(state, column), column
        for column in ("registered_since", "present_since", "died_on"):
            assert row[column] == getattr(state, column), column
        for column, value in usual_columns(state, today).items():
            assert row[column] == value, column
        for column, context in (("resident_id", RESIDENT_ID), ("phone", PHONE)):
            sealed = row[f"{column}_sealed"]
            if sealed is not None:
                opened = cipher.decrypt(sealed, context)
                assert row[f"{column}_index"] == cipher.blind_index(opened, context)
        wanted = keys_of([row["name"]], [row["present_street"], row["registered_street"]])
        assert found[row["id"]] == {(int(kind), key) for kind, key in wanted}


@pytest.fixture
async def clerk(fresh_registry: Registry) -> Caller:
    await generate(fresh_registry, "--events")
    return await fresh_registry.staff("subdistrict_clerk", "340103")


async def test_generated_people_are_read_changed_and_moved_and_die_like_any_others(
    fresh_registry: Registry, clerk: Caller
) -> None:
    await check_everybody(fresh_registry)
    chunk = draw(plan(), 0)
    people = [each for each in chunk.persons if not has_died(chunk, each)]
    assert len(people) == PERSONS
    living = [each for each in people if 340103000000 <= each.present_area <= 340103999999]
    mover, dying, changed = living[0], living[1], living[-1]
    for each in (mover, dying, changed):
        read = (await clerk.get(f"/persons/{each.id}")).json()
        assert (read["name"], read["birth_date"]) == (each.name, each.birth_date.isoformat())
        found = await clerk.post("/persons/search", json={"name": each.name, "limit": 100})
        assert str(each.id) in [one["id"] for one in found.json()["items"]]
        if each.resident_id is not None:
            found = await clerk.post("/persons/search", json={"resident_id": each.resident_id})
            assert [one["id"] for one in found.json()["items"]] == [str(each.id)]
    to_area = next(f"{key:012d}" for key in (340103001001, 340103001002) if key != mover.present_area)
    moved = await clerk.post(
        "/life-events/moves",
        json={
            "person_id": str(mover.id),
            "happened_on": "2026-02-01",
            "to_area": to_area,
            "transfer_registration": False,
        },
    )
    assert moved.status_code == 201, moved.text
    died = await clerk.post(
        "/life-events/deaths", json={"person_id": str(dying.id), "happened_on": "2026-03-01"}
    )
    assert died.status_code == 201, died.text
    version = (await clerk.get(f"/persons/{changed.id}")).json()["version"]
    patched = await clerk.patch(
        f"/persons/{changed.id}",
        version=version,
        json={"phone": "13900001111", "present_street": "新路 1 号"},
    )
    assert patched.status_code == 200, patched.text
    await check_everybody(fresh_registry)


async def test_the_load_leaves_floor_indexes_and_references_as_migrations_made_them(
    fresh_registry: Registry, clerk: Caller
) -> None:
    check = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "renkou_registry.migrate", "--check"),
        env=os.environ | fresh_registry.environment,
    )
    assert await check.wait() == 0
    owner = await asyncpg.connect(fresh_registry.environment["RENKOU_MIGRATION_DATABASE_URL"])
    try:
        assert await owner.fetchval("SELECT count(*) FROM person") == 0
        open_tables = await owner.fetch(
            "SELECT relname FROM pg_class WHERE relrowsecurity AND NOT relforcerowsecurity"
        )
        assert open_tables == []
        published = await owner.fetch("SELECT type, count(*) AS number FROM outbox GROUP BY type")
        told = {row["type"].split(".", 1)[1].removesuffix(".v1"): row["number"] for row in published}
        dead = told["death.recorded"]
        assert told["person.registered"] + told["birth.recorded"] == PERSONS + dead
        assert told["household.changed"] == HOUSEHOLDS
        for each in ("move", "marriage"):
            assert told[f"{each}.recorded"] > 0
        assert told["card.changed"] > 0
        assert told["visit.changed"] > 0
        assert told["service.given"] > PERSONS
        with pytest.raises(OtherLoad, match="people in the register"):
            await begin(owner, plan(), ["person"], events=False, now=datetime.now(UTC))
    finally:
        await owner.close()


async def test_a_load_that_ended_half_way_is_taken_up_again(fresh_registry: Registry) -> None:
    owner = await asyncpg.connect(fresh_registry.environment["RENKOU_MIGRATION_DATABASE_URL"])
    tables = [kind.table for kind in kinds(events=False)]
    try:
        assert await begin(owner, plan(), tables, events=False, now=datetime.now(UTC)) is None
        with pytest.raises(OtherLoad, match="another load"):
            await begin(
                owner, Plan(9, 4, 7, "340103", STOCK_DATE), tables, events=False, now=datetime.now(UTC)
            )
    finally:
        await owner.close()
    await generate(fresh_registry)
    await check_everybody(fresh_registry)


def plan() -> Plan:
    return Plan(PERSONS, HOUSEHOLDS, 7, "340103", STOCK_DATE)


def test_the_same_seed_draws_the_same_people_and_another_seed_others() -> None:
    again = Plan(20_000, 7_000, 1, "340103", STOCK_DATE)
    other = Plan(20_000, 7_000, 2, "340103", STOCK_DATE)
    assert draw(again, 3).persons == draw(again, 3).persons
    assert draw(again, 3).persons != draw(other, 3).persons


def test_a_drawn_district_is_plausible() -> None:
    whole = Plan(12_000, 4_200, 1, "340103", STOCK_DATE)
    chunks = [draw(whole, number) for number in range(whole.chunks)]
    people = [each for chunk in chunks for each in chunk.persons if not has_died(chunk, each)]
    dead = [each for chunk in chunks for each in chunk.persons if has_died(chunk, each)]
    assert 0.02 < len(dead) / 12_000 < 0.06
    households = [household for chunk in chunks for _, household in chunk.households]
    assert (len(people), len(households)) == (12_000, 4_200)
    numbers = [person.resident_id for person in people if person.resident_id]
    assert len(set(numbers)) == len(numbers)
    for person in people:
        if person.resident_id:
            number = ResidentId.parse(person.resident_id)
            assert not number.warnings(
                area=AreaCode.from_key(person.registered_area),
                birth_date=person.birth_date,
                sex=Sex(person.sex),
            )
    shares = Counter(
        "young" if age < 15 else "old" if age >= 60 else "between"
        for age in (STOCK_DATE.year - person.birth_date.year for person in people)
    )
    assert 0.10 < shares["young"] / 12_000 < 0.20
    assert 0.14 < shares["old"] / 12_000 < 0.25
    assert 0.94 < sum(p.sex == 1 for p in people) / sum(p.sex == 2 for p in people) < 1.15
    assert 0.20 < sum(p.present_area != p.registered_area for p in people) / 12_000 < 0.30
    by_id = {person.id: person for person in [*people, *dead]}
    for person in people:
        if person.spouse_id:
            assert by_id[person.spouse_id].spouse_id == person.id
        for parent in (person.mother_id, person.father_id):
            if parent:
                assert (person.birth_date - by_id[parent].birth_date).days > 18 * 365
    for household in households:
        assert [member.relation for member in household.members].count("02") == 1
