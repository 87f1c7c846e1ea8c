"""Queries of partners' messages in transport: what came before, storing, holding, taking in, refusing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from renkou_common.database import Transaction
from renkou_migrant.exchange.domain import Message
from renkou_migrant.exchange.repository import DOMAIN_COLUMNS, to_message

_INCOMING = (
    *("id", "partner", "kind", "version", "pair_seq", "thread", "in_reply_to", "agreement_id", "area"),
    *("occurred_on", "code", "created_at", "expires_at", "due_on", "content", "digest", "sent_as"),
)


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


async def kinds_of(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the kinds of messages by id, whichever way they went."""
    rows = await tx.fetch("SELECT id, kind FROM message WHERE id = ANY($1::uuid[])", list(ids))
    return {row["id"]: row["kind"] for row in rows}


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


async def insert(tx: Transaction, incoming: Sequence[Incoming], at: datetime) -> None:
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
        f"SELECT {DOMAIN_COLUMNS} FROM message WHERE id = ANY($1::uuid[]) AND direction = 'in' AND due_on IS NOT NULL",
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
