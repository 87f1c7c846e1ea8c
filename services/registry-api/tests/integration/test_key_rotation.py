"""Field keys change while people work: everything stays readable, found and unique, and a kill loses nothing."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from renkou_common.crypto import FieldCipher, data_version, index_version
from renkou_common.field_keys.keyring import Kind
from renkou_common.field_keys.rotation import Rotation, in_use
from renkou_common.scope import AreaScope
from renkou_local import field_keys
from renkou_registry.duplicates import service as duplicates
from renkou_registry.field_keys.columns import PROTECTED
from renkou_registry.persons import registration, service
from renkou_registry.persons.documents import OTHER_DOCUMENT
from renkou_registry.persons.domain import PersonEntry
from renkou_registry.persons.registration import RESIDENT_ID
from renkou_registry.runtime import Runtime

from ..support import DatabaseFactory, Registry, Template, running
from .test_persons import _entry

EVERYTHING = AreaScope.everything()
AT_ONCE = timedelta()
WORKER = """
import asyncio
from renkou_common.field_keys.rotation import Rotation
from renkou_registry.bootstrap import open_runtime
from renkou_registry.field_keys.columns import PROTECTED
from renkou_registry.settings import load_settings

async def main():
    async with open_runtime(load_settings()) as runtime:
        await Rotation(runtime.database, runtime.cipher, PROTECTED, 0.05).run()

