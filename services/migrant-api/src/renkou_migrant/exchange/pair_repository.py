"""Queries of partners as the transport knows them: numbers, what both ends agreed on, what was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from renkou_common.database import Transaction
from renkou_common.ids import new_id
from renkou_migrant.exchange.protocol.digests import Mark

_COLUMNS = (
    "partner, last_out, first_out, next_in, highest_in, out_upto, out_hash, out_gone, in_upto, in_hash, in_gone,"
    " seen_at, asks"
)


@dataclass(frozen=True, slots=True)
class Pair:
    """The counters of a partner; see the table."""

    partner: str
    last_out: int
    first_out: int
    next_in: int
    highest_in: int
    out_mark: Mark
    out_gone: int
    in_mark: Mark
    in_gone: int
    seen_at: datetime | None
    asks: str | None


async def lock(tx: Transaction, partners: Sequence[str]) -> dict[str, Pair]:
    """Return the counters of partners, made where there are none, and lock them until the transaction ends."""
    ordered = sorted(set(partners))
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM pair_counter WHERE partner = ANY($1) ORDER BY partner FOR UPDATE", ordered
    )
    if len(rows) < len(ordered):
        await tx.execute(
            "INSERT INTO pair_counter (partner) SELECT * FROM unnest($1::text[]) ON CONFLICT DO NOTHING",
            ordered,
        )
        return await lock(tx, ordered)
    return {
        row["partner"]: Pair(
            row["partner"],
            row["last_out"],
            row["first_out"],
            row["next_in"],
            row["highest_in"],
            Mark(row["out_upto"], row["out_hash"]),
            row["out_gone"],
            Mark(row["in_upto"], row["in_hash"]),
            row["in_gone"],
            row["seen_at"],
            row["asks"],
        )
        for row in rows
    }


async def set_last_out(tx: Transaction, partner: str, last_out: int) -> None:
    """Write the last number given to a message for a partner."""
    await tx.execute("UPDATE pair_counter SET last_out = $2 WHERE partner = $1", partner, last_out)


async def go_on_after(tx: Transaction, partner: str, number: int) -> None:
    """Number messages beyond ``number``; nothing up to it can be sent any more."""
    await tx.execute(
        "UPDATE pair_counter SET last_out = $2::bigint, first_out = $2::bigint + 1 WHERE partner = $1",
        partner,
        number,
    )


async def cannot_replay(tx: Transaction, partner: str, number: int) -> None:
    """Note that ``number`` cannot be sent any more."""
    await tx.execute(
        "UPDATE pair_counter SET first_out = greatest(first_out, $2::bigint + 1) WHERE partner = $1",
        partner,
        number,
    )


async def set_taken(tx: Transaction, partner: str, next_in: int, highest: int) -> None:
    """Write the number expected next and the highest held; a gap is dated from when it was last another."""
    await tx.execute(
        """
        UPDATE pair_counter SET next_in = $2::bigint, highest_in = $3::bigint,
            gap_since = CASE WHEN $3::bigint < $2::bigint THEN NULL
                WHEN next_in = $2::bigint THEN coalesce(gap_since, now()) ELSE now() END
        WHERE partner = $1
        """,
        partner,
        next_in,
        highest,
    )


async def set_in_gone(tx: Transaction, partner: str, number: int) -> None:
    """Write the last number that had to be passed over."""
    await tx.execute("UPDATE pair_counter SET in_gone = $2 WHERE partner = $1", partner, number)


async def agree_out(tx: Transaction, partner: str, mark: Mark, gone: int) -> None:
    """Write up to where both ends agree on what was sent."""
    await tx.execute(
        "UPDATE pair_counter SET out_upto = $2, out_hash = $3, out_gone = $4 WHERE partner = $1",
        partner,
        mark.upto,
        mark.hash,
        gone,
    )


async def agree_in(tx: Transaction, partner: str, mark: Mark) -> None:
    """Write up to where both ends agree on what was taken in."""
    await tx.execute(
        "UPDATE pair_counter SET in_upto = $2, in_hash = $3 WHERE partner = $1", partner, mark.upto, mark.hash
    )


async def note_seen(tx: Transaction, partner: str, made_at: datetime, *, answered: bool) -> None:
    """Note when the partner made the digest read last; ``answered``: what this node waits for has come."""
    await tx.execute(
        """
        UPDATE pair_counter SET seen_at = greatest(seen_at, $2),
            asks = CASE WHEN $3 THEN NULL ELSE asks END, asked_at = CASE WHEN $3 THEN NULL ELSE asked_at END
        WHERE partner = $1
        """,
        partner,
        made_at,
        answered,
    )


async def chain(
    tx: Transaction, partner: str, direction: str, after: int, upto: int
) -> list[tuple[int, bytes]]:
    """Return (number, digest) of stored messages beyond ``after`` and up to ``upto``, in order."""
    rows = await tx.fetch(
        """
        SELECT pair_seq, digest FROM message
        WHERE direction = $1 AND partner = $2 AND pair_seq > $3 AND pair_seq <= $4 ORDER BY pair_seq
        """,
        direction,
        partner,
        after,
        upto,
    )
    return [(row["pair_seq"], row["digest"]) for row in rows]


async def oldest_unsettled(tx: Transaction, partner: str, last_out: int, within: int) -> int | None:
    """Return the lowest number without receipt among the last ``within``, None where there is none."""
    found: int | None = await tx.fetchval(
        """
        SELECT pair_seq FROM message
        WHERE direction = 'out' AND partner = $1 AND pair_seq > $2 AND next_attempt_at IS NOT NULL
        ORDER BY pair_seq LIMIT 1
        """,
        partner,
        last_out - within,
    )
    return found


async def replay(tx: Transaction, partner: str, after: int) -> int:
    """Have receipted messages beyond ``after`` sent again; returns how many."""
    rows = await tx.fetch(
        """
        UPDATE message SET next_attempt_at = now(), attempts = 0
        WHERE direction = 'out' AND partner = $1 AND pair_seq > $2 AND sealed IS NOT NULL
            AND next_attempt_at IS NULL
        RETURNING 1
        """,
        partner,
        after,
    )
    return len(rows)


async def forget_bytes(tx: Transaction, before: datetime, limit: int) -> None:
    """Forget the sealed bytes of messages that were receipted and signed before an instant."""
    await tx.execute(
        """
        WITH old AS (
            SELECT id FROM message WHERE sealed IS NOT NULL AND next_attempt_at IS NULL AND created_at < $1
            ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED
        ), forgotten AS (
            UPDATE message SET sealed = NULL FROM old WHERE message.id = old.id
            RETURNING message.partner, message.pair_seq
        )
        UPDATE pair_counter p SET first_out = greatest(p.first_out, f.last + 1)
        FROM (SELECT partner, max(pair_seq) AS last FROM forgotten GROUP BY partner) f WHERE p.partner = f.partner
        """,
        before,
        limit,
    )


async def to_compare(tx: Transaction, today: date, limit: int) -> list[str]:
    """Return partners to whom no digest was sent today."""
    rows = await tx.fetch(
        "SELECT partner FROM pair_counter WHERE said_on IS DISTINCT FROM $1 ORDER BY said_on NULLS FIRST, partner"
        " LIMIT $2",
        today,
        limit,
    )
    return [row["partner"] for row in rows]


async def to_ask(tx: Transaction, patience: float, limit: int) -> list[tuple[str, str | None]]:
    """Return (partner, token) of those who have to be asked: after a restore, and for what is long missing."""
    rows = await tx.fetch(
        """
        SELECT partner, asks FROM pair_counter
        WHERE (asks IS NOT NULL AND (asked_at IS NULL OR asked_at < now() - make_interval(secs => $1)))
           OR gap_since < now() - make_interval(secs => $1)
        ORDER BY partner LIMIT $2
        """,
        patience,
        limit,
    )
    return [(row["partner"], row["asks"]) for row in rows]


async def note_said(tx: Transaction, partner: str, today: date) -> None:
    """Note that today's digest was written."""
    await tx.execute("UPDATE pair_counter SET said_on = $2 WHERE partner = $1", partner, today)


