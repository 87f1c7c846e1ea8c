"""Exports as clerks see them: ask, look, take a link, load the file. Callers hold the transaction."""

import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_common.scope import AreaScope
from renkou_common.sheets.delimited import TextWriter
from renkou_registry.exports import repository
from renkou_registry.exports.files import WorkbookWriter, Writer
from renkou_registry.exports.listing import ExportList, ExportState, Format, chosen_columns
from renkou_registry.exports.lists import LISTS
from renkou_registry.exports.repository import Export
from renkou_registry.exports.shown import Shown
from renkou_registry.privacy.purposes import service as purposes
from renkou_registry.privacy.purposes.domain import Sort
from renkou_registry.runtime import Runtime


def part_context(job_id: UUID, part: int) -> str:
    """What a page is sealed for."""
    return f"export_part.sealed/{job_id}/{part}"


async def ask(
    runtime: Runtime,
    tx: Transaction,
    of: ExportList,
    filters: dict[str, Any],
    columns: Sequence[str] | None,
    file_format: Format,
    purpose_code: str,
    purpose: str,
    scope: AreaScope,
    clerk: UUID,
) -> UUID:
    """Queue an export and log the request; raises InvalidInput for unknown columns and for a purpose that is not
    in force or does not cover the list, NotFound for a foreign area.
    """
    today = runtime.clock.today()
    await purposes.require(tx, purpose_code, Sort.EXPORT, of.name, today, "/purpose_code")
    chosen = chosen_columns(of, columns)
    tried = replace(runtime, readings=Shown(runtime.readings))  # a foreign area or a wrong filter says so now
    await of.page(tried, tx, scope, clerk, filters, None, 1)
    now = runtime.clock.now()
    job_id = await repository.insert(
        tx,
        list_name=of.name,
        file_format=file_format,
        filters=filters,
        columns=chosen,
        purpose_code=purpose_code,
        purpose=purpose,
        scope=scope,
        created_by=clerk,
        created_at=now,
    )
    await repository.log(tx, await find(tx, job_id, scope), "requested", clerk, now)
    return job_id


async def check_purpose(runtime: Runtime, tx: Transaction, export: Export) -> None:
    """Raise Conflict ``purpose_ended`` where what an export was asked for has ended since.

    Those from before purposes were kept as data have none; they end within a day by themselves.
    """
    if export.purpose_code is None:
        return
    covering = await purposes.covering(tx, Sort.EXPORT, export.list_name, runtime.clock.today())
    if export.purpose_code not in {each.code for each in covering}:
        raise Conflict(
            "purpose_ended",
            f"目的 {export.purpose_code} 已终止或不再涵盖此名单",
            f"The purpose {export.purpose_code} has ended or no longer covers this list",
        )


async def find(tx: Transaction, job_id: UUID, scope: AreaScope) -> Export:
    """Return an export that this caller may see; raises NotFound."""
    export = await repository.find(tx, job_id, scope)
    if export is None:
        raise NotFound.of("导出任务", "export")
    return export


async def link(
    runtime: Runtime, tx: Transaction, job_id: UUID, scope: AreaScope, clerk: UUID
) -> tuple[str, Export]:
    """Return a fresh token that opens the file for its clerk until it expires; an earlier one ends.

    Raises NotFound where somebody else asked for the export, Conflict where there is nothing to load.
    """
    export = await find(tx, job_id, scope)
    if export.created_by != clerk:
        raise NotFound.of("导出任务", "export")
    if export.state is not ExportState.DONE or (
        export.expires_at and export.expires_at <= runtime.clock.now()
    ):
        raise Conflict(
            "export_not_ready",
            "该导出尚未完成、失败或已过期",
            "This export is not ready, has failed or has expired",
        )
    token = secrets.token_urlsafe(32)
    await repository.set_token(tx, job_id, _hash(token))
    return token, export


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()


async def open_link(runtime: Runtime, tx: Transaction, token: str, clerk: UUID) -> Export:
    """Return the export that a token opens and log that it is loaded; raises NotFound."""
    now = runtime.clock.now()
    export = await repository.find_by_token(tx, _hash(token), clerk, now)
    if export is None:
        raise NotFound.of("下载链接 (可能已过期)", "link, or it has expired")
    await check_purpose(runtime, tx, export)
    await repository.log(tx, export, "downloaded", clerk, now)
    return export


async def content(runtime: Runtime, export: Export) -> AsyncIterator[bytes]:
    """Yield the file piece by piece; one page of rows is in memory at a time."""
    of = LISTS[export.list_name]
    headings = [of.columns[name] for name in export.columns]
    writer: Writer = WorkbookWriter(of.zh, headings) if export.format is Format.XLSX else TextWriter(headings)
    for number in range(export.parts):
        async with runtime.database.transaction(export.scope, read_only=True) as tx:
            sealed = await repository.part(tx, export.id, number)
        if sealed is None:
            raise Conflict("export_expired", "导出已过期", "The export expired while it was loaded")
        yield writer.add(orjson.loads(runtime.cipher.unseal(sealed, part_context(export.id, number))))
    yield writer.end()


async def logged(tx: Transaction, after: tuple[datetime, UUID] | None, limit: int) -> list[asyncpg.Record]:
    """Return who exported what, what for and when, the latest first."""
    return await repository.logged(tx, after, limit)
