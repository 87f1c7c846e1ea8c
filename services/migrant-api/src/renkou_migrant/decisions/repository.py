"""Every query on persons' decisions, and on what they reach."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.reach import reaching_all


async def hold(tx: Transaction, person_ref: UUID, topic: str, at: datetime, *, forbids: bool) -> None:
    """Keep a decision, unless a later one is known: events come twice, and old ones again after a restore. Of two
    of the same instant the one that comes later stands."""
    await tx.execute(
        "INSERT INTO person_decision (person_ref, topic, forbids, at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (person_ref, topic) DO UPDATE SET forbids = excluded.forbids, at = excluded.at"
        " WHERE person_decision.at <= excluded.at",
        person_ref,
        topic,
        forbids,
        at,
    )


async def forbidding(tx: Transaction, person_ref: UUID, topics: Sequence[str]) -> set[str]:
    """Return those of some topics on which the person's word forbids to tell, wherever the person is."""
    async with reaching_all(tx):
        rows = await tx.fetch(
            "SELECT topic FROM person_decision WHERE person_ref = $1 AND topic = ANY ($2) AND forbids",
            person_ref,
            list(topics),
        )
    return {row["topic"] for row in rows}


async def forbidding_of(
    tx: Transaction, message_ids: Sequence[UUID], topics: Mapping[str, Sequence[str]]
) -> dict[UUID, str]:
    """Return by message the topic on which the word of whom it is about forbids its kind; ``topics`` by kind."""
    kinds = [(kind, topic) for kind, named in topics.items() for topic in named]
    rows = await tx.fetch(
        "SELECT m.id, min(d.topic) AS topic FROM message m"
        " JOIN unnest($2::text[], $3::text[]) AS k (kind, topic) ON k.kind = m.kind"
        " JOIN person_decision d ON d.person_ref = m.person_ref AND d.topic = k.topic AND d.forbids"
        " WHERE m.id = ANY ($1) GROUP BY m.id",
        list(message_ids),
        [kind for kind, _ in kinds],
        [topic for _, topic in kinds],
    )
    return {row["id"]: row["topic"] for row in rows}


async def unsent(tx: Transaction, person_ref: UUID) -> list[UUID]:
    """Lock and return what was drafted about a person and has not left."""
    rows = await tx.fetch(
        "SELECT id FROM message WHERE person_ref = $1 AND direction = 'out' AND state = 'drafted' AND pair_seq IS NULL"
        " ORDER BY id FOR UPDATE",
        person_ref,
    )
    return [row["id"] for row in rows]


async def empty_unsent(tx: Transaction, person_ref: UUID) -> int:
    """Empty what was drafted about a person, given up and never sent; returns how many messages."""
    done: str = await tx.execute(
        "UPDATE message SET content = NULL, wanted = NULL, source = NULL, revision = revision + 1"
        " WHERE person_ref = $1 AND direction = 'out' AND state = 'dead' AND pair_seq IS NULL AND sent_at IS NULL"
        " AND (content IS NOT NULL OR wanted IS NOT NULL OR source IS NOT NULL)",
        person_ref,
    )
    return int(done.rsplit(" ", 1)[-1])


async def forget_unused_keys(tx: Transaction, person_ref: UUID) -> int:
    """Empty the keys of a person's devices in applications that led to no certificate; returns how many."""
    done: str = await tx.execute(
        "UPDATE certificate_application SET holder_key = NULL, version = version + 1"
        " WHERE person_ref = $1 AND closed_on IS NOT NULL AND certificate_id IS NULL AND holder_key IS NOT NULL",
        person_ref,
    )
    return int(done.rsplit(" ", 1)[-1])