asyncio.run(main())
"""


@pytest_asyncio.fixture(loop_scope="session")
async def registry(
    registry_template: Template, database_factory: DatabaseFactory, tmp_path: Path
) -> AsyncIterator[Registry]:
    """An application with key files of its own, which it looks at all the time."""
    secrets = tmp_path / "secrets"
    field_keys.keep_field_keys(secrets)
    own = registry_template.secret_environment | {
        "RENKOU_FIELD_KEYS_FILE": str(secrets / field_keys.KEYS),
        "RENKOU_FIELD_MASTER_KEY_FILE": str(secrets / field_keys.MASTER),
        "RENKOU_FIELD_KEYS_CHECK_SECONDS": "0.01",
    }
    async with running(Template(registry_template.database, own), database_factory, tmp_path) as started:
        yield started


def new_version(registry: Registry, kind: Kind) -> Path:
    """Add a version and have it written with, as an operator does; returns the folder of the files."""
    folder = Path(registry.environment["RENKOU_FIELD_KEYS_FILE"]).parent
    field_keys.activate(folder, kind, field_keys.add(folder, kind), settled=AT_ONCE)
    return folder


def rotation(runtime: Runtime) -> Rotation:
    return Rotation(runtime.database, runtime.cipher, PROTECTED, 0.0, AT_ONCE)


async def finish(runtime: Runtime) -> None:
    """Two workers at once, until nothing is left."""

    async def work(each: Rotation) -> None:
        while await unfinished(runtime):
            if not await each.step():
                await asyncio.sleep(0.1)

    await asyncio.gather(*(work(rotation(runtime)) for _ in range(2)))


async def unfinished(runtime: Runtime) -> int:
    async with runtime.database.transaction(EVERYTHING) as tx:
        left: int = await tx.fetchval("SELECT count(*) FROM key_rotation WHERE finished_at IS NULL")
        return left or not await tx.fetchval("SELECT count(*) FROM key_rotation")


@asynccontextmanager
async def meanwhile(work: Callable[[int], Any]) -> AsyncIterator[None]:
    """Do something again and again beside the block; what it raises is raised at its end."""
    stopped = asyncio.Event()

    async def loop() -> None:
        number = 0
        while not stopped.is_set():
            await work(number)
            number += 1

    task = asyncio.create_task(loop())
    try:
        yield
    finally:
        stopped.set()
        await task


async def everything_opens(runtime: Runtime, version: int) -> dict[str, int]:
    """Open every protected value of the register under its column; returns how many rows each table has."""
    opened = dict.fromkeys((each.table for each in PROTECTED), 0)
    async with runtime.database.transaction(EVERYTHING) as tx:
        for column in PROTECTED:
            for row in await tx.fetch(f"SELECT * FROM {column.table} WHERE {column.column} IS NOT NULL"):
                assert data_version(row[column.column]) == version, column
                runtime.cipher.unseal(row[column.column], column.bound_to(dict(row)))
                opened[column.table] += 1
    return opened


@pytest.mark.endurance
async def test_data_keys_change_while_people_work(registry: Registry) -> None:
    await generate(registry, 200)
    runtime = registry.runtime
    before = await versions_of_records(runtime)
    sealed_before = await counted(runtime)
    folder = new_version(registry, Kind.DATA)
    made = []

    async def enter(number: int) -> None:
        entry = _entry(900_000 + number, phone=f"1380000{number:04d}")
        async with runtime.database.transaction(EVERYTHING) as tx:
            await registration.register_many(runtime, tx, [entry], recorded_by=uuid4())
        made.append(entry)
        async with runtime.database.transaction(EVERYTHING) as tx:
            row = await service.find_by_resident_id(runtime, tx, entry.resident_id or "", EVERYTHING)
        assert row is not None
        assert runtime.cipher.decrypt(row["phone_sealed"], registration.PHONE) == entry.phone

    async with meanwhile(enter):
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WORKER, env=os.environ | registry.environment
        )
        async with asyncio.timeout(60):
            while not await done(runtime):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        worker.send_signal(signal.SIGKILL)
        assert await worker.wait() == -signal.SIGKILL
        assert await unfinished(runtime)
        await finish(runtime)

    assert len(made) > 3
    assert await versions_of_records(runtime) == before
    progress = (await registry.administrator.get("/field-keys/rotation")).json()
    assert [(each["version"], each["active"]) for each in progress["data"]] == [(1, False), (2, True)]
    assert all(each["finished_at"] and not each["conflicts"] for each in progress["columns"])
    assert sum(each["done"] for each in progress["columns"]) >= sum(sealed_before.values())

    use = (await registry.administrator.get("/field-keys/use")).json()
    assert list(use["data"]) == ["2"]
    assert set(use["index"]) == {"1"}
    others = use | {"service": "migrant-api", "data": {}, "index": {}}
    field_keys.retire(folder, Kind.DATA, 1, [use, others], settled=AT_ONCE)
    await asyncio.sleep(0.02)
    assert list(runtime.cipher.ring.data.versions) == [2]
    opened = await everything_opens(runtime, 2)
    assert opened == await counted(runtime)
    assert sum(number > 0 for number in opened.values()) >= 8, opened
    clerk = await registry.staff("subdistrict_clerk", "340103")
    found = await clerk.post("/persons/search", json={"resident_id": made[0].resident_id})
    assert found.status_code == 200, found.text


async def test_only_who_runs_the_node_reads_how_far_it_is(registry: Registry) -> None:
    clerk = await registry.staff("subdistrict_clerk", "340103")
    for path in ("/field-keys/rotation", "/field-keys/use"):
        assert (await clerk.get(path)).status_code == 403
        assert (await registry.client.get(path)).status_code == 401
        assert (await registry.administrator.get(path)).status_code == 200


async def test_numbers_stay_unique_and_found_while_index_keys_change(registry: Registry) -> None:
    runtime = registry.runtime
    entries = [_entry(910_000 + number, phone=f"1390000{number % 7:04d}") for number in range(60)]
    passports = [
        replace(
            _entry(920_000 + number),
            resident_id=None,
            document_kind="passport",
            document_number=f"E{number:08d}",
        )
        for number in range(20)
    ]
    everybody = [*entries, *passports]
    async with runtime.database.transaction(EVERYTHING) as tx:
        await registration.register_many(runtime, tx, everybody[::3], recorded_by=uuid4())
    new_version(registry, Kind.INDEX)
    ring = runtime.cipher.ring  # what a process has that has not heard yet which version is written with:
    late = replace(runtime, cipher=FieldCipher.fixed(replace(ring, index=replace(ring.index, active=1))))
    again = [replace(each, id=uuid4(), ref=uuid4()) for each in everybody]

    async def enter(one: Runtime, some: list[PersonEntry]) -> None:
        for start in range(0, len(some), 4):
            async with one.database.transaction(EVERYTHING) as tx:
                await registration.register_many(one, tx, some[start : start + 4], recorded_by=uuid4())

    known = [each for each in everybody[::3] if each.resident_id]

    async def look(number: int) -> None:
        one = (runtime, late)[number % 2]
        async with one.database.transaction(EVERYTHING) as tx:
            wanted = [each.resident_id or "" for each in known]
            assert await service.known_resident_ids(one, tx, wanted) == set(wanted)
            row = await service.find_by_resident_id(one, tx, wanted[number % len(wanted)], EVERYTHING)
        assert row is not None

    async with meanwhile(look):
        await asyncio.gather(
            enter(runtime, [replace(each, id=uuid4(), ref=uuid4()) for each in everybody]),
            enter(late, again),
            finish(runtime),
        )
    await rotate_again(runtime)
    async with runtime.database.transaction(EVERYTHING) as tx:
        rows = await tx.fetch("SELECT * FROM person")
        assert set((await in_use(tx, PROTECTED))[Kind.INDEX]) == {2}
    numbers = [
        runtime.cipher.decrypt(row["resident_id_sealed"], RESIDENT_ID)
        for row in rows
        if row["resident_id_sealed"]
    ]
    documents = [
        runtime.cipher.decrypt(row["other_document_sealed"], OTHER_DOCUMENT)
        for row in rows
        if row["other_document_sealed"]
    ]
    assert sorted(numbers) == sorted(each.resident_id or "" for each in entries)
    assert sorted(documents) == sorted(each.document_number or "" for each in passports)


async def test_the_same_phone_is_seen_across_versions(registry: Registry) -> None:
    runtime = registry.runtime
    first, second = (_entry(930_000 + number, phone="13900000000", name="欧阳明") for number in (0, 400))
    async with runtime.database.transaction(EVERYTHING) as tx:
        await registration.register_many(runtime, tx, [first], recorded_by=uuid4())
    new_version(registry, Kind.INDEX)
    async with runtime.database.transaction(EVERYTHING) as tx:
        await registration.register_many(runtime, tx, [second], recorded_by=uuid4())
        assert {
            index_version(row["phone_index"]) for row in await tx.fetch("SELECT phone_index FROM person")
        } == {1, 2}
        await duplicates.compare(runtime, tx, [second.id])
        (traits,) = [row["traits"] for row in await tx.fetch("SELECT traits FROM duplicate_candidate")]
    assert "phone_same" in traits


async def test_what_is_never_changed_is_only_sealed_anew(registry: Registry) -> None:
    runtime = registry.runtime
    entry = _entry(940_000, phone="13900000001")
    async with runtime.database.transaction(EVERYTHING) as tx:
        await registration.register_many(runtime, tx, [entry], recorded_by=uuid4())
        person = (await service.find(tx, entry.id, EVERYTHING))["id"]
        sealed = runtime.cipher.encrypt("13900000001", registration.PHONE)
        await tx.execute(
            "INSERT INTO person_detail (person_id, field, sealed, valid_from, correction, recorded_at, recorded_by)"
            " VALUES ($1, 'phone', $2, '2026-01-01', false, now(), $1)",
            person,
            sealed,
        )
    other = bytes([2]) + sealed[1:]
    for change, refused in (
        (("sealed = $2", other), False),
        (("sealed = $2", other[:-1]), True),  # another length: another text
        (("sealed = $2", other[:-1] + b"x"), True),  # the same version
        (("sealed = $2, field = 'passport'", sealed), True),
        (("value = 'x', sealed = $2", sealed), True),
    ):
        with pytest.raises(asyncpg.PostgresError) if refused else nullcontext():
            async with runtime.database.transaction(EVERYTHING) as tx:
                await tx.execute(
                    f"UPDATE person_detail SET {change[0]} WHERE person_id = $1", person, change[1]
                )
    with pytest.raises(asyncpg.PostgresError):
        async with runtime.database.transaction(EVERYTHING) as tx:
            await tx.execute("DELETE FROM person_detail")


async def generate(registry: Registry, persons: int) -> None:
    arguments = ("--persons", str(persons), "--seed", "7", "--processes", "1")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "renkou_registry.generate", *arguments, env=os.environ | registry.environment
    )
    assert await process.wait() == 0


async def versions_of_records(runtime: Runtime) -> dict[str, tuple[int, int]]:
    """What a change of keys must leave alone: versions of records, notes of changes and readings."""
    found = {}
    async with runtime.database.transaction(EVERYTHING) as tx:
        for table in (
            "card",
            "visit",
            "employer",
            "rental",
            "petition",
            "benefit_enrolment",
            "service_given",
        ):
            row = await tx.fetchrow(f"SELECT count(*), sum(version) FROM {table}")
            assert row is not None
            found[table] = row[0], row[1]
        found["record_change"] = (await tx.fetchval("SELECT count(*) FROM record_change"), 0)
        read = "SELECT count(*) FROM audit_entry WHERE action = 'read'"
        found["readings"] = (await tx.fetchval(read), 0)
    return found


async def counted(runtime: Runtime) -> dict[str, int]:
    found = dict.fromkeys((each.table for each in PROTECTED), 0)
    async with runtime.database.transaction(EVERYTHING) as tx:
        for each in PROTECTED:
            found[each.table] += await tx.fetchval(
                f"SELECT count(*) FROM {each.table} WHERE {each.column} IS NOT NULL"
            )
    return found


async def done(runtime: Runtime) -> int:
    async with runtime.database.transaction(EVERYTHING) as tx:
        return int(await tx.fetchval("SELECT coalesce(sum(done), 0) FROM key_rotation"))


async def rotate_again(runtime: Runtime) -> None:
    """What a worker does that notices values of a late writer: here the columns are looked through once more."""
    async with runtime.database.transaction(EVERYTHING) as tx:
        await tx.execute("UPDATE key_rotation SET finished_at = NULL, again_at = NULL")
    await finish(runtime)
