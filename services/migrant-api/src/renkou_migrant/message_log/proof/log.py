"""Verifying a whole exported log (整个日志的核验).

An export is a text of lines, each a JSON object: first ``{"format": "renkou-message-log/1", "district": …}``,
then in the order of the log ``{"entry": {…}, "text": …}`` and, right behind the last entry it covers,
``{"checkpoint": "…"}``, at the end one over everything; at last ``{"end": {"position": …, "hash": …}}``.
Receipts, digests, trust lists and descriptions carry their signed text; messages about people don't.

What is shown: every entry is unaltered and in its place; the messages sent to each partner are numbered without
gaps; every receipt and digest was signed by the partner with a key that was trusted then, and speaks of messages
that are in the log; every checkpoint holds. What a district could still do is cut its own log off behind the last
checkpoint that anybody else has: so checkpoints, the partner's word and the partner's log can be laid beside it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from renkou_common.audit import merkle
from renkou_migrant.credentials.jws import UnverifiedJws, VerifyingKey, parse_json_object
from renkou_migrant.credentials.reasons import CredentialError
from renkou_migrant.message_log.domain import AUDIT_ROOT, GENESIS, OF_TRUST, Link, entry_hash
from renkou_migrant.message_log.proof.checkpoint import SignedCheckpoint, check_follows, parse_checkpoint
from renkou_migrant.message_log.proof.entries import read_entry
from renkou_migrant.message_log.proof.flaws import Flaw, ProofError
from renkou_migrant.message_log.proof.signed import (
    RECEIPT,
    SignedMessage,
    TrustHistory,
    attested,
    check_root_text,
    check_text,
    read_signed,
)
from renkou_migrant.partners.description import Description

FORMAT = "renkou-message-log/1"
_NOT_TAKEN = frozenset({"sequence_conflict"})
"""Outcomes of arrivals that do not use up their number."""


@dataclass(slots=True)
class Pair:
    """What the log holds of one partner. Numbers map to digests; receipts to the latest state attested."""

    sent: dict[int, str] = field(default_factory=dict)
    received: dict[int, str] = field(default_factory=dict)
    digest_of: dict[tuple[str, UUID], set[str]] = field(default_factory=lambda: defaultdict(set))
    attested: dict[UUID, str] = field(default_factory=dict)
    receipts: int = 0

    @property
    def not_arrived(self) -> list[int]:
        """Numbers below the highest received that have not come yet."""
        return [number for number in range(1, max(self.received, default=0)) if number not in self.received]


@dataclass(frozen=True, slots=True)
class Witness:
    """A district's signed word that the log of another one had this hash at this position."""

    by: str
    of: str
    position: int
    hash: bytes
    at: datetime


@dataclass(slots=True)
class LogReport:
    """What a log was found to be."""

    district: str
    trust: TrustHistory
    hashes: list[bytes] = field(default_factory=list)
    first_at: datetime | None = None
    last_at: datetime | None = None
    pairs: dict[str, Pair] = field(default_factory=lambda: defaultdict(Pair))
    checkpoint: SignedCheckpoint | None = None
    witnesses: list[Witness] = field(default_factory=list)
    given: list[Witness] = field(default_factory=list)
    """What this district has said of its partners' logs."""
    audit_roots: list[tuple[int, str]] = field(default_factory=list)
    """Roots of the register's audit log, as they were taken in: position and text."""
    without_text: int = 0
    """Receipts from before texts were kept."""

    @property
    def head(self) -> bytes:
        """The hash of the last entry."""
        return self.hashes[-1] if self.hashes else GENESIS


def verify_log(
    lines: Iterable[bytes], anchor: VerifyingKey, noted: Iterable[str] = (), witnesses: Iterable[str] = ()
) -> LogReport:
    """Verify an export and return what it shows; raises ProofError for the first thing that is wrong.

    ``noted`` are checkpoints that somebody kept, ``witnesses`` signed digests of partners from elsewhere.
    """
    reader: _Reader | None = None
    for line in lines:
        members = _object(line)
        if reader is None:
            reader = _Reader(LogReport(_district(members), TrustHistory(anchor)))
        else:
            reader.take(members)
    if reader is None or not reader.ended:
        raise ProofError(Flaw.FILE_INCOMPLETE)
    report = reader.report
    for token in noted:
        _check_noted(report, parse_checkpoint(token.strip()))
    for text in witnesses:
        _take_witness(report, text.strip())
    for witness in report.witnesses:
        check_witness(report, witness)
    return report


