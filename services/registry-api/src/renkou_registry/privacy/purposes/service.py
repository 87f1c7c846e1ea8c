"""Purposes: enter, change, end, and ask whether something is covered today. Callers hold the transaction.

A purpose is never deleted: what was done under it has to stay explained. It is ended, from a day on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_privacy import PurposeChanged
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, InvalidInput, NotFound
from renkou_common.http.changes import check_current
from renkou_common.ids import new_id
from renkou_common.messaging.outbox import Outbox
from renkou_registry.privacy.purposes import repository
from renkou_registry.privacy.purposes.defaults import BASES, PURPOSES
from renkou_registry.privacy.purposes.domain import Purpose, Sort, check, not_covering
from renkou_registry.runtime import Runtime


async def listed(tx: Transaction, covers: str | None, in_force_on: date | None) -> Sequence[asyncpg.Record]:
    """Return purposes by code."""
    return await repository.listed(tx, covers, in_force_on)


async def all_of(tx: Transaction) -> list[Purpose]:
    """Return every purpose, those that ended too."""
    return [repository.purpose_of(row) for row in await repository.listed(tx, None, None)]


async def find(tx: Transaction, code: str) -> asyncpg.Record:
    """Return a purpose; raises NotFound."""
    row = await repository.find(tx, code)
    if row is None:
        raise NotFound.of("处理目的", "purpose")
    return row


async def versions(tx: Transaction, code: str) -> Sequence[asyncpg.Record]:
    """Return how a purpose stood, the newest version first; raises NotFound."""
    return await repository.versions(tx, (await find(tx, code))["id"])


async def bases(tx: Transaction) -> Sequence[asyncpg.Record]:
    """Return every legal basis."""
    return await repository.bases(tx)


async def add_basis(tx: Transaction, code: str, articles: str, zh: str, en: str, *, is_consent: bool) -> None:
    """Add a legal basis, such as a province's regulation; raises Conflict ``basis_exists``."""
    if not await repository.add_basis(tx, code, articles, zh, en, is_consent):
        raise Conflict(
            "basis_exists", "该法律依据代码已存在", "there is a legal basis with this code already"
        )


async def create(
    runtime: Runtime, tx: Transaction, purpose: Purpose, reason: str, by: UUID, exports: Iterable[str]
) -> UUID:
    """Enter a purpose; raises InvalidInput, Conflict ``purpose_exists``."""
    await _check(tx, purpose, exports)
    purpose_id = new_id()
    if not await repository.insert(tx, purpose_id, purpose):
        raise Conflict("purpose_exists", "该目的代码已存在", "there is a purpose with this code already")
    await _noted(tx, runtime.outbox, await find(tx, purpose.code), reason, runtime, by)
    return purpose_id


async def change(
    runtime: Runtime,
    tx: Transaction,
    code: str,
    version: int,
    changes: Mapping[str, Any],
    reason: str,
    by: UUID,
    exports: Iterable[str],
) -> asyncpg.Record:
    """Change or end a purpose; raises NotFound, VersionMismatch, InvalidInput."""
    row = await repository.find(tx, code, lock=True)
    if row is None:
        raise NotFound.of("处理目的", "purpose")
    await check_current(tx, row["id"], version, row["version"])
    purpose = replace(repository.purpose_of(row), **changes)
    await _check(tx, purpose, exports)
    after = await repository.update(tx, row["id"], purpose)
    await _noted(tx, runtime.outbox, after, reason, runtime, by)
    return after


async def _check(tx: Transaction, purpose: Purpose, exports: Iterable[str]) -> None:
    is_consent = await repository.is_consent(tx, purpose.basis)
    if is_consent is None:
        names = ", ".join(row["code"] for row in await repository.bases(tx))
        raise InvalidInput.field("/basis", "basis_unknown", f"应为 {names} 之一", f"must be one of {names}")
    check(purpose, basis_is_consent=is_consent, exports=exports)


async def _noted(
    tx: Transaction, outbox: Outbox, row: asyncpg.Record, reason: str, runtime: Runtime, by: UUID
) -> None:
    await repository.note(tx, row, reason, runtime.clock.now(), by)
    await outbox.append(tx, RegistryEventType.PURPOSE_CHANGED, row["id"], _event(repository.purpose_of(row)))


def _event(purpose: Purpose) -> PurposeChanged:
    return PurposeChanged(
        code=purpose.code,
        covers=list(purpose.covers),
        active_from=purpose.active_from,
        active_to=purpose.active_to,
    )


async def covering(tx: Transaction, sort: Sort, name: str, on: date) -> list[Purpose]:
    """Return the purposes in force on a day that cover something."""
    return [repository.purpose_of(row) for row in await repository.listed(tx, f"{sort}:{name}", on)]


async def require(tx: Transaction, code: str, sort: Sort, name: str, on: date, pointer: str) -> Purpose:
    """Return the purpose if it covers something on a day; raises InvalidInput that names those that do."""
    allowed = await covering(tx, sort, name, on)
    found = next((each for each in allowed if each.code == code), None)
    if found is None:
        raise not_covering(pointer, code, allowed)
    return found


async def add_first(tx: Transaction, outbox: Outbox) -> int:
    """Add the bases and purposes that a district starts with and does not have yet; returns how many purposes.

    What the administrator changed or ended stays as it is.
    """
    for basis in BASES:
        await repository.add_basis(tx, *basis)
    added = 0
    for purpose in PURPOSES:
        if await repository.insert(tx, new_id(), purpose):
            row = await find(tx, purpose.code)
            at = await tx.fetchval("SELECT now()")
            await repository.note(tx, row, "初始目录 first catalogue", at, None)
            await outbox.append(tx, RegistryEventType.PURPOSE_CHANGED, row["id"], _event(purpose))
            added += 1
    return added
