"""Making the evidence about one message, and the export of the whole log."""

from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from renkou_common.database import Transaction
from renkou_common.errors import Conflict
from renkou_common.scope import AreaScope
from renkou_migrant.message_log import repository, service
from renkou_migrant.message_log.domain import DESCRIPTION, GENESIS, TRUST_LIST, Link
from renkou_migrant.message_log.proof import log
from renkou_migrant.message_log.proof.bundle import bundle_of, item_of
from renkou_migrant.message_log.proof.entries import entry_members
from renkou_migrant.message_log.repository import StoredCheckpoint
from renkou_migrant.partners import service as partners
from renkou_migrant.partners.description import read as read_description
from renkou_migrant.runtime import Runtime

_PAGE = 1_000


async def cover(tx: Transaction, runtime: Runtime) -> StoredCheckpoint | None:
    """See that it is logged whose keys are whose, and everything under a checkpoint; returns the last."""
    token, now = await partners.trust_list_token(tx), runtime.clock.now()
    if token is not None:
        await service.note_trust_list(tx, runtime.cipher, token, now)
    described = await partners.newest_descriptions(tx)
    logged = await repository.last_descriptions(tx, list(described)) if described else {}
    for district, description in described.items():
        if logged.get(district) != sha256(description.encode()).hexdigest():
            await service.note_description(tx, runtime.cipher, district, description, now)
    await _describe_own(tx, runtime)
    return await service.checkpoint(tx, runtime)


async def _describe_own(tx: Transaction, runtime: Runtime) -> None:
    """Log this district's own description when it has a key that the trust list does not name yet.

    It has to be signed by a listed key, so it is made while that still signs, as for the partners.
    """
    trust, own = await partners.trust_list(tx, runtime), runtime.settings.district
    listed = trust.districts.get(own) if trust else None
    keys = runtime.exchange_keys
    if listed is None or keys.signer.kid not in listed.exchange_signing_keys:
        return
    (last,) = await repository.descriptions_at(tx, [own], 2**62) or (None,)
    known = set(listed.exchange_signing_keys)
    if last is not None:
        known |= set(read_description(last.entry.text).district.exchange_signing_keys)
    if any(key.kid not in known for key in keys.signing):
        token = partners.signed_description(runtime).token
        await service.note_description(tx, runtime.cipher, own, token, runtime.clock.now())


async def bundle(tx: Transaction, runtime: Runtime, message_id: UUID) -> dict[str, Any]:
    """Return the evidence about a message that was sent or received; see :mod:`.proof.bundle`.

    Raises Conflict where its signed text is not kept: not sent yet, logged before texts were, or deleted.
    """
    await cover(tx, runtime)
    found = await repository.message(tx, message_id)
    if found is None:
        raise Conflict(
            "no_evidence",
            "日志中没有该消息的签名原文(尚未发出, 或原文未留存)",
            "The log does not hold the message's signed text: not sent yet, or not kept",
        )
    link, sealed = found
    text = runtime.cipher.decrypt(sealed, service.TEXT_COLUMN)
    message = replace(link, entry=replace(link.entry, text=text))
    other_way = "in" if link.entry.direction == "out" else "out"
    receipts = await repository.receipts_about(tx, message_id, link.entry.partner, other_way)
    parties = [runtime.settings.district, link.entry.partner]
    beside, checkpoints = await _surroundings(tx, [message, *receipts], parties)
    hashes = {one.number: await repository.hashes(tx, one.first, one.last) for one in checkpoints.values()}

    def item(one: Link) -> dict[str, Any]:
        covering = checkpoints[one.position]
        return item_of(one, covering.number, covering.first, hashes[covering.number])

    tokens = {one.number: one.token for one in checkpoints.values()}
    return bundle_of(
        runtime.settings.district,
        item(message),
        [item(one) for one in receipts],
        [item(one) for one in beside if one.entry.kind == TRUST_LIST],
        [tokens[number] for number in sorted(tokens)],
        [item(one) for one in beside if one.entry.kind == DESCRIPTION],
    )


async def _surroundings(
    tx: Transaction, links: list[Link], parties: list[str]
) -> tuple[list[Link], dict[int, StoredCheckpoint]]:
    """Return the trust lists in force, and the parties' descriptions known, at entries and at the checkpoints over
    them; and those checkpoints by position."""
    checkpoints: dict[int, StoredCheckpoint] = {}
    beside: dict[int, Link] = {}
    waiting = [link.position for link in links]
    while waiting:
        position = waiting.pop()
        covering = await repository.checkpoint_over(tx, position)
        assert covering is not None, "everything is covered"
        checkpoints[position] = covering
        for where in (position, covering.last):
            trusted = await repository.trust_list_at(tx, where)
            described = await repository.descriptions_at(tx, parties, where)
            for one in [trusted, *described] if trusted else described:
                if one.position not in beside:
                    beside[one.position] = one
                    waiting.append(one.position)
    return [beside[position] for position in sorted(beside)], checkpoints


async def export(runtime: Runtime, areas: AreaScope) -> AsyncIterator[bytes]:
    """Yield the whole log as lines, as :mod:`.proof.log` reads them; it ends with a checkpoint signed now."""
    async with runtime.database.transaction(areas) as tx:
        final = await cover(tx, runtime)
    yield _line({"format": log.FORMAT, "district": runtime.settings.district})
    position, last = 0, GENESIS
    end = final.last if final else 0
    while position < end:
        async with runtime.database.transaction(areas, read_only=True) as tx:
            links = await repository.page(tx, position, _PAGE, end)
            signed = await repository.checkpoints_between(tx, position, links[-1].position)
        tokens = {one.last: one.token for one in signed}
        for link in links:
            yield _line(_exported(link))
            if link.position in tokens:
                yield _line({"checkpoint": tokens[link.position]})
        position, last = links[-1].position, links[-1].hash
    yield _line({"end": {"position": position, "hash": last.hex()}})


def _exported(link: Link) -> dict[str, Any]:
    members: dict[str, Any] = {"entry": entry_members(link)}
    return {**members, "text": link.entry.text} if link.entry.text else members


def _line(members: dict[str, Any]) -> bytes:
    return orjson.dumps(members) + b"\n"
