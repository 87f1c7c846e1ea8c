"""Queries of the transport: numbering, sending, receiving. Those for staff are in :mod:`.repository`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from renkou_common.database import Transaction
from renkou_migrant.exchange.domain import Message
from renkou_migrant.exchange.repository import to_message

_MESSAGE = (
    "id, direction, partner, kind, state, area, thread, drafted_at, occurred_on, sent_at, due_on, closed_at,"
    " withdrawn_at, revision"
)


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
    """Sealed bytes that are due to be published."""

    id: UUID
    partner: str
    sealed: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class Incoming:
    """A verified message to be stored; ``code`` says why it is refused, if it is."""

    id: UUID
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
    """What is stored of a message that came before."""

    id: UUID
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of a message of ours after a receipt or a reply; it is not sent again if ``settled``."""

    id: UUID
    state: str
    code: str | None
    sent_at: datetime | None
    delivered: bool
    read: bool
    closed: bool
    settled: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """What came from the hub and could not be taken."""

    id: UUID
    fingerprint: bytes
    sender: str
    code: str
    detail: str
    message_id: UUID | None
    data: bytes


async def lock_pairs(tx: Transaction, partners: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return (last number out, next number in) by partner and lock them until the transaction ends."""
    ordered = sorted(set(partners))
    await tx.execute(
        "INSERT INTO pair_counter (partner) SELECT * FROM unnest($1::text[]) ON CONFLICT DO NOTHING", ordered
    )
    rows = await tx.fetch(
        """
        SELECT partner, last_out, next_in FROM pair_counter
        WHERE partner = ANY($1) ORDER BY partner FOR UPDATE
        """,
        ordered,
    )
    return {row["partner"]: (row["last_out"], row["next_in"]) for row in rows}


async def set_last_out(tx: Transaction, partner: str, last_out: int) -> None:
    """Write the last number given to a message for a partner."""
    await tx.execute("UPDATE pair_counter SET last_out = $2 WHERE partner = $1", partner, last_out)


async def set_next_in(tx: Transaction, partner: str, next_in: int) -> None:
    """Write the number expected next from a partner."""
    await tx.execute("UPDATE pair_counter SET next_in = $2 WHERE partner = $1", partner, next_in)


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


async def due_to_send(tx: Transaction, limit: int) -> list[ToSend]:
    """Return what has to be published now, in order for each partner."""
    rows = await tx.fetch(
        """
        SELECT id, partner, sealed, attempts FROM (
            SELECT id, partner, pair_seq, sealed, attempts FROM message
            WHERE next_attempt_at <= now() ORDER BY next_attempt_at, pair_seq LIMIT $1
        ) AS due ORDER BY partner, pair_seq
        """,
        limit,
    )
    return [ToSend(row["id"], row["partner"], row["sealed"], row["attempts"]) for row in rows]


async def lock_outgoing(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, Outgoing]:
    """Return messages of ours by id and lock them."""
    rows = await tx.fetch(
        f"SELECT {_MESSAGE}, digest FROM message"
        " WHERE id = ANY($1::uuid[]) AND direction = 'out' ORDER BY id FOR UPDATE",
        list(ids),
    )
    return {row["id"]: Outgoing(to_message(row), row["digest"]) for row in rows}


async def mark_sent(tx: Transaction, ids: Sequence[UUID], waits: Sequence[float], at: datetime) -> None:
    """Note that the hub has messages; each is due again after its wait unless a receipt has come."""
    await tx.execute(
        """
        UPDATE message SET attempts = attempts + 1, sent_at = coalesce(sent_at, $3),
            state = CASE state WHEN 'drafted' THEN 'sent' ELSE state END,
            next_attempt_at = CASE WHEN next_attempt_at IS NULL THEN NULL
                ELSE now() + make_interval(secs => n.wait) END,
            revision = revision + (state = 'drafted')::int
        FROM unnest($1::uuid[], $2::float8[]) AS n(id, wait) WHERE message.id = n.id
        """,
        list(ids),
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
    """Write what receipts and replies told of messages of ours."""
    await tx.executemany(
        """
        UPDATE message SET state = $2, code = coalesce($3, code), sent_at = coalesce(sent_at, $4),
            delivered_at = CASE WHEN $5 THEN coalesce(delivered_at, $9) ELSE delivered_at END,
            read_at = CASE WHEN $6 THEN coalesce(read_at, $9) ELSE read_at END,
            closed_at = CASE WHEN $7 THEN coalesce(closed_at, $9) ELSE closed_at END,
            next_attempt_at = CASE WHEN $8 THEN NULL ELSE next_attempt_at END,
            sealed = CASE WHEN $8 THEN NULL ELSE sealed END,
            revision = revision + 1
        WHERE id = $1
        """,
        [
            (one.id, one.state, one.code, one.sent_at, one.delivered, one.read, one.closed, one.settled, at)
            for one in outcomes
        ],
    )


async def known(tx: Transaction, partner: str, seqs: Sequence[int]) -> dict[int, Known]:
    """Return what is stored of a partner's messages with these numbers."""
    rows = await tx.fetch(
        """
        SELECT id, pair_seq, kind, state, code, digest, in_reply_to FROM message
        WHERE direction = 'in' AND partner = $1 AND pair_seq = ANY($2::bigint[])
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


async def taken_ids(tx: Transaction, ids: Sequence[UUID]) -> set[UUID]:
    """Return those ids under which a message is stored already."""
    rows = await tx.fetch("SELECT id FROM message WHERE id = ANY($1::uuid[])", list(ids))
    return {row["id"] for row in rows}


async def insert_incoming(tx: Transaction, incoming: Sequence[Incoming], at: datetime) -> None:
    """Store verified messages: delivered, or dead where they are refused."""
    await tx.executemany(
        """
        INSERT INTO message (id, direction, partner, kind, version, pair_seq, thread, in_reply_to,
            agreement_id, area, occurred_on, state, code, drafted_at, created_at, expires_at, due_on,
            delivered_at, content, digest)
        VALUES ($1, 'in', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14, $15, $16, $17, $18)
        """,
        [
            (
                one.id,
                one.partner,
                one.kind,
                one.version,
                one.pair_seq,
                one.thread,
                one.in_reply_to,
                one.agreement_id,
                one.area,
                one.occurred_on,
                "dead" if one.code else "delivered",
                one.code,
                one.created_at,
                one.expires_at,
                one.due_on,
                at,
                one.content,
                one.digest,
            )
            for one in incoming
        ],
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
    """Keep a sealed receipt until the hub has it."""
    await tx.execute(
        "INSERT INTO receipt (id, partner, sealed) VALUES ($1, $2, $3)", receipt_id, partner, sealed
    )


async def unsent_receipts(tx: Transaction, limit: int) -> list[ToSend]:
    """Return receipts that the hub doesn't have yet, oldest first."""
    rows = await tx.fetch("SELECT id, partner, sealed FROM receipt ORDER BY position LIMIT $1", limit)
    return [ToSend(row["id"], row["partner"], row["sealed"], 0) for row in rows]


async def delete_receipts(tx: Transaction, ids: Sequence[UUID]) -> None:
    """Forget receipts that the hub has."""
    await tx.execute("DELETE FROM receipt WHERE id = ANY($1::uuid[])", list(ids))


async def keep_letters(tx: Transaction, letters: Sequence[Letter], at: datetime) -> None:
    """Keep what could not be taken; the same bytes are counted, not kept twice."""
    await tx.executemany(
        """
        INSERT INTO dead_letter (id, fingerprint, sender, code, detail, message_id, size, data,
            first_at, last_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
        ON CONFLICT (fingerprint) DO UPDATE SET times = dead_letter.times + 1, last_at = excluded.last_at,
            code = excluded.code, detail = excluded.detail
        """,
        [
            (
                one.id,
                one.fingerprint,
                one.sender,
                one.code,
                one.detail,
                one.message_id,
                len(one.data),
                one.data,
                at,
            )
            for one in letters
        ],
    )


async def backlog(tx: Transaction) -> dict[str, int]:
    """Return how much waits: drafts, messages without receipt, receipts, dead letters."""
    row = await tx.fetchrow(
        """
        SELECT (SELECT count(*) FROM message WHERE direction = 'out' AND pair_seq IS NULL
                AND state = 'drafted') AS drafted,
            (SELECT count(*) FROM message WHERE next_attempt_at IS NOT NULL) AS unreceipted,
            (SELECT count(*) FROM receipt) AS receipts, (SELECT count(*) FROM dead_letter) AS dead_letters
        """
    )
    return dict(row) if row else {}
