"""Deletion on request: what no law has kept goes, from histories as well, and exactly what is said to stay stays."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from renkou_common.scope import AreaScope
from renkou_registry.me.repository import everything_of, sources
from renkou_registry.metadata import metadata
from renkou_registry.privacy.erasure import service
from renkou_registry.privacy.erasure.carrying import erase_once
from renkou_registry.privacy.erasure.rules import KEPT, OF_NOBODY_ALONE, STEPS, Effect
from renkou_registry.privacy.purposes.holdings import HELD

from ...support import Json, Registry
from ..duplicates.records import Records, open_records
from .lives import found_anywhere, full_life

OF_THE_ACCOUNT = {"person_account", "sign_in_session", "sign_in_event"}
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


async def counted(registry: Registry, record_ids: Sequence[UUID]) -> dict[str, int]:
    """How many rows of each table are about a person, save the log, to which every look adds."""
    async with registry.runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        found = await everything_of(tx, record_ids)
    return {each.table: len(each.rows) for each in found if each.table != "audit_entry"}


async def test_what_no_law_keeps_goes_and_what_is_kept_is_what_the_answer_says(
    fresh_registry: Registry,
) -> None:
    registry, runtime = fresh_registry, fresh_registry.runtime
    records = await open_records(registry)
    life = await full_life(records)
    before = await counted(registry, life.ids)
    there = await found_anywhere(registry, life.marks, life.ids)
    assert {mark for marks in there.values() for mark in marks} >= set(life.marks)
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        planned = await service.plan(runtime, tx, life.ids[0])
    assert await counted(registry, life.ids) == before, "a plan changes nothing"
    wanted = {(part.table, part.effect) for part in PARTS}
    assert wanted <= {(each.table, each.effect) for each in planned}, "this life has something of everything"

    erasure = await ordered(registry, life.person)
    assert await erase_once(runtime) == len(STEPS) - 1
    told = await result(registry, erasure)
    assert (told.state, [each.cause for each in told.waiting]) == ("running", ["answer"])
    assert await found_anywhere(registry, life.marks, life.ids) == {}
    left = await counted(registry, life.ids)
    assert {each.table: each.rows for each in told.kept if each.table != "audit_entry"} == {
        table: rows for table, rows in left.items() if table != "person_account"
    }
    assert all(each.law and each.until_zh and each.until_en for each in told.kept)
    going = Counter(
        {(each.table, each.effect): each.rows for each in planned if each.effect is not Effect.KEEP}
    )
    assert +Counter({key: rows for key, rows in going.items() if key[0] not in OF_THE_ACCOUNT}) == Counter(
        {(each.table, each.effect): each.rows for each in told.erased}
    )
    assert (await records.people.read(life.person["id"]))["phone"] is None

    registry.set_today(records.today + timedelta(days=31))
    assert await erase_once(runtime) == 1
    told = await result(registry, erasure)
    assert (told.state, told.waiting) == ("finished", [])
    assert "person_account" not in await counted(registry, life.ids)
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        assert await tx.fetchval("SELECT count(*) FROM sign_in_session WHERE kind = 'person'") == 0
        assert await tx.fetchval("SELECT count(*) FROM sign_in_event WHERE kind = 'person'") == 0
        assert await tx.fetchval("SELECT count(*) FROM sign_in_event WHERE kind = 'staff'") > 0
    assert await erase_once(runtime) == 0
