"""Test messages: those that a check sends, and the answers that this node gives by itself. They tell of nobody."""

import secrets
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.ids import new_id
from renkou_common.scope import AreaScope
from renkou_migrant.exchange import repository
from renkou_migrant.exchange.carried import Ping, Pong
from renkou_migrant.exchange.contents import decrypt, encrypt
from renkou_migrant.exchange.contracts import VERSIONS, MessageKind
from renkou_migrant.exchange.repository import Draft, StoredMessage
from renkou_migrant.runtime import Runtime

UNEXPECTED = "not_in_the_contract"
"""Member of the test message that the partner has to refuse."""
_EVERYTHING = AreaScope.everything()


async def send(tx: Transaction, runtime: Runtime, partner: str, check: UUID) -> None:
    """Draft the three messages of a check: one to answer, one to refuse, one more to answer, in this order."""
    for spoilt in (False, True, False):
        content: dict[str, Any] = Ping(check=check, nonce=secrets.token_hex(16)).model_dump(mode="json")
        if spoilt:
            content[UNEXPECTED] = True
        await _draft(tx, runtime, partner, MessageKind.PING, check, content)


async def answer(tx: Transaction, runtime: Runtime, pings: Sequence[UUID]) -> None:
    """Draft the answers to test messages that were taken in."""
    for ping_id in pings:
        stored = await repository.get(tx, _EVERYTHING, ping_id)
        content = decrypt(runtime, stored.content) if stored else None
        if stored is None or content is None:
            continue
        ping = Ping.model_validate(content)
        kinds = {kind.value: sorted(versions) for kind, versions in VERSIONS.items()}
        pong = Pong(check=ping.check, nonce=ping.nonce, kinds=kinds)
        partner, thread = stored.message.partner, stored.message.thread
        members = pong.model_dump(mode="json")
        await _draft(tx, runtime, partner, MessageKind.PONG, thread, members, in_reply_to=ping_id)


async def of_check(tx: Transaction, check: UUID) -> list[StoredMessage]:
    """Return the messages of a check in both directions, oldest first."""
    return await repository.of_thread(tx, check)


async def _draft(
    tx: Transaction,
    runtime: Runtime,
    partner: str,
    kind: MessageKind,
    thread: UUID,
    content: dict[str, Any],
    in_reply_to: UUID | None = None,
) -> None:
    await repository.insert_draft(
        tx,
        Draft(
            id=new_id(),
            partner=partner,
            kind=kind,
            thread=thread,
            area=runtime.district.interval()[0],
            agreement_id=None,
            drafted_at=runtime.clock.now(),
            content=encrypt(runtime, content),
            in_reply_to=in_reply_to,
        ),
    )
