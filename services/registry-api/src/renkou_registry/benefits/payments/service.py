"""Payment batches: draft, approve, export once, read results back, close. Nothing here commits.

Whoever approves a batch did not draft it. The accounts are opened in the export and nowhere else; a file that
was lost is taken out again as the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.codes.period import Period
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_benefits import BatchChanged
from renkou_common.errors import Conflict, FieldError, InvalidInput, NotFound, Text
from renkou_common.http.changes import check_current
from renkou_registry.benefits.enrolments import repository as enrolments
from renkou_registry.benefits.enrolments.service import Desk, account_of
from renkou_registry.benefits.payments import files, ledger, repository
from renkou_registry.benefits.payments.domain import BATCH_STEPS, BatchState, fen_of
from renkou_registry.benefits.schemes import service as schemes
from renkou_registry.persons import reading
from renkou_registry.persons.domain import new_id
from renkou_registry.persons.events import area_text

_PAGE = 1000
_FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Exported:
    """The file for the bank, with its checksum (SHA-256, hexadecimal); ``kind`` is xlsx or csv."""

    content: bytes
    checksum: str
    kind: str


async def draft(desk: Desk, scheme_id: UUID, period: Period, area: AreaCode) -> UUID:
    """Draft a batch of all that an area's cases have not been paid, due by the period's last day.

    Arrears, failed payments and what corrections found missing are in it. Returns its id; raises NotFound,
    Conflict ``nothing_due``, InvalidInput for a period that has not begun.
    """
    interval = area.interval()
    if not desk.scope.covers(*interval):
        raise NotFound.of("区划", "area")
    today = desk.runtime.clock.today()
    if period.start > today:
        raise InvalidInput.field("/period", "in_future", "该期尚未开始", "this period has not begun")
    await schemes.find(desk.tx, scheme_id)
    await ledger.accrue_area(desk.runtime, desk.tx, desk.scope, scheme_id, interval)
    batch_id = new_id()
    await repository.insert_batch(
        desk.tx, batch_id, scheme_id, str(period), area.key, desk.subject, desk.runtime.clock.now()
    )
    after, written = _FIRST, 0
    while rows := await repository.payable(desk.tx, scheme_id, interval, period.end, after, _PAGE):
        lines = [
            (new_id(), row["id"], row["parts"], missing)
            for row in rows
            if (missing := repository.account(row).missing) > 0
        ]
        if lines:
            written += await repository.insert_lines(desk.tx, batch_id, lines)
        after = rows[-1]["id"]
    if not written:
        raise Conflict(
            "nothing_due", "该范围内没有应发未发的款项", "nothing is due here that was not paid or sent"
        )
    await _publish(desk, batch_id)
    return batch_id


async def find(desk: Desk, batch_id: UUID, *, lock: bool = False) -> asyncpg.Record:
    """Return a batch whose whole area is the caller's; raises NotFound."""
    row = await repository.find_batch(desk.tx, batch_id, desk.scope, lock=lock)
    if row is None or not desk.scope.covers(*AreaCode.from_key(row["area"]).interval()):
        raise NotFound.of("发放批次", "payment batch")
    return row


def _step(row: asyncpg.Record, step: str) -> BatchState:
    following = BATCH_STEPS.get((BatchState(row["state"]), step))
    if following is None:
        raise Conflict(
            "wrong_state",
            f"批次状态为 {row['state']}, 不能进行该操作",
            f"the batch is {row['state']}; this cannot be done",
        )
    return following


async def approve(desk: Desk, batch_id: UUID, expected: int) -> None:
    """Approve a draft that somebody else made. Raises NotFound, VersionMismatch, Conflict."""
    row = await find(desk, batch_id, lock=True)
    await check_current(desk.tx, row["id"], expected, row["version"])
    state = _step(row, "approval")
    if row["drafted_by"] == desk.subject:
        raise Conflict(
            "same_person", "须由制单人以外的人批准", "somebody other than the drafter must approve"
        )
    now = desk.runtime.clock.now()
    changes = {"state": state, "approved_by": desk.subject, "approved_at": now}
    await repository.update_batch(desk.tx, batch_id, changes)
    await _publish(desk, batch_id)


async def cancel(desk: Desk, batch_id: UUID, expected: int) -> None:
    """Cancel a batch that was not exported; its lines are free for another. Raises as approve."""
    row = await find(desk, batch_id, lock=True)
    await check_current(desk.tx, row["id"], expected, row["version"])
    state = _step(row, "cancellation")
    await repository.drop_lines(desk.tx, batch_id)
    await repository.update_batch(desk.tx, batch_id, {"state": state})
    await _publish(desk, batch_id)


