"""Digests (对账): telling a partner what this end holds, and mending what differs.

The rules are in :mod:`.protocol.digests`.
"""

from datetime import datetime
from typing import Any

import structlog

from renkou_common.database import Transaction
from renkou_common.ids import new_id
from renkou_migrant.credentials.trust import TrustList
from renkou_migrant.exchange import pair_repository as pairs
from renkou_migrant.exchange.carried import PairDigest, SentSummary, TakenSummary
from renkou_migrant.exchange.contracts import MessageKind
from renkou_migrant.exchange.pair_repository import Pair
from renkou_migrant.exchange.protocol import digests
from renkou_migrant.exchange.protocol.digests import Digest, Healing, Mark, Sent, Taken
from renkou_migrant.exchange.protocol.sending import first_replayable
from renkou_migrant.exchange.receipts import write_unnumbered
from renkou_migrant.message_log import service as message_log
from renkou_migrant.message_log.domain import Entry
from renkou_migrant.runtime import Runtime

_log = structlog.get_logger(__name__)
_FINDINGS = {
    "lost": (
        "对方收到而本区已丢失的报文(本区恢复过备份); 内容请向对方索取",
        "Messages of ours that the partner has and we lost in a restore; ask the partner for what they said",
    ),
    "gone": (
        "对方不能再发的报文, 已跳过; 请与对方核对这段时间的往来",
        "Messages that the partner cannot send any more, passed over; check with it what they were",
    ),
    "differs": (
        "双方记录不一致且原因不明, 未作改动; 请用双方消息日志核对",
        "Both ends differ and nothing explains it, nothing was changed; compare both message logs",
    ),
    "implausible": (
        "对方声称的序号不可信, 未作改动",
        "The partner claims numbers that cannot be, nothing was changed",
    ),
}


def to_digest(content: PairDigest) -> Digest:
    """Return a digest as the rules read it."""
    sent, taken = content.sent, content.taken
    return Digest(
        Sent(sent.upto, bytes.fromhex(sent.hash) if sent.hash else None, sent.first),
        Taken(taken.upto, bytes.fromhex(taken.hash), taken.highest, taken.gone),
        content.asks,
        content.answers,
        content.seen,
    )


async def read(
    tx: Transaction, partner: str, theirs: Digest, made_at: datetime, now: datetime
) -> Healing | None:
    """Compare, and mend what concerns our own messages; None for a digest older than one read before.

    The caller passes over what will not come (``pass_to``), then answers. The pair is locked by the caller.
    """
    pair = (await pairs.lock(tx, [partner]))[partner]
    answered = pair.asks is not None and theirs.answers == pair.asks
    if pair.seen_at is not None and made_at < pair.seen_at and not answered:
        return None
    await pairs.note_seen(tx, partner, made_at, answered=answered)
    out_upto = digests.comparable(pair.out_mark, pair.last_out, theirs.taken.upto)
    in_upto = digests.comparable(pair.in_mark, pair.next_in - 1, theirs.sent.upto)
    healing = digests.compare(
        sent=Sent(pair.last_out, None, pair.first_out),
        taken=Taken(pair.next_in - 1, b"", pair.highest_in, pair.in_gone),
        out_mark=pair.out_mark,
        out_gone=pair.out_gone,
        in_mark=pair.in_mark,
        theirs=theirs,
        out_at=None if out_upto is None else await _sent_at(tx, pair, out_upto),
        in_at=None if in_upto is None else await _taken_at(tx, pair, in_upto),
        restored=answered,
    )
    await _mend(tx, pair, theirs, healing, now)
    return healing


async def _mend(tx: Transaction, pair: Pair, theirs: Digest, healing: Healing, now: datetime) -> None:
    partner = pair.partner
    if healing.implausible:
        await _note(tx, partner, "out", "implausible", (pair.last_out + 1, theirs.taken.highest), now)
    if healing.lost is not None:
        await _note(tx, partner, "out", "lost", healing.lost, now)
    if healing.go_on_after is not None:
        await pairs.go_on_after(tx, partner, healing.go_on_after)
    if healing.replay is not None:
        again = await pairs.replay(tx, partner, healing.replay)
        if again:
            _log.warning("sent again, as the partner lacks them", partner=partner, messages=again)
    for direction, mark in (("out", pair.out_mark), ("in", pair.in_mark)):
        if direction in healing.differs:
            upto = theirs.taken.upto if direction == "out" else theirs.sent.upto
            await _note(tx, partner, direction, "differs", (mark.upto + 1, upto), now)
    if healing.out_mark is not None:
        await pairs.agree_out(tx, partner, healing.out_mark, theirs.taken.gone)
        await pairs.heal_findings(tx, partner, "out", healing.out_mark.upto, now)
    if healing.in_mark is not None:
        await pairs.agree_in(tx, partner, healing.in_mark)
        await pairs.heal_findings(tx, partner, "in", healing.in_mark.upto, now)


