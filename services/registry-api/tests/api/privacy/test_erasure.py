"""Deletion on request: what no law has kept goes, from histories as well, and exactly what is said to stay stays."""

from datetime import timedelta
from uuid import UUID

import pytest

from renkou_common.scope import AreaScope
from renkou_registry.me.repository import sources
from renkou_registry.metadata import metadata
from renkou_registry.privacy.erasure import service
from renkou_registry.privacy.erasure.carrying import erase_once
from renkou_registry.privacy.erasure.rules import KEPT, OF_NOBODY_ALONE, STEPS, Effect
from renkou_registry.privacy.purposes.holdings import HELD

from ...support import Json, Registry
from ..duplicates.records import KINDS, Records, open_records

PARTS = [part for step in STEPS for part in step.parts]


def test_every_table_and_column_about_people_is_decided_on() -> None:
    going = {part.table for part in PARTS}
    assert sorted(going | KEPT.keys() | OF_NOBODY_ALONE.keys()) == sorted(HELD)
    assert not (going | KEPT.keys()) & OF_NOBODY_ALONE.keys()
    assert {table.name for table in sources()} <= going | KEPT.keys() | {"external_list_row"}
    for part in PARTS:
        assert set(part.columns) <= set(HELD[part.table].fields)
        assert bool(part.columns) == (part.effect is Effect.EMPTY)
        columns = metadata.tables[part.table].columns
        assert all(columns[name].nullable for name in part.columns), part.table
        assert part.versioned <= ("version" in columns)


@pytest.fixture
async def records(registry: Registry) -> Records:
    return await open_records(registry)


async def ordered(registry: Registry, person: Json) -> UUID:
    runtime = registry.runtime
    one, two = UUID(int=1), UUID(int=2)
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        return await service.begin(runtime, tx, UUID(person["id"]), None, one, two)


async def result(registry: Registry, erasure: UUID) -> service.Result:
    async with registry.runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        return await service.result(tx, erasure)


async def test_what_no_law_keeps_goes_and_what_is_kept_is_what_the_answer_says(records: Records) -> None:
    registry, runtime = records.registry, records.registry.runtime
    person = await records.woman(*(kind for kind in KINDS if kind != "benefit"), phone="13855551234")
    erasure = await ordered(registry, person)
    assert await erase_once(runtime) == len(STEPS) - 1, "the account stays until the answer was read"
    told = await result(registry, erasure)
    assert (told.state, [each.cause for each in told.waiting]) == ("running", ["answer"])
    assert (await records.people.read(person["id"]))["phone"] is None
    registry.set_today(records.today + timedelta(days=31))
    assert await erase_once(runtime) == 1
    told = await result(registry, erasure)
    assert (told.state, told.waiting) == ("finished", [])
    assert await erase_once(runtime) == 0
