"""The evidence about one message (单条消息的证据包), for somebody who has nothing but the anchor's public key.

A bundle is one JSON object::

    {"format": "renkou-evidence/1", "district": "310115",
     "message": ITEM, "receipts": [ITEM, …], "trust_lists": [ITEM, …], "checkpoints": ["…", …],
     "descriptions": [ITEM, …]}

An ITEM is ``{"text": signed text, "entry": log entry, "proof": {"checkpoint": number, "path": ["hash", …]}}``: the
path leads from the entry's hash to the root that the checkpoint signs, so the item stood in the log when that was
signed, in its place, and no other message has to be shown. The trust lists say whose keys were which; each is
signed by the anchor and stands in the log itself. ``descriptions`` (left out where there are none) bring keys that
were newer than the list; each is signed by a key of the list.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from renkou_common.audit import merkle
from renkou_migrant.credentials.jws import VerifyingKey
from renkou_migrant.message_log.domain import TRUST_LIST, Entry, Link, entry_hash
from renkou_migrant.message_log.proof.checkpoint import SignedCheckpoint, parse_checkpoint
from renkou_migrant.message_log.proof.entries import entry_members, read_entry
from renkou_migrant.message_log.proof.flaws import Flaw, ProofError
from renkou_migrant.message_log.proof.signed import (
    RECEIPT,
    SignedMessage,
    TrustHistory,
    attested,
    check_text,
)
from renkou_migrant.partners.description import Description

FORMAT = "renkou-evidence/1"
_MEMBERS = {"format", "district", "message", "receipts", "trust_lists", "checkpoints"}


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The receiver's signed word about the message. ``state``: delivered, read or refused (then ``code``)."""

    by: str
    state: str
    code: str | None
    signed_at: datetime
    entry: Entry


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a bundle proves about a message."""

    district: str
    message: SignedMessage
    link: Link
    sealed_at: datetime
    checkpoint: int
    acknowledgements: tuple[Acknowledgement, ...]
    names: Mapping[str, tuple[str, str]]
    """Names of the districts by code, Chinese and English."""
    no_longer_listed: bool
    """Whether the newest trust list at hand has taken the signing key off."""


def bundle_of(
    district: str,
    message: dict[str, Any],
    receipts: list[dict[str, Any]],
    trust_lists: list[dict[str, Any]],
    checkpoints: list[str],
    descriptions: list[dict[str, Any]],
) -> dict[str, Any]:
    """Return a bundle out of :func:`item_of` results and checkpoint tokens."""
    return {
        "format": FORMAT,
        "district": district,
        "message": message,
        "receipts": receipts,
        "trust_lists": trust_lists,
        "checkpoints": checkpoints,
        **({"descriptions": descriptions} if descriptions else {}),
    }


def item_of(link: Link, checkpoint: int, first: int, hashes: list[bytes]) -> dict[str, Any]:
    """Return an item: ``hashes`` are those that the checkpoint covers, from position ``first`` on."""
    path = merkle.path(hashes, link.position - first)
    return {
        "text": link.entry.text,
        "entry": entry_members(link),
        "proof": {"checkpoint": checkpoint, "path": [each.hex() for each in path]},
    }


def verify_bundle(
    content: Mapping[str, Any],
    anchor: VerifyingKey,
    *,
    noted: Iterable[str] = (),
    newer_lists: Iterable[str] = (),
) -> Evidence:
    """Verify a bundle and return what it proves; raises ProofError for the first thing that is wrong.

    ``noted`` are checkpoints of the same district that somebody kept; ``newer_lists`` trust lists at hand.
    """
    if content.keys() - {"descriptions"} != _MEMBERS or content["format"] != FORMAT:
        raise ProofError(Flaw.MALFORMED, f"not {FORMAT}")
    district = str(content["district"])
    checkpoints = _checkpoints(content["checkpoints"], district)
    trust = TrustHistory(anchor)
    lists = [_item(item, checkpoints) for item in _items(content["trust_lists"])]
    for link in sorted(lists, key=lambda one: one.position):
        if link.entry.kind != TRUST_LIST:
            raise ProofError(Flaw.MALFORMED, "trust_lists")
        check_text(link.entry, link.entry.text, district)
        trust.add(link.position, link.entry.text)
    described = [_item(item, checkpoints) for item in _items(content.get("descriptions", []))]
    for link in sorted(described, key=lambda one: one.position):
        _describe(trust, link, district)
    for one in checkpoints.values():
        trust.verify(one.jws, district, one.content.at, one.content.last)
    _check_noted(noted, checkpoints, district)
    link = _item(content["message"], checkpoints)
    message = _signed(link, district, trust)
    if link.entry.kind == RECEIPT:
        raise ProofError(Flaw.MALFORMED, "a receipt is no message")
    found = [_item(item, checkpoints) for item in _items(content["receipts"])]
    answers = [_acknowledgement(one, link, district, trust) for one in found]
    covering = _covering(link, checkpoints)
    newest = TrustHistory(anchor)
    for token in (*[one.entry.text for one in lists], *newer_lists):
        newest.add(newest.size, token.strip())
    for described_by in described:
        _describe(newest, described_by, district)
    return Evidence(
        district=district,
        message=message,
        link=link,
        sealed_at=covering.content.at,
        checkpoint=covering.content.number,
        acknowledgements=tuple(sorted(answers, key=lambda one: one.signed_at)),
        names={one.code: (one.name_zh, one.name_en) for one in trust.newest.districts.values()},
        no_longer_listed=not newest.lists_key(message.sender, message.jws.header.kid),
    )


def _checkpoints(tokens: Any, district: str) -> dict[int, SignedCheckpoint]:
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        raise ProofError(Flaw.MALFORMED, "checkpoints")
    found = {one.content.number: one for one in map(parse_checkpoint, tokens)}
    for one in found.values():
        if one.content.district != district:
            raise ProofError(Flaw.OTHER_DISTRICT, f"checkpoint of {one.content.district}")
        before = found.get(one.content.number - 1)
        if before is not None and one.content.previous != before.digest:
            raise ProofError(Flaw.CHECKPOINT_DIFFERS, f"number {one.content.number}")
    return found


def _check_noted(tokens: Iterable[str], checkpoints: Mapping[int, SignedCheckpoint], district: str) -> None:
    """A checkpoint that somebody kept is the one in the bundle wherever the two speak of the same entries."""
    for one in (parse_checkpoint(token.strip()) for token in tokens):
        if one.content.district != district:
            raise ProofError(Flaw.OTHER_DISTRICT, f"checkpoint of {one.content.district}")
        for shown in checkpoints.values():
            apart = shown.content.last < one.content.first or one.content.last < shown.content.first
            if not apart and shown.token != one.token:
                raise ProofError(Flaw.CHECKPOINT_DIFFERS, f"number {one.content.number}")


def _items(items: Any) -> list[Any]:
    if not isinstance(items, list):
        raise ProofError(Flaw.MALFORMED, "not a list of items")
    return items


def _item(item: Any, checkpoints: Mapping[int, SignedCheckpoint]) -> Link:
    """Return an item's entry after following its path to the checkpoint's root."""
    try:
        text, proof = item["text"], item["proof"]
        if item.keys() != {"text", "entry", "proof"} or not isinstance(text, str):
            raise ValueError("not the members of an item")
        link = read_entry(item["entry"], text)
        hashes = [bytes.fromhex(each) for each in proof["path"]]
        covering = checkpoints[proof["checkpoint"]].content
        if proof.keys() != {"checkpoint", "path"}:
            raise ValueError("not the members of a proof")
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise ProofError(Flaw.MALFORMED, f"item: {error!r}") from error
    if link.hash != entry_hash(link.previous, link.position, link.entry):
        raise ProofError(Flaw.ENTRY_ALTERED, str(link.position))
    size = covering.last - covering.first + 1
    try:
        root = merkle.root_by_path(link.hash, link.position - covering.first, size, hashes)
    except ValueError as error:
        raise ProofError(Flaw.NOT_IN_LOG, f"position {link.position}: {error}") from error
    if root != covering.root or (link.position == covering.last and link.hash != covering.head):
        raise ProofError(Flaw.NOT_IN_LOG, f"position {link.position}")
    return link


def _describe(trust: TrustHistory, link: Link, district: str) -> None:
    found = check_text(link.entry, link.entry.text, district)
    if not isinstance(found, Description):
        raise ProofError(Flaw.MALFORMED, "descriptions")
    trust.describe(link.position, found)


def _signed(link: Link, district: str, trust: TrustHistory) -> SignedMessage:
    signed = check_text(link.entry, link.entry.text, district)
    if not isinstance(signed, SignedMessage):
        raise ProofError(Flaw.MALFORMED, "a trust list or description is no message")
    trust.verify(signed.jws, signed.sender, signed.created_at, link.position)
    return signed


def _acknowledgement(one: Link, message: Link, district: str, trust: TrustHistory) -> Acknowledgement:
    """Return what a receipt says of the message; raises ProofError for one that says nothing of it."""
    signed = _signed(one, district, trust)
    fits = one.entry.kind == RECEIPT and one.entry.direction != message.entry.direction
    items = [item for item in attested(signed) if item.id == message.entry.message_id] if fits else []
    if not items or one.entry.partner != message.entry.partner:
        raise ProofError(Flaw.RECEIPT_WITHOUT_MESSAGE, f"receipt at position {one.position}")
    item = next((item for item in items if item.digest == message.entry.digest), None)
    if item is None:
        raise ProofError(Flaw.RECEIPT_OF_OTHER_CONTENT, f"receipt at position {one.position}")
    return Acknowledgement(signed.sender, item.state, item.code, signed.created_at, one.entry)


def _covering(link: Link, checkpoints: Mapping[int, SignedCheckpoint]) -> SignedCheckpoint:
    return next(one for one in checkpoints.values() if one.content.first <= link.position <= one.content.last)
