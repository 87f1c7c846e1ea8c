"""Candidates: found on arrival and in batch, settled by a clerk. Merging is in :mod:`.merging`."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_common.http.changes import check_current
from renkou_common.identity.principal import Access
from renkou_registry.duplicates import repository
from renkou_registry.duplicates.domain import SHOWN_FROM, Traits, score
from renkou_registry.duplicates.repository import Run
from renkou_registry.persons.domain import new_id
from renkou_registry.persons.registration import PHONE, RESIDENT_ID
from renkou_registry.runtime import Runtime
from renkou_registry.search.domain import folded
from renkou_registry.search.sounds import readings_of


async def compare(runtime: Runtime, tx: Transaction, person_ids: Sequence[UUID]) -> int:
    """Compare persons with everybody who shares a blocking key; returns how many candidates are new.

    The transaction sees everybody: a duplicate is often in another community.
    """
    pairs = await repository.pairs_of(tx, person_ids, await _phones(runtime, tx, person_ids))
    if not pairs:
        return 0
    ids = sorted({each for pair in pairs for each in pair})
    known = {row["id"]: traits(runtime, row) for row in await repository.traits_of(tx, ids)}
    found = []
    for first, second in sorted(pairs):
        result = score(known[first], known[second])
        if result.probability >= SHOWN_FROM:
            found.append((new_id(), first, second, round(result.probability, 4), result.traits))
    return await repository.insert(tx, found, runtime.clock.now()) if found else 0


async def _phones(runtime: Runtime, tx: Transaction, person_ids: Sequence[UUID]) -> list[tuple[UUID, bytes]]:
    """Return under which indexes others may have the persons' phones, while index keys change."""
    if not runtime.cipher.indexes_change:
        return []
    return [
        (row["id"], index)
        for row in await repository.traits_of(tx, person_ids)
        if row["phone_sealed"] is not None
        for index in runtime.cipher.blind_indexes(runtime.cipher.decrypt(row["phone_sealed"], PHONE), PHONE)
    ]


def _phone(runtime: Runtime, row: asyncpg.Record) -> bytes | None:
    """Return what is equal for equal phones, also of persons whose indexes have different versions."""
    sealed = row["phone_sealed"]
    if sealed is None or not runtime.cipher.indexes_change:
        index: bytes | None = row["phone_index"]
        return index
    return runtime.cipher.blind_index(runtime.cipher.decrypt(sealed, PHONE), PHONE)


def traits(runtime: Runtime, row: asyncpg.Record) -> Traits:
    """Return what is compared of a person, the number opened for this process only."""
    sealed = row["resident_id_sealed"]
    return Traits(
        id=row["id"],
        name=row["name"],
        sex=row["sex"],
        birth_date=row["birth_date"],
        registered_area=row["registered_area"],
        present_area=row["present_area"],
        street=row["present_street"],
        sounds=frozenset(" ".join(each) for each in readings_of(folded(row["name"]))),
        number=runtime.cipher.decrypt(sealed, RESIDENT_ID) if sealed is not None else None,
        phone=_phone(runtime, row),
        mother_id=row["mother_id"],
        father_id=row["father_id"],
        spouse_id=row["spouse_id"],
    )


async def page(
    tx: Transaction,
    access: Access,
    state: str,
    person_id: UUID | None,
    after: tuple[float, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Return candidates that concern the caller's area, the most probable first."""
    return await repository.page(tx, access.areas, state, person_id, after, limit)


async def find(tx: Transaction, access: Access, candidate_id: UUID, *, lock: bool = False) -> asyncpg.Record:
    """Return a candidate; raises NotFound."""
    found = await repository.find(tx, candidate_id, access.areas, lock=lock)
    if found is None:
        raise NotFound.of("疑似重复", "candidate")
    return found


async def mark_distinct(
    runtime: Runtime, tx: Transaction, access: Access, candidate_id: UUID, version: int, reason: str
) -> asyncpg.Record:
    """Settle a candidate as two different persons; it is not found again. Raises NotFound, Conflict."""
    found = await find(tx, access, candidate_id, lock=True)
    await check_current(tx, candidate_id, version, found["version"])
    if found["state"] != "open":
        raise settled_already()
    await repository.settle(tx, candidate_id, "distinct", access.subject, runtime.clock.now(), reason)
    return await find(tx, access, candidate_id)


def settled_already() -> Conflict:
    """Return the conflict for a candidate that has been settled."""
    return Conflict("candidate_settled", "该疑似重复已处理", "the candidate has been settled already")


async def start_run(runtime: Runtime, tx: Transaction, access: Access, area: AreaCode) -> UUID:
    """Have everybody in an area compared by the worker; raises NotFound outside the caller's area."""
    interval = area.interval()
    if not access.areas.covers(*interval):
        raise NotFound.of("区划", "area")
    total = await repository.count_of_area(tx, interval)
    run_id = new_id()
    await repository.start_run(tx, run_id, interval, total, runtime.clock.now(), access.subject)
    return run_id


async def run(tx: Transaction, access: Access, run_id: UUID) -> Run:
    """Return a run over an area of the caller's; raises NotFound."""
    found = await repository.run(tx, run_id)
    if found is None or not access.areas.covers(found.area, found.area_high):
        raise NotFound.of("查重任务", "run")
    return found


async def joined_to(tx: Transaction, person_id: UUID) -> list[UUID]:
    """Return the records that have joined a visible person's, also by way of others; for what was written
    for those and can never be rewritten."""
    return await repository.joined_to(tx, person_id)


async def standing_for(tx: Transaction, person_id: UUID) -> UUID:
    """Return the record that stands for the person of a record: itself, or the last one that it joined."""
    return await repository.standing_for(tx, person_id)


def ids_of(rows: Iterable[asyncpg.Record]) -> list[UUID]:
    """Return the persons that candidates name."""
    return sorted({row[name] for row in rows for name in ("first_id", "second_id")})