async def export(desk: Desk, batch_id: UUID, expected: int, kind: str) -> Exported:
    """Open the accounts of an approved batch, once, and write down who did. Raises as approve."""
    row = await find(desk, batch_id, lock=True)
    await check_current(desk.tx, row["id"], expected, row["version"])
    state = _step(row, "export")
    await repository.send_lines(desk.tx, batch_id)
    lines = await _all_lines(desk, batch_id)
    payments = [_payment(desk, line) for line in lines if line["state"] == "sent"]
    if not payments:
        raise Conflict("nothing_due", "批次中已没有可发放的款项", "no line of the batch is left to be paid")
    content = files.payment_list(payments, kind)
    checksum = sha256(content).hexdigest()
    total = sum((each.amount for each in payments), Decimal("0.00"))
    now = desk.runtime.clock.now()
    counted = (len(payments), total)
    await repository.record_export(desk.tx, batch_id, kind, checksum, counted, desk.subject, now)
    sealed = desk.runtime.cipher.seal(content, file_context(batch_id))
    await repository.keep_file(desk.tx, batch_id, sealed)
    await _log_accounts(desk, lines)
    await repository.update_batch(desk.tx, batch_id, {"state": state})
    await _publish(desk, batch_id)
    return Exported(content, checksum, kind)


def file_context(batch_id: UUID) -> str:
    """What a payment file is sealed for."""
    return f"benefit_export_file.sealed/{batch_id}"


async def _log_accounts(desk: Desk, lines: Sequence[asyncpg.Record]) -> None:
    """Log for each person of the lines that go to the bank that the account was read."""
    people = sorted({line["person_id"] for line in lines if line["state"] == "sent"})
    await reading.log_accounts(desk.runtime, desk.tx, desk.subject, people)


async def copy(desk: Desk, batch_id: UUID, reason: str) -> UUID:
    """Write down that the file of an exported batch was lost and is taken out again; returns the log's id.

    Nothing about the batch changes: its lines were sent once and can be settled once. Raises NotFound,
    Conflict ``wrong_state`` before the export and after the results.
    """
    row = await find(desk, batch_id, lock=True)
    if row["state"] != BatchState.EXPORTED:
        raise Conflict(
            "wrong_state",
            f"批次状态为 {row['state']}; 只有已导出、尚未回盘的批次可以再次导出",
            f"the batch is {row['state']}; only one that was exported and has no results is exported again",
        )
    if await repository.kept_file(desk.tx, batch_id) is None:
        raise Conflict(
            "file_not_kept",
            "该批次导出时未留存文件, 不能再次导出",
            "the file of this batch was not kept when it was exported",
        )
    copy_id = new_id()
    await repository.record_copy(desk.tx, copy_id, batch_id, reason, desk.subject, desk.runtime.clock.now())
    return copy_id


async def kept(desk: Desk, batch_id: UUID) -> Exported:
    """Return the very bytes of a batch's export, and log whose accounts; raises NotFound where they are gone."""
    found = await repository.find_export(desk.tx, batch_id)
    sealed = await repository.kept_file(desk.tx, batch_id)
    if found is None or sealed is None:
        raise NotFound.of("导出文件", "exported file")
    await _log_accounts(desk, await _all_lines(desk, batch_id))
    content = desk.runtime.cipher.unseal(sealed, file_context(batch_id))
    return Exported(content, found["checksum"], found["format"])


def _payment(desk: Desk, line: asyncpg.Record) -> files.Payment:
    account = account_of(desk.runtime, line)
    return files.Payment(
        line["id"], account["holder"], account["bank"], account["number"], line["amount"], line["period"]
    )


async def _all_lines(desk: Desk, batch_id: UUID) -> list[asyncpg.Record]:
    found: list[asyncpg.Record] = []
    after = _FIRST
    while page := await repository.lines(desk.tx, batch_id, after, _PAGE):
        found += page
        after = page[-1]["id"]
    return found


