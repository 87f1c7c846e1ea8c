"""Messages that nobody can read, as a broken partner and a broken program of our own would send them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import nats
from nats.aio.client import Client
from pydantic import BaseModel

from renkou_common.contracts.registry import RegistryEventType
from renkou_common.messaging.envelope import build_body
from renkou_common.messaging.hub import inbox_subject, reply_prefix
from renkou_local import keys as local_keys
from renkou_local.nats_config import replies
from renkou_local.secret_files import read
from renkou_migrant.credentials.jws import VerifyingKey
from renkou_migrant.credentials.trust import verify_trust_list
from renkou_migrant.exchange.wire import Envelope, ExchangeKeys, seal
from tests.degradation.node import Districts
from tests.e2e.api import Json
from tests.e2e.journey import HOME, RESIDENCE

SUBJECT = RegistryEventType.PERSON_REGISTERED


class Nonsense(BaseModel):
    """What no consumer of any event can apply."""

    person_ref: str = "somebody"
    lines: str = "some"


async def exchanged(two: Districts) -> dict[str, bytes]:
    """What the residence sends to the home district, each wrong in its own way, by the code that it is told by.

    The last of them is genuine, numbered, and says what no notice of arrival can.
    """
    connection = await two.connect("migrant", RESIDENCE)
    try:
        last = await connection.fetchval("SELECT last_out FROM pair_counter WHERE partner = $1", HOME)
        agreement = await connection.fetchval("SELECT id FROM agreement WHERE partner = $1", HOME)
    finally:
        await connection.close()
    secrets = two.stack.nodes[RESIDENCE].secrets
    own = _keys(json.loads((secrets / "exchange_keys.json").read_text()))
    stranger = _keys(json.loads(local_keys.exchange_keys()))
    now = datetime.now(UTC)
    anchor = VerifyingKey.from_jwk(json.loads((secrets / "trust_anchor.json").read_text()))
    token = (two.stack.data_dir / "trusted" / "trust-list.jwt").read_text(encoding="utf-8").strip()
    home = verify_trust_list(token, anchor).districts[HOME]

    def sealed(kind: str, number: int, by: ExchangeKeys, payload: Json) -> bytes:
        relies_on = agreement if number else None
        until = now + timedelta(days=1)
        members = (uuid4(), kind, 1, RESIDENCE, HOME, number, uuid4(), None, now, until, relies_on, payload)
        return seal(Envelope(*members), by, home, now).data

    impossible: Json = {"arrived_on": "2026-02-31", "present_area": "nowhere", "subject": 7}
    return {
        "undecryptable": f"not a message {uuid4()}".encode(),
        "unknown_key": sealed("arrival_notice", 1, stranger, impossible),
        "bad_receipt": sealed("receipt", 0, own, {"items": "none"}),
        "bad_content": sealed("arrival_notice", last + 1, own, impossible),
    }


def _keys(jwk_set: Json) -> ExchangeKeys:
    return ExchangeKeys.from_jwk_set(jwk_set)


async def to_the_hub(two: Districts, messages: list[bytes]) -> None:
    """Publish what the residence would, to the home district; the hub has stored it when this returns."""
    hub = two.stack.hub
    client = await nats.connect(
        hub.url,
        user_credentials=(str(hub.token(RESIDENCE)), str(hub.seed(RESIDENCE))),
        inbox_prefix=reply_prefix(RESIDENCE).encode(),
    )
    try:
        for data in messages:
            await _publish(client, inbox_subject(HOME, RESIDENCE), data)
    finally:
        await client.close()


async def to_the_feed(two: Districts, data: bytes) -> None:
    """Publish something to the home district's own stream of events, past the outbox."""
    seed: Path = two.stack.nats.node_seed(HOME, "registry")
    client = await nats.connect(
        two.stack.nats.url, nkeys_seed_str=read(seed), inbox_prefix=replies("registry")
    )
    try:
        await _publish(client, SUBJECT, data)
    finally:
        await client.close()


async def to_the_outbox(two: Districts) -> None:
    """Write an event that is well-formed and cannot be applied."""
    event_id, subject = uuid4(), str(uuid4())
    body, content_hash = build_body(
        event_id=event_id,
        event_type=str(SUBJECT),
        source=f"renkou:{HOME}/registry-api",
        subject=subject,
        time=datetime.now(UTC),
        data=Nonsense(),
    )
    connection = await two.connect("registry")
    try:
        await connection.execute(
            "INSERT INTO outbox (event_id, type, subject, body, content_hash) VALUES ($1, $2, $3, $4, $5)",
            event_id,
            str(SUBJECT),
            subject,
            body,
            content_hash,
        )
    finally:
        await connection.close()


async def _publish(client: Client, subject: str, data: bytes) -> None:
    answer = json.loads((await client.request(subject, data, timeout=10)).data)
    assert "error" not in answer, answer
