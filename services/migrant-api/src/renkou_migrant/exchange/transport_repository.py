"""Queries of messages in transport: numbering, sending, receiving, dead letters.

Those of counters and comparison are in :mod:`.pair_repository`, those for staff in :mod:`.repository`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from renkou_common.database import Transaction
from renkou_migrant.exchange.domain import Message
from renkou_migrant.exchange.repository import to_message

_MESSAGE = (
    "id, direction, partner, kind, state, area, thread, drafted_at, occurred_on, sent_at, due_on, closed_at,"
    " withdrawn_at, revision"
)


_INCOMING = (
    *("id", "partner", "kind", "version", "pair_seq", "thread", "in_reply_to", "agreement_id", "area"),
    *("occurred_on", "code", "created_at", "expires_at", "due_on", "content", "digest", "sent_as"),
)
_LETTER = ("id", "fingerprint", "sender", "code", "detail", "message_id", "size", "data", "whole")
_SHOWN = (
    "id, position, sender, code, detail, message_id, size, times, first_at, last_at, whole, outcome, replayed_at,"
    " replayed_by"
)
_LETTERS_KEPT = 2_000
"""Dead letters kept of one sender with their bytes; what comes beyond that is only counted."""


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
class Incoming:
    """A verified message to be stored; ``code`` says why it is refused, if it is.

    ``sent_as`` is its id at the sender where that is taken here.
    """

    id: UUID
    sent_as: UUID | None
    partner: str
    kind: str
    version: int
    pair_seq: int
    thread: UUID
    in_reply_to: UUID | None
    agreement_id: UUID | None
    area: int
    occurred_on: date | None
    created_at: datetime
    expires_at: datetime
    due_on: date | None
    digest: bytes
    content: bytes | None
    code: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of a message that came before; ``sent_id`` is its id at the sender."""

    id: UUID
    sent_id: UUID
    pair_seq: int
    kind: str
    state: str
    code: str | None
    digest: bytes
    in_reply_to: UUID | None


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


@dataclass(frozen=True, slots=True)
class Letter:
    """What came from the hub and could not be taken."""

    id: UUID
    fingerprint: bytes
    sender: str
    code: str
    detail: str
    message_id: UUID | None
    size: int
    data: bytes
    whole: bool


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

    Left out are drafts of the kinds ``held_back`` under the agreements ``suspended``.
    """
    rows = await tx.fetch(
        f"""
        SELECT {_MESSAGE}, version, in_reply_to, agreement_id, content FROM message m
        WHERE direction = 'out' AND pair_seq IS NULL AND state = 'drafted' AND wanted IS NULL AND partner = $1
          AND NOT EXISTS (
            SELECT FROM message e WHERE e.direction = 'out' AND e.pair_seq IS NULL AND e.state = 'drafted'
              AND e.partner = m.partner AND e.thread = m.thread AND e.wanted IS NOT NULL
              AND e.position < m.position
          )
          AND NOT (m.agreement_id = ANY($3::uuid[]) AND m.kind = ANY($4::text[]))
        ORDER BY position LIMIT $2 FOR UPDATE
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