async def read_results(desk: Desk, batch_id: UUID, content: bytes, kind: str, paid_total: Decimal) -> None:
    """Take the bank's results in: every exported line once, its own amount, the total as told.

    The same file again changes nothing. Raises InvalidInput that lists every row in error, Conflict.
    """
    row = await find(desk, batch_id, lock=True)
    checksum = sha256(content).hexdigest()
    if row["result_checksum"] == checksum:
        return
    state = _step(row, "results")
    results = files.read_results(content, kind)
    lines = {line["id"]: line for line in await _all_lines(desk, batch_id) if line["state"] != "dropped"}
    _check_results(results, lines, paid_total)
    cases = sorted({line["enrolment_id"] for line in lines.values()})
    paid = [each.line_id for each in results if each.paid]
    failed = [(each.line_id, each.reason) for each in results if not each.paid]
    rows = await enrolments.lock_many(desk.tx, cases)
    for start in range(0, len(rows), ledger.PAGE):
        page = rows[start : start + ledger.PAGE]
        own = {case["id"] for case in page}
        async with ledger.figures_of(desk.runtime, desk.tx, desk.scope, page):
            await repository.settle_lines(
                desk.tx,
                batch_id,
                [each for each in paid if lines[each]["enrolment_id"] in own],
                [each for each in failed if lines[each[0]]["enrolment_id"] in own],
            )
        await ledger.review(desk.tx, desk.runtime, [case["id"] for case in page])
    now = desk.runtime.clock.now()
    await repository.drop_file(desk.tx, batch_id)
    changes = {"state": state, "result_checksum": checksum, "settled_by": desk.subject, "settled_at": now}
    await repository.update_batch(desk.tx, batch_id, changes)
    await _publish(desk, batch_id)


def _check_results(
    results: Sequence[files.Result], lines: dict[UUID, asyncpg.Record], paid_total: Decimal
) -> None:
    errors: list[FieldError] = []

    def wrong(at: str, code: str, zh: str, en: str) -> None:
        errors.append(FieldError(at, code, Text(zh, en)))

    seen: set[UUID] = set()
    for each in results:
        at, line = f"/rows/{each.row}", lines.get(each.line_id)
        if line is None:
            wrong(f"{at}/行号", "line_unknown", "行号不在本批次", "is no line of this batch")
        elif each.line_id in seen:
            wrong(f"{at}/行号", "line_twice", "行号重复", "this line is listed already")
        elif each.amount != line["amount"]:
            own = f"{line['amount']:.2f}"
            wrong(f"{at}/金额(元)", "amount", f"应为 {own}", f"must be {own}")
        seen.add(each.line_id)
    missing = len(lines.keys() - seen)
    if missing:
        wrong("/rows", "lines_missing", f"缺少 {missing} 行结果", f"{missing} line(s) have no result")
    total = sum((each.amount for each in results if each.paid), Decimal("0.00"))
    if total != paid_total:
        zh, en = f"已付合计为 {total:.2f}, 与所报不符", f"the paid lines add up to {total:.2f}"
        wrong("/query/paid_total", "wrong_total", zh, en)
    if errors:
        raise InvalidInput.fields(errors)


async def close(desk: Desk, batch_id: UUID, expected: int) -> None:
    """Close a settled batch. Raises as approve."""
    row = await find(desk, batch_id, lock=True)
    await check_current(desk.tx, row["id"], expected, row["version"])
    await repository.update_batch(desk.tx, batch_id, {"state": _step(row, "closing")})
    await _publish(desk, batch_id)


async def _publish(desk: Desk, batch_id: UUID) -> None:
    row = await find(desk, batch_id)
    totals = await repository.totals(desk.tx, batch_id)
    payload = BatchChanged(
        batch_id=batch_id,
        scheme=(await schemes.find(desk.tx, row["scheme_id"])).code,
        period=row["period"],
        area=area_text(row["area"]),
        state=row["state"],
        changed_on=desk.runtime.clock.today(),
        line_count=totals["count"],
        total_fen=fen_of(totals["total"]),
    )
    await desk.runtime.outbox.append(desk.tx, RegistryEventType.BENEFIT_BATCH_CHANGED, batch_id, payload)


async def decide(desk: Desk, overpayment_id: UUID, expected: int, *, returned: bool, note: str) -> None:
    """Decide on an overpayment: left with the person, or given back by them. Raises NotFound, Conflict."""
    found = await repository.find_overpayment(desk.tx, overpayment_id, desk.scope)
    if found is None:
        raise NotFound.of("多发款项", "overpayment")
    rows = await enrolments.lock_many(desk.tx, [found["enrolment_id"]])
    row = await repository.find_overpayment(desk.tx, overpayment_id, desk.scope, lock=True)
    if row is None or not rows:
        raise NotFound.of("多发款项", "overpayment")
    await check_current(desk.tx, row["id"], expected, row["version"])
    if row["state"] != "open":
        raise Conflict("decided_already", "该款项已处理", "it was decided already")
    async with ledger.figures_of(desk.runtime, desk.tx, desk.scope, rows):
        state = "returned" if returned else "kept"
        now = desk.runtime.clock.now()
        await repository.decide_overpayment(desk.tx, overpayment_id, state, note, desk.subject, now)
    await ledger.review(desk.tx, desk.runtime, [row["enrolment_id"]])