async def note_gone(tx: Transaction, partner: str, gone: list[tuple[int, int]], now: datetime) -> None:
    """Keep which numbers of a partner will never come."""
    for missing in gone:
        await _note(tx, partner, "in", "gone", missing, now)
    if gone:
        await pairs.set_in_gone(tx, partner, gone[-1][1])


async def _note(
    tx: Transaction, partner: str, direction: str, code: str, numbers: tuple[int, int], now: datetime
) -> None:
    _log.error("comparison", partner=partner, direction=direction, code=code, numbers=numbers)
    await pairs.add_finding(tx, partner, direction, code, *numbers, now)


async def write(
    tx: Transaction,
    runtime: Runtime,
    trust: TrustList,
    partner: str,
    now: datetime,
    *,
    to: Digest | None = None,
    asks: str | None = None,
) -> list[Entry]:
    """Write this end's digest, as an answer where ``to`` is given; returns its log entry."""
    pair = (await pairs.lock(tx, [partner]))[partner]
    sent = await _sent_at(tx, pair, pair.last_out)
    taken = await _taken_at(tx, pair, pair.next_in - 1)
    oldest = await pairs.oldest_unsettled(tx, partner, pair.last_out, pair.last_out)
    told = await message_log.statement(tx, partner)
    content = PairDigest(
        sent=SentSummary(
            upto=pair.last_out,
            hash=sent.hash.hex() if sent else None,
            first=first_replayable(pair.first_out, oldest),
        ),
        taken=TakenSummary(
            upto=taken.upto,
            hash=taken.hash.hex(),
            highest=max(pair.highest_in, taken.upto),
            gone=pair.in_gone,
        ),
        asks=asks,
        answers=to.asks if to else None,
        seen=to.taken.upto if to else None,
        head=told["head"],
        witnessed=told["witnessed"],
    )
    return await write_unnumbered(tx, runtime, trust, partner, MessageKind.DIGEST, content, now)


async def write_due(tx: Transaction, runtime: Runtime, trust: TrustList, limit: int) -> list[Entry]:
    """Write the digests that are due: to whom must be asked, and to everybody once a day; returns log entries."""
    now, today = runtime.clock.now(), runtime.clock.today()
    entries: list[Entry] = []
    asked = await pairs.to_ask(tx, runtime.settings.gap_patience_seconds, limit)
    for partner, token in asked:
        entries += await write(tx, runtime, trust, partner, now, asks=token or new_token())
        await pairs.note_asked(tx, partner)
    for partner in await pairs.to_compare(tx, today, limit):
        entries += await write(tx, runtime, trust, partner, now)
        await pairs.note_said(tx, partner, today)
    return entries


async def start(tx: Transaction) -> int:
    """Number nothing until the partners have told what they hold; returns how many have yet to."""
    return await pairs.start_comparing(tx, new_token())


async def page(tx: Transaction, after: str, limit: int) -> list[dict[str, Any]]:
    """Return how far the exchange with each partner has come, by partner."""
    return await pairs.page(tx, after, limit)


async def findings(tx: Transaction, before: int | None, limit: int) -> list[dict[str, Any]]:
    """Return what comparing has shown, the latest first, in words."""
    found = await pairs.findings(tx, before, limit)
    return [{**row, **_explained(row["code"])} for row in found]


def _explained(code: str) -> dict[str, str]:
    zh, en = _FINDINGS[code]
    return {"code_label": zh, "code_label_en": en}


def new_token() -> str:
    """Return what an answer has to repeat."""
    return new_id().hex


async def _sent_at(tx: Transaction, pair: Pair, upto: int) -> Mark | None:
    rows = await pairs.chain(tx, pair.partner, "out", pair.out_mark.upto, upto)
    return digests.extend_through(pair.out_mark, rows, upto)


async def _taken_at(tx: Transaction, pair: Pair, upto: int) -> Mark:
    rows = await pairs.chain(tx, pair.partner, "in", pair.in_mark.upto, upto)
    return digests.extend_over(pair.in_mark, rows, upto)
