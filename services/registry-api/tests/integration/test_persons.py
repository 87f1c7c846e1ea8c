"""Entering many persons at once, and the columns that lists and look-ups rely on."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from renkou_common.codes.resident_id import check_character
from renkou_common.messaging.envelope import parse_body
from renkou_common.scope import AreaScope
from renkou_registry.households import service as households
from renkou_registry.households.domain import HouseholdEntry, MemberEntry
from renkou_registry.persons import registration, service
from renkou_registry.persons.domain import EntryKind, PersonEntry

from ..support import Registry

HERE, AWAY = 340103_006001, 310115_000000
EVERYTHING = AreaScope.everything()
STOCK_DATE = date(2025, 1, 1)
type Make = Callable[..., PersonEntry]


_BATCHES = count()


@pytest.fixture
def entry() -> Callable[..., PersonEntry]:
    """`entry(number, ...)`: a man with a number of his own; other tests' numbers are other ones."""
    first = next(_BATCHES) * 2000
    return lambda number, **more: _entry(first + number, **more)


def _entry(number: int, **more: Any) -> PersonEntry:
    born = date(1930, 1, 1) + timedelta(days=number // 400)
    first_17 = f"340103{born:%Y%m%d}{number % 400 * 2 + 1:03d}"
    values: dict[str, Any] = {
        "name": f"张{number}",
        "sex": 1,
        "birth_date": born,
        "registered_area": HERE,
        "present_area": HERE,
        "kind": EntryKind.OPENING,
        "entered_on": STOCK_DATE,
        "present_since": date(2010, 5, 1),
        "resident_id": first_17 + check_character(first_17),
    }
    return PersonEntry(**(values | more))


async def test_a_batch_enters_persons_histories_and_events_in_a_few_statements(
    registry: Registry, entry: Make
) -> None:
    runtime = registry.runtime
    entries = [entry(number) for number in range(1000)]
    statements: Counter[str] = Counter()
    async with runtime.database.transaction(EVERYTHING) as tx:
        tx.add_query_logger(lambda record: statements.update([record.query.strip().split()[0]]))
        ids = await registration.register_many(runtime, tx, entries, recorded_by=uuid4())
        assert sum(statements.values()) <= 12, statements
        assert ids == [each.id for each in entries]
        refs = [str(each.ref) for each in entries]
        rows = await tx.fetch("SELECT body FROM outbox WHERE subject = ANY($1)", refs)
        openings = "SELECT count(*) FROM life_event WHERE kind = 'opening' AND person_id = ANY($1)"
        assert await tx.fetchval(openings, ids) == 1000
    events = [parse_body(row["body"], 1) for row in rows]
    assert len(events) == 1000
    total = Counter(
        (line["population"], line["measure"], line["on"]) for e in events for line in e.data["lines"]
    )
    assert total == {
        ("registered", "opening", "2025-01-01"): 1000,
        ("resident", "opening", "2025-01-01"): 1000,
    }


async def test_a_number_that_is_taken_leaves_only_its_own_entry_out(registry: Registry, entry: Make) -> None:
    runtime = registry.runtime
    async with runtime.database.transaction(EVERYTHING) as tx:
        await registration.register_many(runtime, tx, [entry(1)], recorded_by=uuid4())
    mother = entry(1, sex=2)
    child, twin = entry(2, mother_id=mother.id), entry(3)
    async with runtime.database.transaction(EVERYTHING) as tx:
        ids = await registration.register_many(
            runtime, tx, [mother, child, twin, entry(3)], recorded_by=uuid4()
        )
        assert ids == [None, child.id, twin.id, None]
        known = await service.known_resident_ids(
            runtime, tx, [str(entry(number).resident_id) for number in range(1, 6)]
        )
        assert known == {entry(number).resident_id for number in (1, 2, 3)}
        row = await service.find(tx, child.id, EVERYTHING)
        assert row["mother_id"] is None
        assert len(await service.find_many(tx, [mother.id, child.id, twin.id], EVERYTHING)) == 2


async def test_who_is_left_out_is_in_no_history(registry: Registry, entry: Make) -> None:
    runtime = registry.runtime
    async with runtime.database.transaction(EVERYTHING) as tx:
        await registration.register_many(runtime, tx, [entry(1)], recorded_by=uuid4())
    man, woman = entry(2), entry(1, sex=2)
    man = replace(man, spouse_id=woman.id)
    woman = replace(woman, spouse_id=man.id)
    async with runtime.database.transaction(EVERYTHING) as tx:
        assert await registration.register_many(runtime, tx, [woman, man], recorded_by=uuid4()) == [
            None,
            man.id,
        ]
        entered = await tx.fetchval("SELECT data FROM life_event WHERE person_id = $1", man.id)
        assert "spouse_id" not in entered
        for table in ("life_event", "person_key", "person_address", "kin_link"):
            left = await tx.fetchval(f"SELECT count(*) FROM {table} WHERE person_id = $1", woman.id)
            assert left == 0, table
        assert (await service.find(tx, man.id, EVERYTHING))["spouse_id"] is None


async def test_a_roster_may_bring_one_household_in_several_batches(registry: Registry, entry: Make) -> None:
    runtime, clerk = registry.runtime, uuid4()
    first, second, third = entry(1), entry(2), entry(3)

    def household(*people: PersonEntry) -> HouseholdEntry:
        return HouseholdEntry(f"户-{first.ref}", HERE, members=tuple(MemberEntry(each.id) for each in people))

    async with runtime.database.transaction(EVERYTHING) as tx:
        await registration.register_many(runtime, tx, [first, second, third], recorded_by=clerk)
        once = await households.create_many(
            runtime, tx, [household(first), household(second)], recorded_by=clerk
        )
        again = await households.create_many(runtime, tx, [household(second, third)], recorded_by=clerk)
        assert once == [again[0], again[0]]
        _, members = await households.find(tx, again[0], EVERYTHING)
        assert {row.person_id for row in members} == {first.id, second.id, third.id}
        assert len(members) == 3


async def test_usual_residence_is_stored_with_the_day_on_which_it_changes(
    registry: Registry, entry: Make
) -> None:
    runtime = registry.runtime
    today = runtime.clock.today()
    came = entry(
        1,
        registered_area=AWAY,
        kind=EntryKind.ARRIVAL,
        entered_on=today,
        present_since=None,
    )
    async with runtime.database.transaction(EVERYTHING) as tx:
        await registration.register_many(runtime, tx, [came], recorded_by=uuid4())
        row = await tx.fetchrow(
            "SELECT usual_area, usual_next_area, usual_next_on FROM person WHERE id = $1", came.id
        )
    assert row
    assert (row["usual_area"], row["usual_next_area"]) == (None, HERE)
    assert row["usual_next_on"] > today


@pytest.mark.parametrize("statement", ["UPDATE life_event SET kind = 'move'", "DELETE FROM life_event"])
async def test_the_history_is_append_only_even_for_the_owner(
    registry: Registry, entry: Make, statement: str
) -> None:
    runtime = registry.runtime
    async with runtime.database.transaction(EVERYTHING) as tx:
        await registration.register_many(runtime, tx, [entry(1)], recorded_by=uuid4())
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with runtime.database.transaction(EVERYTHING) as tx:
            await tx.execute(statement)
    owner = await asyncpg.connect(registry.environment["RENKOU_MIGRATION_DATABASE_URL"])
    try:
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            await owner.execute(f"SET renkou.areas = '{EVERYTHING.multirange}'; {statement}")
    finally:
        await owner.close()


async def test_neither_number_nor_phone_lies_open_in_the_database(registry: Registry, entry: Make) -> None:
    runtime = registry.runtime
    secret = entry(7, phone="13800009999")
    async with runtime.database.transaction(EVERYTHING) as tx:
        await registration.register_many(runtime, tx, [secret], recorded_by=uuid4())
        stored = "".join(
            str(row) for row in await tx.fetch("SELECT p::text FROM person p WHERE id = $1", secret.id)
        )
        stored += "".join(
            str(row)
            for row in await tx.fetch("SELECT e::text FROM life_event e WHERE person_id = $1", secret.id)
        )
    for text in (str(secret.resident_id), "13800009999"):
        assert text not in stored
        assert text.encode().hex() not in stored
