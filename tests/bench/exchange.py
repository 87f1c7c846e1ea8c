"""Notices between two nodes over the hub, receipts included, beside the four cryptographic steps alone."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import uuid4

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from renkou_common.scope import AreaScope
from renkou_migrant.bootstrap import open_runtime
from renkou_migrant.exchange.carried import ArrivalNotice, Subject
from renkou_migrant.exchange.contracts import MessageKind
from renkou_migrant.exchange.service import raise_notice
from renkou_migrant.exchange.wire import Envelope
from renkou_migrant.runtime import Runtime
from renkou_migrant.settings import MigrantSettings
from tests.bench.node import HOME, RESIDENCE, Nodes
from tests.bench.report import Line
from tests.bench.turns import Setting, in_turns, rate

AREA = "310115005001"
PATIENCE_SECONDS = 60
STEADY_RATE = 50
STEADY_TURNS = 4
LATENCY_GOAL = 300.0
_LATENCY = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY took), percentile_cont(0.99) WITHIN GROUP (ORDER BY took), max(took)
FROM (SELECT extract(epoch FROM read_at - drafted_at)::float8 * 1000 AS took FROM message
    WHERE direction = 'out' AND position > $1) AS each
"""
_UNANSWERED = (
    "SELECT count(*) FROM message WHERE direction = 'out' AND agreement_id IS NOT NULL AND state <> 'read'"
)


class BareSteps:
    """Sign, encrypt to the receiver, decrypt, verify: on nothing but the library's primitives."""

    def __init__(self, message: bytes) -> None:
        self._message = message
        self._signer = Ed25519PrivateKey.generate()
        self._verifier = self._signer.public_key()
        self._receiver = X25519PrivateKey.generate()
        self._public = self._receiver.public_key()

    def once(self, _: int = 0) -> None:
        """Carry one message from plain text to verified plain text."""
        signature = self._signer.sign(self._message)
        ephemeral, nonce = X25519PrivateKey.generate(), os.urandom(12)
        key = sha256(ephemeral.exchange(self._public)).digest()
        sealed = AESGCM(key).encrypt(nonce, self._message + signature, None)
        agreed = sha256(self._receiver.exchange(ephemeral.public_key())).digest()
        opened = AESGCM(agreed).decrypt(nonce, sealed, None)
        self._verifier.verify(opened[-64:], opened[:-64])


def _notice(number: int) -> ArrivalNotice:
    subject = Subject(
        name="王小雨", resident_id=f"34010319900101{number % 10_000:04d}", home_area=f"{HOME}002003"
    )
    return ArrivalNotice(subject=subject, arrived_on=datetime.now(UTC).date(), present_area=AREA)


def _signed_text() -> bytes:
    """Return the text of a message such as the nodes exchange."""
    now = datetime.now(UTC)
    return Envelope(
        id=uuid4(),
        kind=MessageKind.ARRIVAL_NOTICE,
        version=1,
        sender=RESIDENCE,
        receiver=HOME,
        pair_seq=1,
        thread=uuid4(),
        in_reply_to=None,
        created_at=now,
        expires_at=now + timedelta(days=90),
        agreement=uuid4(),
        payload=_notice(1).model_dump(mode="json"),
    ).to_json()


@asynccontextmanager
async def _drafting(nodes: Nodes) -> AsyncIterator[Runtime]:
    """The residence's runtime in this process, to draft notices as clerks do; its worker sends them."""
    node = nodes.stack.nodes[RESIDENCE]
    settings = MigrantSettings.model_validate(
        {
            "district": RESIDENCE,
            "database_url": nodes.database("migrant", RESIDENCE).app_url,
            "registry_url": node.registry_url,
            "field_keys_file": node.secrets / "field_keys.json",
            "field_master_key_file": node.secrets / "field_master_key",
            "certificate_keys_file": node.secrets / "certificate_keys.json",
            "exchange_keys_file": node.secrets / "exchange_keys.json",
            "trust_anchor_file": node.secrets / "trust_anchor.json",
            "audit_key_file": node.secrets / "migrant_audit_key.json",
            "service_secret_file": node.secrets / "migrant-api_secret",
        }
    )
    async with open_runtime(settings) as runtime:
        yield runtime


async def _draft(runtime: Runtime, number: int) -> None:
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        for each in range(number):
            drafted = await raise_notice(
                tx,
                runtime,
                kind=MessageKind.ARRIVAL_NOTICE,
                home_district=HOME,
                person_ref=uuid4(),
                arrival_id=uuid4(),
                area=int(AREA),
                occurred_on=runtime.clock.today(),
                content=_notice(each),
            )
            if drafted is None:
                raise RuntimeError("no agreement covers the notice")


async def latency(setting: Setting, nodes: Nodes) -> Line:
    """Milliseconds from a notice's commit to its receipt's, at a steady rate: median beside the p99 allowed."""
    connection = await nodes.connect("migrant", RESIDENCE)
    number = int(STEADY_RATE * setting.seconds * setting.turns * STEADY_TURNS)
    try:
        async with _drafting(nodes) as runtime:
            await nodes.settled()
            before = await connection.fetchval("SELECT coalesce(max(position), 0) FROM message")
            started = time.perf_counter()
            for each in range(number):
                await asyncio.sleep(max(0.0, started + each / STEADY_RATE - time.perf_counter()))
                await _draft(runtime, 1)
            took = time.perf_counter() - started
            await _until_none(connection, _UNANSWERED, "notices have no receipt")
        found = await connection.fetchrow(_LATENCY, before)
        assert found is not None
        median, p99, worst = found
    finally:
        await connection.close()
    return Line(
        "exchange latency",
        round(median, 1),
        LATENCY_GOAL,
        round(median / LATENCY_GOAL, 3),
        "ms",
        f"{number:,} notices at {number / took:.0f}/s from commit to receipt taken in: median {median:.0f} ms,"
        f" p99 {p99:.0f} ms, slowest {worst:.0f} ms; limit: the median asked for; the p99 asked for is 2,000 ms",
    )


async def _until_none(
    connection: "asyncpg.Connection[asyncpg.Record]", query: str, what: str, pause: float = 0.05
) -> None:
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while waiting := await connection.fetchval(query):
        if time.perf_counter() > deadline:
            raise RuntimeError(f"{waiting} {what} after {PATIENCE_SECONDS} s")
        await asyncio.sleep(pause)


async def exchanging(setting: Setting, nodes: Nodes) -> Line:
    """Messages per second from committed drafts to the last receipt taken in."""
    connection = await nodes.connect("migrant", RESIDENCE)
    steps = BareSteps(_signed_text())
    try:
        async with _drafting(nodes) as runtime:

            async def ours() -> float:
                await _draft(runtime, setting.messages)
                started = time.perf_counter()
                await _until_none(connection, _UNANSWERED, "notices have no receipt")
                return setting.messages / (time.perf_counter() - started)

            async def limit() -> float:
                await nodes.settled()
                return rate(steps.once, setting.seconds)

            def note() -> str:
                return (
                    f"{setting.messages:,} notices sealed, sent, taken in, logged, receipts back, between two"
                    " nodes; limit: sign (Ed25519), encrypt, decrypt (X25519, AES-GCM), verify, on one core"
                )

            return await in_turns("exchange", ours, limit, setting.passes, "messages/s", note)
    finally:
        await connection.close()
