"""Closing a period: open, check, sign, publish, reopen. Each step is logged with who, when and why."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import structlog

from renkou_common.clock import SHANGHAI
from renkou_common.codes.area import AreaCode
from renkou_common.codes.period import Period
from renkou_common.database import Reader, Transaction
from renkou_common.errors import FieldError, InvalidInput, NotFound, Text
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.identity.principal import Access
from renkou_common.ids import new_id
from renkou_common.scope import AreaScope
from renkou_reporting.closings import checking, freezing, repository
from renkou_reporting.closings.domain import CheckResult, Frozen, Reservation, State
from renkou_reporting.closings.errors import (
    ChecksFailed,
    ClosingExists,
    NoFigureKey,
    NothingToRestate,
    OtherFigures,
    OverridesMissing,
    SamePerson,
    WrongState,
)
from renkou_reporting.closings.schemas import (
    CheckAnswer,
    CheckList,
    ClosingAnswer,
    ClosingList,
    ClosingSummary,
    FindingAnswer,
    FirstSignature,
    FirstSigned,
    FrozenAnswer,
    PageQuestion,
    ReservationAnswer,
    SecondSignature,
    StepAnswer,
)
from renkou_reporting.copies.levelling import level
from renkou_reporting.disclosure import service as disclosure
from renkou_reporting.feeds.service import feed_heads
from renkou_reporting.figures.domain import Months
from renkou_reporting.labels import Label
from renkou_reporting.periods import parse_period
from renkou_reporting.published import service as published
from renkou_reporting.published.domain import NewVersion, Signature, shown_account
from renkou_reporting.published.domain import document as document_of
from renkou_reporting.published.signing import FigureKey, canonical, read_key
from renkou_reporting.runtime import Runtime
from renkou_reporting.subscriptions import APPLY
from renkou_reporting.texts import text_errors

_TRIES = 3
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Checked:
    """A period frozen at one moment, and what the checks say of it."""

    frozen: Frozen
    results: list[CheckResult]

    def reservations(self, despite: Sequence[str]) -> list[Reservation]:
        """Return what is signed in spite of; raises InvalidInput for a check that cannot be overridden, and
        ChecksFailed for one that does not hold and is not among those."""
        overridable = {one.code for one in self.results if one.overridable}
        wrong = [number for number, code in enumerate(despite) if code not in overridable]
        if wrong:
            allowed = ", ".join(sorted(overridable))
            text = Text(f"只有这些检查可以保留意见: {allowed}", f"only these can be overridden: {allowed}")
            raise InvalidInput.fields(
                [FieldError(f"/despite/{one}", "not_overridable", text) for one in wrong]
            )
        errors = [
            FieldError(
                f"/checks/{result.code}",
                result.code,
                Text(
                    f"{result.name.zh}: {finding.text.zh}; 见 {finding.link}",
                    f"{result.name.en}: {finding.text.en}; see {finding.link}",
                ),
            )
            for result in self.results
            if result.code not in despite
            for finding in result.findings
        ]
        if errors:
            raise ChecksFailed(errors)
        return [
            Reservation(result.code, [finding.text for finding in result.findings])
            for result in self.results
            if not result.holds
        ]


async def open_closing(tx: Transaction, runtime: Runtime, access: Access, period_text: str) -> UUID:
    """Begin to close a period of the district; raises InvalidInput or ClosingExists."""
    period = parse_period(period_text, "/period")
    closing_id, now = new_id(), runtime.clock.now()
    months = Months.of(period)
    area = runtime.district.key
    existing = await repository.insert(
        tx, closing_id, area, str(period), (months.first, months.last), access.subject, now
    )
    if existing is not None:
        raise ClosingExists(existing)
    await repository.log(tx, closing_id, "opened", access.subject, now, "", {})
    return closing_id


async def check(runtime: Runtime, closing_id: UUID) -> Checked:
    """Freeze a closing's period in one snapshot and check it; raises NotFound. Changes nothing.

    All partitions of a feed stand at one number in the snapshot; raises Unavailable where they cannot be brought there.
    Where the database breaks a deadlock, it is done again.
    """
    for _ in range(_TRIES - 1):
        try:
            return await _check(runtime, closing_id)
        except asyncpg.DeadlockDetectedError:
            _log.info("a check of a closing is done again after a deadlock", closing=str(closing_id))
    return await _check(runtime, closing_id)


async def _check(runtime: Runtime, closing_id: UUID) -> Checked:
    heads = await feed_heads(runtime.feeds)
    await checking.wait_for_feeds(runtime.database, heads)
    async with runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        async with level(runtime.database, runtime.feeds, APPLY):
            await repository.one_snapshot(tx)
            row = await _find(tx, closing_id)  # the first read: from here on the feeds may move on
        area, period = AreaCode.from_key(row["area"]), Period.parse(row["period"])
        before = await published.newest(tx, area, str(period))
        earlier = (
            None
            if before is None
            else freezing.Earlier(before["id"], before["definitions"], before["positions"])
        )
        frozen = await freezing.freeze(tx, area, period, earlier)
        situation = checking.Situation(runtime, tx, area, period, heads, frozen)
        return Checked(frozen, await checking.check(situation))


async def require_unsigned(tx: Reader, closing_id: UUID, given: FirstSignature) -> None:
    """Raise NotFound, WrongState or InvalidInput where a first signature is refused whatever the figures are.

    Freezing waits for the feeds and counts everything: nobody is to wait so long for such an answer, nor to keep the
    service at work with it.
    """
    check_reason(given.reason)
    _require(await _find(tx, closing_id), State.OPEN, State.REOPENED)


async def sign(
    tx: Transaction,
    runtime: Runtime,
    access: Access,
    closing_id: UUID,
    checked: Checked,
    given: FirstSignature,
) -> UUID:
    """Put the first signature under frozen figures; returns their id.

    Raises InvalidInput, WrongState, ChecksFailed, or NothingToRestate.
    """
    check_reason(given.reason)
    row = await _lock(tx, closing_id)
    _require(row, State.OPEN, State.REOPENED)
    frozen = replace(checked.frozen, reservations=checked.reservations(given.despite))
    if row["version"] and not frozen.differences:
        raise NothingToRestate
    content = canonical(frozen.to_json())
    digest = sha256(content).digest()
    frozen_id, now = new_id(), runtime.clock.now()
    await repository.insert_frozen(
        tx, frozen_id, closing_id, access.subject, now, given.reason, digest, content
    )
    await repository.move(tx, closing_id, State.SIGNED, version=row["version"], frozen_id=frozen_id)
    despite = [one.to_json() for one in frozen.reservations]
    detail = {"hash": digest.hex(), "positions": dict(frozen.positions), "despite": despite}
    await repository.log(tx, closing_id, "signed", access.subject, now, given.reason, detail)
    return frozen_id


async def publish(
    tx: Transaction, runtime: Runtime, access: Access, closing_id: UUID, given: SecondSignature
) -> UUID:
    """Put the second signature under the same figures and publish them as the next version; returns its id.

    Raises WrongState, SamePerson, OtherFigures, OverridesMissing, InvalidInput, or NoFigureKey.
    """
    key = figure_key(runtime)
    row = await _lock(tx, closing_id)
    _require(row, State.SIGNED)
    stored = await repository.frozen(tx, row["frozen_id"])
    if stored["signed_by"] == access.subject:
        raise SamePerson
    if stored["content_hash"].hex() != given.hash:
        raise OtherFigures
    frozen = Frozen.from_json(orjson.loads(stored["content"]))
    overrides = _overrides(frozen, given, access.subject)
    area, version, now = AreaCode.parse(frozen.area), row["version"] + 1, runtime.clock.now()
    before = await published.newest(tx, area, frozen.period)
    protected = await disclosure.protect(tx, freezing.figures(frozen))
    by_key = {cell.key: cell for cell in protected.cells}
    changed = [replace(one, after=by_key.get(one.key)) for one in frozen.differences]
    accounts = list(zip(frozen.accounts, protected.hidden_parts, strict=True))
    signatures = [
        Signature("statistician", str(stored["signed_by"]), _instant(stored["signed_at"])),
        Signature("second", str(access.subject), _instant(now)),
    ]
    content = document_of(
        head={
            "district": runtime.settings.district,
            "area": frozen.area,
            "period": frozen.period,
            "months": list(frozen.months),
            "version": version,
            "previous": before["payload_hash"].hex() if before is not None else None,
            "reason": stored["reason"],
            "positions": dict(frozen.positions),
            "frozen": given.hash,
            "overrides": overrides,
        },
        signatures=signatures,
        definitions=frozen.definitions,
        cells=protected.cells,
        accounts=[shown_account(account, hidden) for account, hidden in accounts],
        differences=changed,
    )
    new = NewVersion(
        id=new_id(), closing_id=closing_id, frozen_id=row["frozen_id"], area=row["area"], period=row["period"],
        first_month=row["first_month"], last_month=row["last_month"], version=version,
        first_signed_by=stored["signed_by"], first_signed_at=stored["signed_at"], second_signed_by=access.subject,
        second_signed_at=now, reason=stored["reason"], positions=dict(frozen.positions),
        definitions=dict(frozen.definitions), overrides=overrides, signed=key.sign(canonical(content)),
    )  # fmt: skip
    await published.add(tx, new, protected.cells, accounts, changed)
    await disclosure.keep(tx, new.id, protected)
    await repository.move(tx, closing_id, State.PUBLISHED, version=version)
    detail = {
        "version": version,
        "hash": new.signed.hash.hex(),
        "differences": len(frozen.differences),
        "hidden": protected.hidden,
        "overrides": overrides,
    }
    await repository.log(tx, closing_id, "published", access.subject, now, stored["reason"], detail)
    return new.id


async def withdraw(tx: Transaction, runtime: Runtime, access: Access, closing_id: UUID, reason: str) -> None:
    """Take a first signature back, or give up a restatement; what was published stays.

    Raises WrongState or InvalidInput.
    """
    check_reason(reason)
    row = await _lock(tx, closing_id)
    _require(row, State.SIGNED, State.REOPENED)
    state = State.PUBLISHED if row["version"] else State.OPEN
    await repository.move(tx, closing_id, state, version=row["version"])
    await repository.log(tx, closing_id, "withdrawn", access.subject, runtime.clock.now(), reason, {})


async def reopen(tx: Transaction, runtime: Runtime, access: Access, closing_id: UUID, reason: str) -> None:
    """Open a published period for a restatement; raises WrongState or InvalidInput."""
    check_reason(reason)
    row = await _lock(tx, closing_id)
    _require(row, State.PUBLISHED)
    await repository.move(tx, closing_id, State.REOPENED, version=row["version"])
    detail = {"version": row["version"]}
    await repository.log(tx, closing_id, "reopened", access.subject, runtime.clock.now(), reason, detail)


async def read(tx: Reader, closing_id: UUID) -> ClosingAnswer:
    """Return a closing with its log; raises NotFound."""
    row = await _find(tx, closing_id)
    area = AreaCode.from_key(row["area"])
    newest = await published.newest(tx, area, row["period"])
    late = (
        None if newest is None else await repository.late_events(tx, newest["positions"], row["last_month"])
    )
    first = None
    if row["frozen_id"] is not None:
        first = FirstSigned(
            hash=row["content_hash"].hex(), by=row["signed_by"], at=row["signed_at"], reason=row["reason"]
        )
    return ClosingAnswer(
        **_summary(row).model_dump(),
        first_signed=first,
        late_events=late,
        steps=[StepAnswer.model_validate(dict(one)) for one in await repository.steps(tx, closing_id)],
    )


async def page(tx: Reader, question: PageQuestion) -> ClosingList:
    """Return a page of closings."""
    rows = await repository.page(tx, decode_key(question.after, UUID), question.limit + 1)
    items = [_summary(row) for row in rows[: question.limit]]
    more = len(rows) > question.limit
    return ClosingList(items=items, next_after=encode_cursor(items[-1].id) if more else None)


async def read_frozen(tx: Reader, closing_id: UUID) -> FrozenAnswer:
    """Return the figures that wait for the second signature; raises NotFound or WrongState."""
    row = await _find(tx, closing_id)
    _require(row, State.SIGNED)
    frozen = Frozen.from_json(orjson.loads((await repository.frozen(tx, row["frozen_id"]))["content"]))
    return FrozenAnswer(
        hash=row["content_hash"].hex(),
        positions=dict(frozen.positions),
        reservations=[ReservationAnswer.model_validate(one.to_json()) for one in frozen.reservations],
        items=[published.figure_row(cell) for cell in frozen.cells],
        differences=[one.shown() for one in frozen.differences],
    )


def check_list(checked: Checked) -> CheckList:
    """Return the checks as callers see them."""
    return CheckList(
        holds=all(one.holds for one in checked.results),
        positions=dict(checked.frozen.positions),
        items=[
            CheckAnswer(
                code=one.code,
                name=Label(zh=one.name.zh, en=one.name.en),
                overridable=one.overridable,
                holds=one.holds,
                findings=[
                    FindingAnswer(text=Label(zh=each.text.zh, en=each.text.en), link=each.link)
                    for each in one.findings
                ],
            )
            for one in checked.results
        ],
    )


def figure_key(runtime: Runtime) -> FigureKey:
    """Return the key that signs figures; raises NoFigureKey."""
    if runtime.settings.figure_key_file is None:
        raise NoFigureKey
    return read_key(runtime.settings.figure_key_file)


def check_reason(text: str, pointer: str = "/reason") -> None:
    """Raise InvalidInput for a reason that holds a number of somebody: it is published."""
    errors = list(text_errors(pointer, text))
    if errors:
        raise InvalidInput.fields(errors)


def _overrides(frozen: Frozen, given: SecondSignature, by: UUID) -> list[dict[str, Any]]:
    """Return the reservations with the reasons of the second signer; raises OverridesMissing or InvalidInput."""
    needed = {one.check: one for one in frozen.reservations}
    for code, reason in given.overrides.items():
        check_reason(reason, f"/overrides/{code}")
    unknown = [
        FieldError(
            f"/overrides/{code}", "override_unknown", Text("该检查无须说明", "this check needs no override")
        )
        for code in given.overrides
        if code not in needed
    ]
    if unknown:
        raise InvalidInput.fields(unknown)
    missing = [
        FieldError(f"/overrides/{code}", "missing", finding)
        for code, one in needed.items()
        if code not in given.overrides
        for finding in one.findings
    ]
    if missing:
        raise OverridesMissing(missing)
    return [
        {**one.to_json(), "by": str(by), "reason": given.overrides[code]}
        for code, one in sorted(needed.items())
    ]


def _instant(at: datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat()


async def _find(tx: Reader, closing_id: UUID) -> asyncpg.Record:
    row = await repository.find(tx, closing_id)
    if row is None:
        raise NotFound.of("关账", "closing")
    return row


async def _lock(tx: Transaction, closing_id: UUID) -> asyncpg.Record:
    row = await repository.lock(tx, closing_id)
    if row is None:
        raise NotFound.of("关账", "closing")
    return row


def _require(row: asyncpg.Record, *states: State) -> None:
    if row["state"] not in states:
        raise WrongState(row["state"], *states)


def _summary(row: asyncpg.Record) -> ClosingSummary:
    return ClosingSummary(
        id=row["id"],
        area=AreaCode.from_key(row["area"]).value,
        period=row["period"],
        state=row["state"],
        version=row["version"],
    )
