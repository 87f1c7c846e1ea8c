"""The worker's side of external lists: reads a file and says whom each row may mean.

Matching changes nothing in the register, so an interrupted one starts over. See
:mod:`renkou_registry.background`.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import structlog

from renkou_common.codes.findings import Finding
from renkou_common.database import TRANSIENT_ERRORS, Transaction
from renkou_common.sheets.domain import Unreadable
from renkou_common.sheets.opening import open_file
from renkou_registry import background
from renkou_registry.background import MAXIMUM_ATTEMPTS, JobSession
from renkou_registry.external_lists import repository
from renkou_registry.external_lists.kinds import KINDS, ListKind, titled
from renkou_registry.external_lists.matching import (
    Known,
    Match,
    Register,
    Subject,
    match,
    near_days,
    numbers_of,
)
from renkou_registry.external_lists.repository import List, MatchedRow
from renkou_registry.external_lists.service import file_context, row_context
from renkou_registry.imports.sheet import Layout, Row
from renkou_registry.persons import service as persons
from renkou_registry.runtime import Runtime

_log = structlog.get_logger(__name__)
_GIVEN_UP = Finding("list_failed", "比对反复中断, 已停止", "The matching broke off again and again")


async def run_external_lists(runtime: Runtime) -> None:
    """Match lists until cancelled; a lost database is waited for."""
    await background.run(runtime, "external_list", work_off)


async def work_off(runtime: Runtime, session: JobSession) -> bool:
    """Match the oldest open list that nobody holds; says whether there was one."""
    async with session.transaction() as tx:
        waiting = await repository.open_lists(tx)
    for list_id in waiting:
        if not await session.hold(list_id):
            continue
        async with session.transaction() as tx:
            found = await repository.take_up(tx, list_id)
        if found is not None:
            await _carry(runtime, session, found)
        await session.release(list_id)
        if found is not None:
            return True
    return False


async def _carry(runtime: Runtime, session: JobSession, found: List) -> None:
    _log.info("external list taken up", list=str(found.id))
    try:
        if found.attempts > MAXIMUM_ATTEMPTS:
            raise Unreadable(_GIVEN_UP.code, _GIVEN_UP.zh, _GIVEN_UP.en)
        await _match(runtime, session, found)
    except Unreadable as refusal:
        async with session.transaction() as tx:
            await repository.fail(tx, found.id, refusal.finding)
    except TRANSIENT_ERRORS:
        raise
    except Exception as error:
        await background.broke_off("external list", found.id, error)
    _log.info("external list put down", list=str(found.id))


async def _content(runtime: Runtime, session: JobSession, found: List) -> AsyncIterator[bytes]:
    part = 0
    while True:
        async with session.transaction() as tx:
            sealed = await repository.file_part(tx, found.id, part)
        if sealed is None:
            return
        yield runtime.cipher.unseal(sealed, file_context(found.id, part))
        part += 1


async def _match(runtime: Runtime, session: JobSession, found: List) -> None:
    kind = KINDS[found.kind]
    opened = await open_file(_content(runtime, session, found), kind.sheet.title)
    seen = 0
    try:
        layout = Layout(kind.sheet, titled(kind, found.columns, opened.headings))
        async for numbered in opened.blocks():
            rows = [layout.read(number, cells) for number, cells in numbered]
            async with session.transaction(found.scope) as tx:
                matched = await _match_rows(runtime, tx, found, kind, rows)
                await repository.add_rows(tx, found.id, matched)
            seen += len(rows)
            _log.info("external list rows matched", list=str(found.id), rows=seen)
    finally:
        opened.close()
    if seen == 0:
        raise Unreadable("no_rows", "表中没有可比对的行", "the sheet holds no rows")
    async with session.transaction() as tx:
        await repository.finish(tx, found.id, runtime.clock.now())


def subject_of(kind: ListKind, row: Row) -> Subject:
    """Return who a row is about."""
    sex = row[kind.sex] if kind.sex else None
    return Subject(row[kind.number], row[kind.name] or "", row[kind.born], int(sex) if sex else None)


async def _match_rows(
    runtime: Runtime, tx: Transaction, found: List, kind: ListKind, rows: Sequence[Row]
) -> list[MatchedRow]:
    subjects = [subject_of(kind, row) for row in rows]
    register = await _looked_up(runtime, tx, found, subjects)
    matched = []
    for row, subject in zip(rows, subjects, strict=True):
        how, candidates = match(subject, register)
        if row.refused:
            how = Match.UNREADABLE
        findings: list[dict[str, Any]] = [
            {"column": each.title, "code": each.finding.code, "zh": each.finding.zh, "en": each.finding.en}
            for each in row.findings
        ]
        told = [
            {"person_id": str(each.person_id), "score": each.score, "reasons": list(each.reasons)}
            for each in candidates
        ]
        sealed = runtime.cipher.seal(row.layout.dump([row]), row_context(found.id, row.number))
        score = candidates[0].score if candidates else 0
        matched.append(MatchedRow(row.number, sealed, how, score, told, findings))
    return matched


async def _looked_up(runtime: Runtime, tx: Transaction, found: List, subjects: Sequence[Subject]) -> Register:
    numbers = sorted({number for subject in subjects for number in numbers_of(subject)})
    pairs = {(each.name, day) for each in subjects if each.born and each.name for day in near_days(each.born)}
    by_number = await persons.by_resident_ids(runtime, tx, found.scope, numbers) if numbers else {}
    rows = await persons.by_names(tx, found.scope, sorted(pairs)) if pairs else []
    by_name: dict[str, list[Known]] = {}
    for row in rows:
        known = Known(row["id"], row["name"], row["birth_date"], row["sex"])
        by_name.setdefault(known.name, []).append(known)
    return Register({number: (person_id, name) for number, (person_id, name) in by_number.items()}, by_name)


async def trim_external_lists(runtime: Runtime, tx: Transaction) -> None:
    """Delete the rows of lists whose time is over."""
    await repository.trim(tx, runtime.clock.today(), runtime.clock.now() - timedelta(hours=2))
