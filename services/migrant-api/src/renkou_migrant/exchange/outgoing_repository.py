"""Queries of messages of ours in transport: drafts, numbering, sending, what receipts told of them.

Those for staff are in :mod:`.repository`, those of a pair's counters in :mod:`.pair_repository`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from renkou_common.database import Transaction
from renkou_migrant.exchange.domain import Message
from renkou_migrant.exchange.repository import DOMAIN_COLUMNS, to_message


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A draft that can be numbered."""

    message: Message
    version: int
    in_reply_to: UUID | None
    agreement_id: UUID | None
    content: bytes | None


@dataclass(frozen=True, slots=True)
class Numbered:
    """What sealing a draft adds to it."""

    id: UUID
    pair_seq: int
    created_at: datetime
    expires_at: datetime
    due_on: date | None
    digest: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True)
class ToSend:
    """Sealed bytes that are due to be published; ``pair_seq`` is 0 for receipts and digests."""

    id: UUID
    partner: str
    sealed: bytes
    attempts: int
    pair_seq: int = 0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message of ours that a receipt or a reply speaks of."""

    message: Message
    digest: bytes | None
    pair_seq: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of a message of ours after a receipt or a reply.

    It is not sent again if ``settled``; ``renumber``: it becomes a draft, as its number was taken.
    """

    id: UUID
    state: str
    code: str | None
    sent_at: datetime | None
    delivered: bool
    read: bool
    closed: bool
    settled: bool
    renumber: bool = False

    def then(self, later: "Outcome") -> "Outcome":
        """Return both as one: the later state, and everything that either of them showed."""
        return replace(
            later,
            code=later.code or self.code,
            sent_at=self.sent_at or later.sent_at,
            delivered=self.delivered or later.delivered,
            read=self.read or later.read,
            closed=self.closed or later.closed,
            settled=self.settled or later.settled,
        )


async def partners_with_drafts(tx: Transaction) -> list[str]:
    """Return partners for whom something can be numbered."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT partner FROM message
        WHERE direction = 'out' AND pair_seq IS NULL AND state = 'drafted' AND wanted IS NULL
        """
    )
    return [row["partner"] for row in rows]


async def drafts_for(
    tx: Transaction, partner: str, limit: int, suspended: Sequence[UUID] = (), held_back: Sequence[str] = ()
) -> list[DraftRow]:
    """Return complete drafts for a partner in order; those behind an incomplete one of a thread wait.

    Left out are, under the agreements ``suspended``, drafts of the kinds ``held_back`` and those that take the place
    of something refused.
    """
    rows = await tx.fetch(
        f"""
        SELECT {DOMAIN_COLUMNS}, version, in_reply_to, agreement_id, content FROM message m
        WHERE direction = 'out' AND pair_seq IS NULL AND state = 'drafted' AND wanted IS NULL AND partner = $1
          AND NOT EXISTS (
            SELECT FROM message e WHERE e.direction = 'out' AND e.pair_seq IS NULL AND e.state = 'drafted'
              AND e.partner = m.partner AND e.thread = m.thread AND e.wanted IS NOT NULL
              AND coalesce(e.turn, e.position) < coalesce(m.turn, m.position)
          )
          AND NOT (m.agreement_id = ANY($3::uuid[]) AND (m.kind = ANY($4::text[]) OR m.turn IS NOT NULL))
        ORDER BY coalesce(turn, position) LIMIT $2 FOR UPDATE
        """,
        partner,
        limit,
        list(suspended),
        list(held_back),
    )
    return [
        DraftRow(to_message(row), row["version"], row["in_reply_to"], row["agreement_id"], row["content"])
        for row in rows
    ]


async def agreements_of(tx: Transaction, ids: Sequence[UUID]) -> list[UUID]:
    """Return the agreements on which messages rely."""
    rows = await tx.fetch(
        "SELECT DISTINCT agreement_id FROM message WHERE id = ANY($1::uuid[]) AND agreement_id IS NOT NULL",
        list(ids),
    )
    return [row["agreement_id"] for row in rows]


async def rely_on(tx: Transaction, drafts: Sequence[tuple[UUID, UUID, bytes | None]]) -> None:
    """Let drafts rely on another version of their agreement, with the content that this one lets go."""
    await tx.executemany(
        "UPDATE message SET agreement_id = $2, content = coalesce($3, content) WHERE id = $1", drafts
    )


async def number(tx: Transaction, numbered: Sequence[Numbered]) -> None:
    """Store numbers and sealed bytes; they are due to be published at once."""
    await tx.execute(
        """
        UPDATE message SET pair_seq = n.pair_seq, created_at = n.created_at, expires_at = n.expires_at,
            due_on = n.due_on, digest = n.digest, sealed = n.sealed, next_attempt_at = now(),
            revision = revision + 1
        FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::date[], $6::bytea[],
            $7::bytea[]) AS n(id, pair_seq, created_at, expires_at, due_on, digest, sealed)
        WHERE message.id = n.id
        """,
        [one.id for one in numbered],
        [one.pair_seq for one in numbered],
        [one.created_at for one in numbered],
        [one.expires_at for one in numbered],
        [one.due_on for one in numbered],
        [one.digest for one in numbered],
        [one.sealed for one in numbered],
    )