async def note_asked(tx: Transaction, partner: str) -> None:
    """Note that a partner was asked just now."""
    await tx.execute(
        """
        UPDATE pair_counter SET asked_at = now(), gap_since = CASE WHEN gap_since IS NULL THEN NULL ELSE now() END
        WHERE partner = $1
        """,
        partner,
    )


async def start_comparing(tx: Transaction, token: str) -> int:
    """Number nothing until every partner has told what it holds; returns how many that waits for."""
    await tx.execute("UPDATE pair_counter SET asks = $1, asked_at = NULL WHERE asks IS NULL", token)
    return int(await tx.fetchval("SELECT count(*) FROM pair_counter WHERE asks IS NOT NULL") or 0)


async def add_finding(
    tx: Transaction, partner: str, direction: str, code: str, first: int, last: int, at: datetime
) -> None:
    """Keep a finding; the same one again only opens it again."""
    await tx.execute(
        """
        INSERT INTO pair_finding (id, partner, direction, code, first_number, last_number, found_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (partner, direction, code, first_number, last_number) DO UPDATE SET healed_at = NULL
        """,
        new_id(),
        partner,
        direction,
        code,
        first,
        last,
        at,
    )


async def heal_findings(tx: Transaction, partner: str, direction: str, upto: int, at: datetime) -> None:
    """Close what was found up to a number on which both ends agree now."""
    await tx.execute(
        """
        UPDATE pair_finding SET healed_at = $4
        WHERE partner = $1 AND direction = $2 AND last_number <= $3 AND healed_at IS NULL
        """,
        partner,
        direction,
        upto,
        at,
    )


async def page(tx: Transaction, after: str, limit: int) -> list[dict[str, Any]]:
    """Return counters by partner, with how much waits there and what was found and is not settled."""
    rows = await tx.fetch(
        """
        SELECT p.partner, p.last_out AS sent, p.next_in - 1 AS taken, p.out_upto AS sent_agreed,
            p.in_upto AS taken_agreed, p.highest_in >= p.next_in AS gap, p.asks IS NOT NULL AS comparing,
            p.said_on AS compared_on, p.seen_at AS heard_at,
            (SELECT count(*) FROM message m WHERE m.direction = 'out' AND m.partner = p.partner
                AND m.pair_seq > p.last_out - 2000 AND m.next_attempt_at IS NOT NULL) AS unreceipted,
            (SELECT count(*) FROM pair_finding f WHERE f.partner = p.partner AND f.healed_at IS NULL) AS findings
        FROM pair_counter p WHERE p.partner > $1 ORDER BY p.partner LIMIT $2
        """,
        after,
        limit,
    )
    return [dict(row) for row in rows]


async def findings(tx: Transaction, before: int | None, limit: int) -> list[dict[str, Any]]:
    """Return what comparing has shown, the latest first."""
    rows = await tx.fetch(
        """
        SELECT id, position, partner, direction, code, first_number, last_number, found_at, healed_at
        FROM pair_finding WHERE $1::bigint IS NULL OR position < $1 ORDER BY position DESC LIMIT $2
        """,
        before,
        limit,
    )
    return [dict(row) for row in rows]
