"""Signed messages and receipts as the log keeps them, and the trust lists that were in force (签名原文).

Which keys were a district's at a time is itself in the log: every trust list that the node accepted is an
entry of kind ``trust_list`` whose text is the list, signed by the anchor, and every district's signed description
one of kind ``description``. A message is verified with the last list logged before it, as the node did (what was
logged before the first one, with the first), and with the keys that a description logged before it has brought: the
newest one of the district, if a key of that list signed it after the list was made.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from renkou_common.audit.root import ROOT_TYPE
from renkou_migrant.credentials.jws import (
    UnverifiedJws,
    VerifyingKey,
    encode_base64url,
    parse_compact,
    parse_json_object,
)
from renkou_migrant.credentials.reasons import CredentialError
from renkou_migrant.credentials.trust import MEDIA_TYPE, TrustList, verify_trust_list
from renkou_migrant.message_log.domain import DESCRIPTION, TRUST_LIST, Entry, kind_of_message
from renkou_migrant.message_log.proof.flaws import Flaw, ProofError
from renkou_migrant.partners.description import DESCRIPTION_TYPE, Description, with_newer_keys
from renkou_migrant.partners.description import read as read_description

MESSAGE_TYPE = "renkou-msg+jwt"
RECEIPT = "receipt"


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """What a signed text says; not verified yet."""

    id: UUID
    kind: str
    version: int
    sender: str
    receiver: str
    pair_seq: int
    created_at: datetime
    payload: Mapping[str, Any]
    jws: UnverifiedJws


@dataclass(frozen=True, slots=True)
class Attested:
    """One item of a receipt: what the partner says became of a message. ``digest`` is hexadecimal."""

    id: UUID
    digest: str
    state: str
    code: str | None


@dataclass(slots=True)
class TrustHistory:
    """Trust lists and descriptions by the position at which they were logged."""

    anchor: VerifyingKey
    _positions: list[int] = field(default_factory=list)
    _lists: list[TrustList] = field(default_factory=list)
    _described: list[int] = field(default_factory=list)
    _descriptions: list[Description] = field(default_factory=list)
    _known: dict[tuple[int, int], TrustList] = field(default_factory=dict)

    def add(self, position: int, token: str) -> None:
        """Take a list in, in the order of the log; raises ProofError for one that the anchor did not sign."""
        try:
            found = verify_trust_list(token, self.anchor)
        except CredentialError as error:
            raise ProofError(Flaw.NOT_SIGNED, f"trust list at {position}: {error}") from error
        if self._lists and found.sequence < self._lists[-1].sequence:
            raise ProofError(Flaw.NOT_SIGNED, f"trust list at {position} is older than the one before it")
        self._positions.append(position)
        self._lists.append(found)
        self._known.clear()

    def describe(self, position: int, found: Description) -> None:
        """Take a description in, in the order of the log; what it is worth depends on the list of its time."""
        self._described.append(position)
        self._descriptions.append(found)

    def at(self, position: int) -> TrustList:
        """Return the list in force at a position with the keys that descriptions had brought; raises ProofError."""
        if not self._lists:
            raise ProofError(Flaw.TRUST_MISSING)
        place = max(bisect_right(self._positions, position) - 1, 0), bisect_right(self._described, position)
        if place not in self._known:
            newest = {one.district.code: one for one in self._descriptions[: place[1]]}
            self._known[place] = with_newer_keys(self._lists[place[0]], newest.values())
        return self._known[place]

    @property
    def newest(self) -> TrustList:
        """The last list; raises ProofError where there is none."""
        return self.at(2**62)

    @property
    def size(self) -> int:
        """How many lists there are."""
        return len(self._lists)

    def lists_key(self, district: str, kid: str) -> bool:
        """Whether the last list, or a description under it, still names a district's signing key."""
        known = self.newest.districts.get(district)
        return known is not None and kid in known.exchange_signing_keys

    def verify(self, jws: UnverifiedJws, district: str, signed_at: datetime, position: int) -> None:
        """Raise ProofError unless a key signed that was the district's then, by the list at a position."""
        try:
            jws.verify(self.at(position).exchange_key(district, jws.header.kid, signed_at))
        except CredentialError as error:
            raise ProofError(Flaw.NOT_SIGNED, f"{district} at position {position}: {error}") from error