def witnessed_roots(report: LogReport) -> list[tuple[str, list[str]]]:
    """Return the roots of the register's audit log that stand before what partners have witnessed, and by whom."""
    found = []
    for position, token in report.audit_roots:
        by = sorted({each.by for each in report.witnesses if each.position >= position})
        if by:
            found.append((token, by))
    return found


def check_witness(report: LogReport, witness: Witness) -> None:
    """Raise ProofError unless a log is still what was witnessed."""
    if witness.position > len(report.hashes):
        raise ProofError(Flaw.LOG_CUT_OFF, f"{witness.by} has seen position {witness.position}")
    if witness.position < 1 or report.hashes[witness.position - 1] != witness.hash:
        raise ProofError(Flaw.WITNESS_DIFFERS, f"{witness.by} at position {witness.position}")


def compare_logs(one: LogReport, other: LogReport) -> int:
    """Lay two districts' logs beside each other; returns how many messages stand in both.

    Raises ProofError where one holds a message of the other that the other doesn't, or another under its number.
    """
    both = 0
    for sender, receiver in ((one, other), (other, one)):
        sent = sender.pairs[receiver.district].sent
        for number, digest in receiver.pairs[sender.district].received.items():
            if sent.get(number) != digest:
                where = f"{sender.district} to {receiver.district}, number {number}"
                raise ProofError(Flaw.PARTNER_LOG_DIFFERS, where)
            both += 1
        for witness in receiver.given:
            if witness.of == sender.district:
                check_witness(sender, witness)
    return both


class _Reader:
    """Takes the lines of an export one after the other."""

    def __init__(self, report: LogReport) -> None:
        self.report = report
        self.ended = False
        self._waiting: list[tuple[UnverifiedJws, str, datetime, int]] = []
        self._texts = False
        self._trusted = False

    def take(self, members: Mapping[str, Any]) -> None:
        """Check one line against all before it; raises ProofError."""
        if self.ended:
            raise ProofError(Flaw.MALFORMED, "lines after the end")
        if "entry" in members and members.keys() <= {"entry", "text"}:
            text = members.get("text", "")
            if not isinstance(text, str) or not isinstance(members["entry"], dict):
                raise ProofError(Flaw.MALFORMED, "entry or text")
            self._entry(read_entry(members["entry"], text))
        elif members.keys() == {"checkpoint"}:
            self._checkpoint(parse_checkpoint(str(members["checkpoint"])))
        elif members.keys() == {"end"}:
            self._end(members["end"])
        else:
            raise ProofError(Flaw.MALFORMED, f"a line with {sorted(members)}"[:200])

    def _entry(self, link: Link) -> None:
        report, entry = self.report, link.entry
        position = len(report.hashes) + 1
        if link.position != position:
            raise ProofError(Flaw.ENTRY_MISSING, f"{position}: the next one is {link.position}")
        if link.previous != report.head:
            raise ProofError(Flaw.CHAIN_BROKEN, str(position))
        if link.hash != entry_hash(report.head, position, entry):
            raise ProofError(Flaw.ENTRY_ALTERED, str(position))
        report.hashes.append(link.hash)
        report.first_at = report.first_at or entry.at
        report.last_at = entry.at
        if entry.kind not in OF_TRUST:
            self._count(link)
        if entry.text:
            self._text(link)
        elif entry.kind in OF_TRUST or (entry.kind == RECEIPT and self._texts):
            raise ProofError(Flaw.TEXT_MISSING, str(position))
        elif entry.kind == RECEIPT:
            report.without_text += 1

    def _count(self, link: Link) -> None:
        entry, pair = link.entry, self.report.pairs[link.entry.partner]
        if entry.kind == RECEIPT:
            return
        pair.digest_of[entry.direction, entry.message_id].add(entry.digest)
        if entry.pair_seq == 0 or entry.outcome in _NOT_TAKEN:
            return
        numbers = pair.sent if entry.direction == "out" else pair.received
        where = f"{entry.direction} {entry.partner}, number {entry.pair_seq}, position {link.position}"
        if entry.pair_seq in numbers:
            raise ProofError(Flaw.NUMBER_TWICE, where)
        if entry.direction == "out" and entry.pair_seq != len(numbers) + 1:
            raise ProofError(Flaw.NUMBER_MISSING, f"{where} after {len(numbers)}")
        numbers[entry.pair_seq] = entry.digest

    def _text(self, link: Link) -> None:
        self._texts = True
        report, entry = self.report, link.entry
        if entry.kind == AUDIT_ROOT:
            check_root_text(entry, entry.text)
            report.audit_roots.append((link.position, entry.text))
            return
        signed = check_text(entry, entry.text, report.district)
        if signed is None:
            report.trust.add(link.position, entry.text)
            self._trusted = True
            waiting, self._waiting = self._waiting, []
            for jws, district, signed_at, position in waiting:
                report.trust.verify(jws, district, signed_at, position)
            return
        if isinstance(signed, Description):
            report.trust.describe(link.position, signed)
            return
        if self._trusted:
            report.trust.verify(signed.jws, signed.sender, signed.created_at, link.position)
        else:
            self._waiting.append((signed.jws, signed.sender, signed.created_at, link.position))
        if entry.kind == RECEIPT:
            self._receipt(link, signed)
        elif (witness := _witness_of(signed)) is not None:
            (report.witnesses if entry.direction == "in" else report.given).append(witness)

    def _receipt(self, link: Link, signed: SignedMessage) -> None:
        entry = link.entry
        pair = self.report.pairs[entry.partner]
        pair.receipts += 1
        other_way = "out" if entry.direction == "in" else "in"
        for item in attested(signed):
            logged = pair.digest_of.get((other_way, item.id))
            if logged is None:
                raise ProofError(Flaw.RECEIPT_WITHOUT_MESSAGE, f"{item.id}, position {link.position}")
            if item.digest not in logged:
                raise ProofError(Flaw.RECEIPT_OF_OTHER_CONTENT, f"{item.id}, position {link.position}")
            if other_way == "out":
                pair.attested[item.id] = item.state

    def _checkpoint(self, one: SignedCheckpoint) -> None:
        report = self.report
        check_follows(one, report.checkpoint)
        if one.content.last < len(report.hashes):
            raise ProofError(Flaw.CHECKPOINT_DIFFERS, f"number {one.content.number} stands too late")
        _check_checkpoint(report, one)
        report.checkpoint = one

    def _end(self, end: Any) -> None:
        report = self.report
        if end != {"position": len(report.hashes), "hash": report.head.hex()}:
            raise ProofError(Flaw.FILE_INCOMPLETE, f"after entry {len(report.hashes)}")
        covered = report.checkpoint.content.last if report.checkpoint else 0
        if covered != len(report.hashes):
            raise ProofError(Flaw.CHECKPOINT_MISSING, f"the last one covers {covered} entries")
        if self._waiting:
            raise ProofError(Flaw.TRUST_MISSING)
        self.ended = True


