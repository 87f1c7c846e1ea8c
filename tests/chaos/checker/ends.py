"""Both ends of the exchange agree: each message is at the other end once, and stands the same."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from typing import Any

from tests.chaos.checker.check import Check
from tests.chaos.checker.evidence import Evidence

MESSAGES = """
SELECT id::text, partner, pair_seq, kind, state FROM message WHERE direction = $1 AND pair_seq IS NOT NULL
"""
SECONDS = 150.0
"""For what a fault has held up to be sent again and be received."""

type Messages = Mapping[str, Mapping[str, Any]]


async def both_ends_agree(evidence: Evidence) -> Check:
    """Lay what each district sent beside what its partner has, once what is under way has arrived."""
    check = Check("收发两端一致", "both ends of the exchange agree")
    deadline = time.monotonic() + SECONDS
    while True:
        sent = {district: await _messages(evidence, district, "out") for district in evidence.districts}
        received = {district: await _messages(evidence, district, "in") for district in evidence.districts}
        check.looked_at = sum(len(messages) for messages in sent.values())
        check.wrong = list(disagreements(sent, received))
        if not check.wrong or time.monotonic() > deadline:
            return check
        await asyncio.sleep(0.5)


def disagreements(sent: Mapping[str, Messages], received: Mapping[str, Messages]) -> Iterator[str]:
    """Yield, in words, where what districts sent differs from what their partners have (each by district and id)."""
    for district, messages in sent.items():
        numbers: dict[str, list[int]] = {}
        for message in messages.values():
            numbers.setdefault(message["partner"], []).append(message["pair_seq"])
            yield from _differs(district, message, received[message["partner"]].get(message["id"]))
        for partner, given in numbers.items():
            if sorted(given) != list(range(1, len(given) + 1)):
                yield f"{district} to {partner}: numbers with a gap or twice"
    for district, messages in received.items():
        for message in messages.values():
            if message["id"] not in sent[message["partner"]]:
                yield f"{district} has {message['kind']} {message['id']}, which nobody sent"


def _differs(district: str, message: Mapping[str, Any], other: Mapping[str, Any] | None) -> Iterator[str]:
    what = f"{district} {message['kind']} {message['id']}"
    if other is None:
        yield f"{what}: {message['state']}, and not at {message['partner']}"
    else:
        for name in ("pair_seq", "kind", "state"):
            if message[name] != other[name]:
                yield f"{what}: {name} {message[name]}, there {other[name]}"


async def _messages(evidence: Evidence, district: str, direction: str) -> dict[str, dict[str, Any]]:
    async with evidence.database(district, "migrant") as connection:
        return {row["id"]: dict(row) for row in await connection.fetch(MESSAGES, direction)}
