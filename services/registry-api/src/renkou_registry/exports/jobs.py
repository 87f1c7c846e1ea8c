"""The worker's side of exports: page by page, each with its place in one transaction, so that a killed
worker's export goes on where it stood. See :mod:`renkou_registry.background`."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import structlog

from renkou_common.audit.acting import STAFF, Acting, acting_as
from renkou_common.codes.findings import Finding
from renkou_common.database import TRANSIENT_ERRORS, Transaction
from renkou_common.errors import Conflict, RenkouError
from renkou_registry import background
from renkou_registry.background import MAXIMUM_ATTEMPTS, JobSession
from renkou_registry.consents import service as consents
from renkou_registry.consents.domain import ConsentPurpose
from renkou_registry.exports import repository
from renkou_registry.exports.listing import (
    KEEP_HOURS,
    MAXIMUM_WORKBOOK_ROWS,
    PAGE_ROWS,
    ExportList,
    Format,
    Texts,
)
from renkou_registry.exports.lists import LISTS
from renkou_registry.exports.repository import Export
from renkou_registry.exports.service import check_purpose, part_context
from renkou_registry.runtime import Runtime

NOT_CONSENTED = "未单独同意"
"""What stands in the file instead."""
_log = structlog.get_logger(__name__)


async def run_exports(runtime: Runtime) -> None:
    """Work off exports until cancelled; a lost database is waited for."""
    await background.run(runtime, "export", work_off)


async def work_off(runtime: Runtime, session: JobSession) -> bool:
    """Carry the oldest open export that nobody holds to its end; says whether there was one."""
    async with session.transaction() as tx:
        waiting = await repository.open_jobs(tx)
    for job_id in waiting:
        if not await session.hold(job_id):
            continue
        async with session.transaction() as tx:
            export = await repository.take_up(tx, job_id)
        if export is not None:
            name = f"export {export.list_name}"
            clerk = Acting(
                export.created_by, STAFF, name, session=str(export.id), purpose=export.purpose_code
            )
            with acting_as(clerk):
                await _carry(runtime, session, export)
        await session.release(job_id)
        if export is not None:
            return True
    return False


async def _carry(runtime: Runtime, session: JobSession, export: Export) -> None:
    _log.info("export taken up", job=str(export.id), part=export.parts)
    try:
        if export.attempts > MAXIMUM_ATTEMPTS:
            raise Conflict("export_failed", "导出反复中断, 已停止", "The export broke off again and again")
        await _write(runtime, session, export)
    except RenkouError as error:
        _log.error("export failed", job=str(export.id), code=error.code)
        async with session.transaction() as tx:
            failure = Finding(error.code, error.detail.zh, error.detail.en)
            await repository.fail(tx, export.id, failure, runtime.clock.now())
    except TRANSIENT_ERRORS:
        raise
    except Exception as error:
        await background.broke_off("export", export.id, error)
    _log.info("export put down", job=str(export.id))


async def _write(runtime: Runtime, session: JobSession, export: Export) -> None:
    of, place, part, rows = LISTS[export.list_name], export.place, export.parts, export.rows
    async with session.transaction() as tx:
        await check_purpose(runtime, tx, export)
    while part == 0 or place is not None:
        async with session.transaction(export.scope) as tx:
            texts, place, left_out = await of.page(
                runtime, tx, export.scope, export.created_by, export.filters, place, PAGE_ROWS
            )
            texts = await _without_unconsented(tx, of, export.filters, texts)
            page = [[row[name] for name in export.columns] for row in texts]
            rows += len(page)
            if export.format is Format.XLSX and rows > MAXIMUM_WORKBOOK_ROWS:
                raise Conflict(
                    "export_too_long",
                    f"超过工作表的 {MAXIMUM_WORKBOOK_ROWS} 行, 请改用 CSV 或缩小范围",
                    f"more than the {MAXIMUM_WORKBOOK_ROWS} rows of a worksheet; use CSV or narrow the list",
                )
            sealed = runtime.cipher.seal(orjson.dumps(page), part_context(export.id, part))
            await repository.add_part(tx, export.id, part, sealed, len(page), left_out, place)
        part += 1
        _log.info("export rows written", job=str(export.id), rows=rows)
    now = runtime.clock.now()
    async with session.transaction() as tx:
        await repository.finish(tx, export.id, now, now + timedelta(hours=KEEP_HOURS))
        done = await repository.find(tx, export.id, export.scope)
        assert done is not None
        await repository.log(tx, done, "finished", export.created_by, now)


async def _without_unconsented(
    tx: Transaction, of: ExportList, filters: Mapping[str, Any], texts: Sequence[Texts]
) -> Sequence[Texts]:
    """Leave out what tells of health where the person has not consented to that separately, by now."""
    health = of.health
    if health is None:
        return texts
    ids = {UUID(row[health.person]) for row in texts if row[health.person]}
    agreed = {str(each) for each in await consents.consenting(tx, ids, ConsentPurpose.HEALTH_IN_LISTS)}
    if any(filters.get(name) for name in health.filters):
        return [row for row in texts if row[health.person] in agreed]
    left_out = dict.fromkeys(health.columns, NOT_CONSENTED)
    return [row if row[health.person] in agreed else row | left_out for row in texts]


async def trim_exports(runtime: Runtime, tx: Transaction) -> None:
    """Delete the content of exports whose time is over."""
    await repository.expire(tx, runtime.clock.now())