def read_signed(text: str) -> SignedMessage:
    """Read a signed text without verifying its signature; raises ProofError."""
    try:
        jws = parse_compact(text, type=MESSAGE_TYPE)
        members = parse_json_object(jws.payload)
        found = SignedMessage(
            id=UUID(members["id"]),
            kind=str(members["kind"]),
            version=int(members["version"]),
            sender=str(members["from"]),
            receiver=str(members["to"]),
            pair_seq=int(members["pair_seq"]),
            created_at=datetime.fromisoformat(members["created_at"]),
            payload=members["payload"],
            jws=jws,
        )
    except (CredentialError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise ProofError(Flaw.MALFORMED, f"signed text: {error!r}") from error
    if found.created_at.tzinfo is None or not isinstance(found.payload, dict):
        raise ProofError(Flaw.MALFORMED, "signed text: created_at or payload")
    return found


def attested(message: SignedMessage) -> list[Attested]:
    """Return the items of a receipt; raises ProofError for what is none."""
    try:
        return [
            Attested(UUID(item["id"]), str(item["digest"]), str(item["state"]), item.get("code"))
            for item in message.payload["items"]
        ]
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise ProofError(Flaw.MALFORMED, "not the items of a receipt") from error


def check_root_text(entry: Entry, text: str) -> None:
    """Raise ProofError unless a text is the root of the register's audit log that was logged."""
    if sha256(text.encode()).hexdigest() != entry.digest:
        raise ProofError(Flaw.TEXT_DIFFERS, f"{entry.kind} {entry.message_id}: digest")
    _check_key(entry, _parse(text, ROOT_TYPE))


def check_text(entry: Entry, text: str, own: str) -> SignedMessage | Description | None:
    """Return what a logged text says, None for a trust list; raises ProofError where it is another one."""
    if sha256(text.encode()).hexdigest() != entry.digest:
        raise ProofError(Flaw.TEXT_DIFFERS, f"{entry.kind} {entry.message_id}: digest")
    if entry.kind == TRUST_LIST:
        _check_key(entry, _parse(text, MEDIA_TYPE))
        return None
    if entry.kind == DESCRIPTION:
        return _described_by(entry, text)
    found = read_signed(text)
    _check_key(entry, found.jws)
    sender, receiver = (own, entry.partner) if entry.direction == "out" else (entry.partner, own)
    said = (found.id, kind_of_message(found.kind[:60]), found.pair_seq, found.sender, found.receiver)
    if said != (entry.message_id, entry.kind, entry.pair_seq, sender, receiver):
        raise ProofError(Flaw.TEXT_DIFFERS, f"{entry.kind} {entry.message_id}: its members")
    return found


def _check_key(entry: Entry, jws: UnverifiedJws) -> None:
    if (jws.header.kid, encode_base64url(jws.signature)) != (entry.kid, entry.signature):
        raise ProofError(Flaw.TEXT_DIFFERS, f"{entry.kind} {entry.message_id}: key or signature")


def _described_by(entry: Entry, text: str) -> Description:
    _check_key(entry, _parse(text, DESCRIPTION_TYPE))
    try:
        found = read_description(text)
    except CredentialError as error:
        raise ProofError(Flaw.NOT_SIGNED, f"description {entry.message_id}: {error}") from error
    if found.district.code != entry.partner:
        raise ProofError(Flaw.TEXT_DIFFERS, f"description {entry.message_id}: district")
    return found


def _parse(text: str, media_type: str) -> UnverifiedJws:
    try:
        return parse_compact(text, type=media_type)
    except CredentialError as error:
        raise ProofError(Flaw.MALFORMED, str(error)) from error