def _check_noted(report: LogReport, one: SignedCheckpoint) -> None:
    """A checkpoint somebody kept: what is after it may have come later, what it covers must be there."""
    if one.content.district != report.district:
        raise ProofError(Flaw.OTHER_DISTRICT, f"checkpoint of {one.content.district}")
    _check_checkpoint(report, one)


def _check_checkpoint(report: LogReport, one: SignedCheckpoint) -> None:
    content = one.content
    if content.district != report.district:
        raise ProofError(Flaw.OTHER_DISTRICT, f"checkpoint of {content.district}")
    report.trust.verify(one.jws, report.district, content.at, content.last)
    if content.last > len(report.hashes):
        raise ProofError(Flaw.LOG_CUT_OFF, f"checkpoint {content.number} covers {content.last} entries")
    covered = report.hashes[content.first - 1 : content.last]
    if covered[-1] != content.head or merkle.root(covered) != content.root:
        raise ProofError(Flaw.CHECKPOINT_DIFFERS, f"number {content.number}")


def _take_witness(report: LogReport, text: str) -> None:
    signed = read_signed(text)
    witness = _witness_of(signed)
    if witness is None or witness.of != report.district:
        raise ProofError(Flaw.OTHER_DISTRICT, "a witness that says nothing of this log")
    report.trust.verify(signed.jws, signed.sender, signed.created_at, len(report.hashes))
    report.witnesses.append(witness)


def _witness_of(signed: SignedMessage) -> Witness | None:
    """What a digest says of its receiver's log: ``witnessed`` with ``position`` and ``hash``."""
    said = signed.payload.get("witnessed")
    if said is None:
        return None
    try:
        position, seen = int(said["position"]), bytes.fromhex(said["hash"])
    except (KeyError, ValueError, TypeError) as error:
        raise ProofError(Flaw.MALFORMED, "witnessed") from error
    return Witness(signed.sender, signed.receiver, position, seen, signed.created_at)


def _object(line: bytes) -> dict[str, Any]:
    try:
        return parse_json_object(line)
    except CredentialError as error:
        raise ProofError(Flaw.MALFORMED, "a line that is no JSON object") from error


def _district(members: Mapping[str, Any]) -> str:
    if members.keys() != {"format", "district"} or members["format"] != FORMAT:
        raise ProofError(Flaw.MALFORMED, f"not {FORMAT}")
    return str(members["district"])