async def kinds_of(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the kinds of messages by id, whichever way they went."""
    rows = await tx.fetch("SELECT id, kind FROM message WHERE id = ANY($1::uuid[])", list(ids))
    return {row["id"]: row["kind"] for row in rows}


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


async def lock_outgoing(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, Outgoing]:
    """Return messages of ours by id and lock them."""
    rows = await tx.fetch(
        f"SELECT {_MESSAGE}, digest, pair_seq FROM message"
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


async def known(tx: Transaction, partner: str, seqs: Sequence[int]) -> dict[int, Known]:
    """Return what is stored of a partner's messages with these numbers."""
    rows = await tx.fetch(
        """
        SELECT id, coalesce(sent_as, id) AS sent_id, pair_seq, kind, state, code, digest, in_reply_to
        FROM message WHERE direction = 'in' AND partner = $1 AND pair_seq = ANY($2::bigint[])
        """,
        partner,
        list(seqs),
    )
    return {row["pair_seq"]: Known(**dict(row)) for row in rows}


async def held(tx: Transaction, partner: str, next_in: int) -> dict[int, bytes]:
    """Return digests of a partner's messages that wait for an earlier one, by number."""
    rows = await tx.fetch(
        "SELECT pair_seq, digest FROM message WHERE direction = 'in' AND partner = $1 AND pair_seq >= $2",
        partner,
        next_in,
    )
    return {row["pair_seq"]: row["digest"] for row in rows}


async def taken_ids(tx: Transaction, partner: str, ids: Sequence[UUID]) -> dict[UUID, bytes | None]:
    """Return those ids under which a message is stored already, with its content where it is this partner's."""
    rows = await tx.fetch(
        "SELECT id, CASE WHEN direction = 'in' AND partner = $2 THEN content END AS content FROM message"
        " WHERE id = ANY($1::uuid[])",
        list(ids),
        partner,
    )
    return {row["id"]: row["content"] for row in rows}


async def insert_incoming(tx: Transaction, incoming: Sequence[Incoming], at: datetime) -> None:
    """Store verified messages: delivered, or dead where they are refused."""
    await tx.execute(
        """
        INSERT INTO message (id, direction, partner, kind, version, pair_seq, thread, in_reply_to,
            agreement_id, area, occurred_on, state, code, drafted_at, created_at, expires_at, due_on,
            delivered_at, content, digest, sent_as)
        SELECT id, 'in', partner, kind, version, pair_seq, thread, in_reply_to, agreement_id, area, occurred_on,
            CASE WHEN code IS NULL THEN 'delivered' ELSE 'dead' END, code, created_at, created_at, expires_at,
            due_on, $1, content, digest, sent_as
        FROM unnest($2::uuid[], $3::text[], $4::text[], $5::int[], $6::bigint[], $7::uuid[], $8::uuid[],
            $9::uuid[], $10::bigint[], $11::date[], $12::text[], $13::timestamptz[], $14::timestamptz[],
            $15::date[], $16::bytea[], $17::bytea[], $18::uuid[]) AS n(id, partner, kind, version, pair_seq,
            thread, in_reply_to, agreement_id, area, occurred_on, code, created_at, expires_at, due_on, content,
            digest, sent_as)
        """,
        at,
        *([getattr(one, member) for one in incoming] for member in _INCOMING),
    )


async def mark_read(tx: Transaction, areas: Mapping[UUID, int | None], at: datetime) -> None:
    """Note that messages were taken in; a reply moves to the area of what it replies to."""
    await tx.execute(
        """
        UPDATE message SET state = 'read', read_at = $3, area = coalesce(n.area, message.area),
            revision = revision + 1
        FROM unnest($1::uuid[], $2::bigint[]) AS n(id, area) WHERE message.id = n.id
        """,
        list(areas),
        list(areas.values()),
        at,
    )


async def due_here(tx: Transaction, ids: Sequence[UUID]) -> list[Message]:
    """Return those of the messages that wait for a reply from here."""
    rows = await tx.fetch(
        f"SELECT {_MESSAGE} FROM message WHERE id = ANY($1::uuid[]) AND direction = 'in' AND due_on IS NOT NULL",
        list(ids),
    )
    return [to_message(row) for row in rows]


async def mark_refused(tx: Transaction, ids: Sequence[UUID], code: str) -> None:
    """Refuse stored messages whose turn has come; their content is not kept."""
    await tx.execute(
        """
        UPDATE message SET state = 'dead', code = $2, content = NULL, revision = revision + 1
        WHERE id = ANY($1::uuid[])
        """,
        list(ids),
        code,
    )


async def insert_receipt(tx: Transaction, receipt_id: UUID, partner: str, sealed: bytes) -> None:
    """Keep a sealed receipt or digest until the hub has it."""
    await tx.execute(
        "INSERT INTO receipt (id, partner, sealed) VALUES ($1, $2, $3)", receipt_id, partner, sealed
    )


async def unsent_receipts(tx: Transaction, limit: int, without: Sequence[str]) -> list[ToSend]:
    """Return receipts and digests that the hub doesn't have yet, oldest first, to others than ``without``."""
    rows = await tx.fetch(
        "SELECT id, partner, sealed FROM receipt WHERE partner <> ALL($2::text[]) ORDER BY position LIMIT $1",
        limit,
        list(without),
    )
    return [ToSend(row["id"], row["partner"], row["sealed"], 0) for row in rows]


async def delete_receipts(tx: Transaction, ids: Sequence[UUID]) -> None:
    """Forget receipts that the hub has."""
    await tx.execute("DELETE FROM receipt WHERE id = ANY($1::uuid[])", list(ids))


async def keep_letters(tx: Transaction, letters: Sequence[Letter], at: datetime) -> None:
    """Keep what could not be taken; the same bytes are counted, not kept twice."""
    once = {one.fingerprint: one for one in letters}
    kept = list(once.values())
    times = Counter(one.fingerprint for one in letters)
    await tx.execute(
        """
        INSERT INTO dead_letter (id, fingerprint, sender, code, detail, message_id, size, data, whole, times,
            first_at, last_at)
        SELECT id, fingerprint, sender, code, detail, message_id, size, data, whole, times, $1, $1
        FROM unnest($2::uuid[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::int[],
            $9::bytea[], $10::bool[], $11::int[]) AS n(id, fingerprint, sender, code, detail, message_id, size,
            data, whole, times)
        ON CONFLICT (fingerprint) DO UPDATE SET times = dead_letter.times + excluded.times,
            last_at = excluded.last_at, code = excluded.code, detail = excluded.detail
        """,
        at,
        *([getattr(one, member) for one in kept] for member in _LETTER),
        [times[one.fingerprint] for one in kept],
    )


async def crowded(tx: Transaction, senders: Sequence[str]) -> set[str]:
    """Return those senders of whom so many dead letters are kept that further ones are only counted."""
    rows = await tx.fetch(
        """
        SELECT s.sender FROM unnest($1::text[]) AS s(sender)
        WHERE EXISTS (SELECT FROM dead_letter d WHERE d.sender = s.sender OFFSET $2)
        """,
        list(senders),
        _LETTERS_KEPT,
    )
    return {row["sender"] for row in rows}


async def dead_letters(tx: Transaction, before: int | None, limit: int) -> list[dict[str, Any]]:
    """Return what could not be taken from the hub, the latest first, without the bytes."""
    rows = await tx.fetch(
        f"SELECT {_SHOWN} FROM dead_letter WHERE $1::bigint IS NULL OR position < $1"
        " ORDER BY position DESC LIMIT $2",
        before,
        limit,
    )
    return [dict(row) for row in rows]


async def lock_letter(tx: Transaction, letter_id: UUID) -> dict[str, Any] | None:
    """Return one dead letter with its bytes and lock it."""
    row = await tx.fetchrow(f"SELECT {_SHOWN}, data FROM dead_letter WHERE id = $1 FOR UPDATE", letter_id)
    return None if row is None else dict(row)


async def note_replay(tx: Transaction, letter_id: UUID, outcome: str, by: UUID, at: datetime) -> None:
    """Note who had a dead letter taken in again, when, and what became of it."""
    await tx.execute(
        "UPDATE dead_letter SET outcome = $2, replayed_by = $3, replayed_at = $4 WHERE id = $1",
        letter_id,
        outcome,
        by,
        at,
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
