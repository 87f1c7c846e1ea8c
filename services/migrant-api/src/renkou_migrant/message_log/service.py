"""Appending to the message log, checkpoints, witnesses, and reading the log."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
import structlog

from renkou_common.audit import merkle
from renkou_common.audit.root import ROOT_TYPE
from renkou_common.crypto import FieldCipher
from renkou_common.database import Transaction
from renkou_common.ids import new_id
from renkou_migrant.credentials.jws import (
    UnverifiedJws,
    decode_base64url,
    encode_base64url,
    parse_compact,
)
from renkou_migrant.credentials.trust import MEDIA_TYPE
from renkou_migrant.message_log import domain, repository
from renkou_migrant.message_log.domain import AUDIT_ROOT, DESCRIPTION, OF_TRUST, TRUST_LIST, Entry, Link
from renkou_migrant.message_log.proof.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from renkou_migrant.message_log.proof.signed import RECEIPT
from renkou_migrant.message_log.repository import KeptText, StoredCheckpoint
from renkou_migrant.partners.description import DESCRIPTION_TYPE
from renkou_migrant.runtime import Runtime

TEXT_COLUMN = "message_log_text.sealed"
REGISTER = "register"
OURSELVES = "migrant-api"
"""Stand for the partner where a root of the register's audit log, or of this service's own, was taken in."""
ANCHOR = "anchor"
"""Stands for the partner where a trust list was accepted."""
LARGEST_CHECKPOINT = 10_000
"""Entries under one checkpoint: what has to be read for a path."""
_IN_THE_CLEAR = OF_TRUST | {RECEIPT, "digest"}

_log = structlog.get_logger(__name__)


async def append(tx: Transaction, cipher: FieldCipher, entries: list[Entry]) -> None:
    """Append entries in this order; call it late in the transaction, as the chain is locked until its end."""
    if not entries:
        return
    position, previous = await repository.lock_head(tx)
    links = domain.append(position, previous, entries)
    texts = [_kept(cipher, link) for link in links if link.entry.text]
    mentions = [
        (message_id, link.position)
        for link in links
        if link.entry.kind == RECEIPT and link.entry.text
        for message_id in _spoken_of(link.entry.text)
    ]
    await repository.insert(tx, links, texts, mentions)


def _kept(cipher: FieldCipher, link: Link) -> KeptText:
    entry = link.entry
    if entry.kind in _IN_THE_CLEAR:
        return KeptText(link.position, entry.message_id, entry.text, None)
    return KeptText(link.position, entry.message_id, None, cipher.encrypt(entry.text, TEXT_COLUMN))


def _spoken_of(receipt: str) -> set[UUID]:
    items = orjson.loads(decode_base64url(receipt.split(".")[1]))["payload"]["items"]
    return {UUID(item["id"]) for item in items}


async def note_trust_list(tx: Transaction, cipher: FieldCipher, token: str, now: datetime) -> None:
    """Log the trust list in force, unless it is the last one logged: whose keys were which is evidence too."""
    digest = sha256(token.encode()).hexdigest()
    if await repository.last_trust_list(tx) == digest:
        return
    await append(
        tx, cipher, [_of_trust(TRUST_LIST, ANCHOR, token, parse_compact(token, type=MEDIA_TYPE), now)]
    )


async def note_description(
    tx: Transaction, cipher: FieldCipher, district: str, token: str, now: datetime
) -> None:
    """Log the signed description of a district, unless it is the last one of it logged: it may bring keys."""
    digest = sha256(token.encode()).hexdigest()
    if (await repository.last_descriptions(tx, [district])).get(district) == digest:
        return
    jws = parse_compact(token, type=DESCRIPTION_TYPE)
    await append(tx, cipher, [_of_trust(DESCRIPTION, district, token, jws, now)])


async def note_audit_root(
    tx: Transaction, cipher: FieldCipher, whose: str, token: str, now: datetime
) -> None:
    """Log the newest signed root of a service's audit log, unless it is the last one logged.

    Partners sign in their digests how far they have seen this log, and so are witnesses of the root.
    """
    digest = sha256(token.encode()).hexdigest()
    if await repository.last_audit_root(tx, whose) == digest:
        return
    await append(tx, cipher, [_of_trust(AUDIT_ROOT, whose, token, parse_compact(token, type=ROOT_TYPE), now)])


def _of_trust(kind: str, partner: str, token: str, jws: UnverifiedJws, now: datetime) -> Entry:
    return Entry(
        at=now,
        direction="in",
        partner=partner,
        message_id=new_id(),
        kind=kind,
        pair_seq=0,
        outcome="accepted",
        digest=sha256(token.encode()).hexdigest(),
        kid=jws.header.kid,
        signature=encode_base64url(jws.signature),
        text=token,
    )


async def checkpoint(tx: Transaction, runtime: Runtime) -> StoredCheckpoint | None:
    """Sign everything logged since the last checkpoint; returns the last one, None for an empty log."""
    await repository.lock_checkpoints(tx)
    found = await repository.last_checkpoint(tx)
    position, _ = await repository.head(tx)
    while position > (found.last if found else 0):
        first = found.last + 1 if found else 1
        last = min(position, first + LARGEST_CHECKPOINT - 1)
        hashes = await repository.hashes(tx, first, last)
        now = runtime.clock.now()
        content = Checkpoint(
            district=runtime.settings.district,
            number=found.number + 1 if found else 1,
            first=first,
            last=last,
            head=hashes[-1],
            root=merkle.root(hashes),
            previous=parse_checkpoint(found.token).digest if found else None,
            at=now,
        )
        token = sign_checkpoint(content, runtime.exchange_keys.signer)
        found = StoredCheckpoint(content.number, first, last, token)
        await repository.add_checkpoint(tx, found, now)
    return found


async def page(tx: Transaction, after: int, limit: int) -> list[Link]:
    """Return entries after a position, in order."""
    return await repository.page(tx, after, limit)


async def head(tx: Transaction) -> tuple[int, bytes]:
    """Return position and hash of the last entry: what a digest tells the partner, who then witnesses it."""
    return await repository.head(tx)


async def statement(tx: Transaction, partner: str) -> dict[str, Any]:
    """Return what a digest to a partner says of both logs: ``head`` is ours, ``witnessed`` the partner's last.

    ``{"head": {"position": 12, "hash": hex}, "witnessed": {"position": 9, "hash": hex} or None}``
    """
    position, last = await repository.head(tx)
    seen = await repository.partner_head(tx, partner)
    return {
        "head": {"position": position, "hash": last.hex()},
        "witnessed": None if seen is None else {"position": seen[0], "hash": seen[1].hex()},
    }


async def take_statement(tx: Transaction, partner: str, position: int, last: bytes, now: datetime) -> bool:
    """Take a partner's ``head`` in from its digest; returns False, and keeps the earlier one, if it was set back.

    What was witnessed is never overwritten by less: so the partner's log can be held to it.
    """
    seen = await repository.partner_head(tx, partner)
    if seen is not None and (position < seen[0] or (position == seen[0] and last != seen[1])):
        _log.error("a partner's log was set back", partner=partner, position=position, seen=seen[0])
        return False
    await repository.note_partner_head(tx, partner, position, last, now)
    return True


async def note_export(tx: Transaction, message_id: UUID, staff_id: UUID, reason: str, now: datetime) -> None:
    """Note who takes the evidence about a message out, and why."""
    await repository.add_export(tx, new_id(), message_id, staff_id, reason, now)


async def exports(tx: Transaction, before: int | None, limit: int) -> Sequence[dict[str, Any]]:
    """Return who took evidence out, the latest first."""
    return await repository.exports(tx, before, limit)