async def due_to_send(tx: Transaction, limit: int, without: Sequence[str]) -> list[ToSend]:
    """Return what has to be published now to others than ``without``, in order for each partner."""
    rows = await tx.fetch(
        """
        SELECT id, partner, pair_seq, sealed, attempts FROM (
            SELECT id, partner, pair_seq, sealed, attempts FROM message
            WHERE next_attempt_at <= now() AND partner <> ALL($2::text[])
            ORDER BY next_attempt_at, pair_seq LIMIT $1
        ) AS due ORDER BY partner, pair_seq
        """,
        limit,
        list(without),
    )
    return [
        ToSend(row["id"], row["partner"], row["sealed"], row["attempts"], row["pair_seq"]) for row in rows
    ]


async def lock(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, Outgoing]:
    """Return messages of ours by id and lock them."""
    rows = await tx.fetch(
        f"SELECT {DOMAIN_COLUMNS}, digest, pair_seq FROM message"
        " WHERE id = ANY($1::uuid[]) AND direction = 'out' ORDER BY id FOR UPDATE",
        list(ids),
    )
    return {row["id"]: Outgoing(to_message(row), row["digest"], row["pair_seq"]) for row in rows}


async def mark_sent(tx: Transaction, taken: Sequence[ToSend], waits: Sequence[float], at: datetime) -> None:
    """Note that the hub has messages; each is due again after its wait unless a receipt has come.

    One that has been given another number since is left as it is.
    """
    await tx.execute(
        """
        UPDATE message SET attempts = attempts + 1, sent_at = coalesce(sent_at, $4),
            state = CASE state WHEN 'drafted' THEN 'sent' ELSE state END,
            next_attempt_at = CASE WHEN next_attempt_at IS NULL THEN NULL
                ELSE now() + make_interval(secs => n.wait) END,
            revision = revision + (state = 'drafted')::int
        FROM unnest($1::uuid[], $2::bigint[], $3::float8[]) AS n(id, pair_seq, wait)
        WHERE message.id = n.id AND message.pair_seq = n.pair_seq
        """,
        [one.id for one in taken],
        [one.pair_seq for one in taken],
        list(waits),
        at,
    )


async def mark_expired(tx: Transaction, now: datetime) -> None:
    """Note which messages were not delivered in time; they are sent on, as the partner counts."""
    await tx.execute(
        "UPDATE message SET state = 'expired', revision = revision + 1"
        " WHERE next_attempt_at IS NOT NULL AND state = 'sent' AND expires_at < $1",
        now,
    )


async def record_outcomes(tx: Transaction, outcomes: Sequence[Outcome], at: datetime) -> None:
    """Write what receipts and replies told of messages of ours, each at most once in ``outcomes``."""
    await tx.execute(
        """
        UPDATE message SET state = n.state, code = coalesce(n.code, message.code),
            sent_at = coalesce(message.sent_at, n.sent_at),
            delivered_at = CASE WHEN n.delivered THEN coalesce(delivered_at, $9) ELSE delivered_at END,
            read_at = CASE WHEN n.read THEN coalesce(read_at, $9) ELSE read_at END,
            closed_at = CASE WHEN n.closed THEN coalesce(closed_at, $9) ELSE closed_at END,
            next_attempt_at = CASE WHEN n.settled THEN NULL ELSE next_attempt_at END,
            revision = revision + 1
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::bool[], $6::bool[], $7::bool[],
            $8::bool[]) AS n(id, state, code, sent_at, delivered, read, closed, settled)
        WHERE message.id = n.id
        """,
        [one.id for one in outcomes],
        [one.state for one in outcomes],
        [one.code for one in outcomes],
        [one.sent_at for one in outcomes],
        [one.delivered for one in outcomes],
        [one.read for one in outcomes],
        [one.closed for one in outcomes],
        [one.settled for one in outcomes],
        at,
    )
    renumbered = [one.id for one in outcomes if one.renumber]
    if renumbered:
        await tx.execute(
            """
            UPDATE message SET pair_seq = NULL, digest = NULL, sealed = NULL, next_attempt_at = NULL, attempts = 0
            WHERE id = ANY($1::uuid[])
            """,
            renumbered,
        )


async def backlog(tx: Transaction) -> dict[str, int]:
    """Return how much waits: drafts, messages without receipt, receipts, dead letters."""
    row = await tx.fetchrow(
        """
        SELECT (SELECT count(*) FROM message WHERE direction = 'out' AND pair_seq IS NULL
                AND state = 'drafted') AS drafted,
            (SELECT count(*) FROM message WHERE next_attempt_at IS NOT NULL) AS unreceipted,
            (SELECT count(*) FROM receipt) AS receipts,
            (SELECT count(*) FROM dead_letter WHERE outcome IS DISTINCT FROM 'taken') AS dead_letters,
            (SELECT count(*) FROM pair_finding WHERE healed_at IS NULL) AS findings
        """
    )
    return dict(row) if row else {}
