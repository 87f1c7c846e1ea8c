"""Agreements (SPEC.md, 10): the text that both districts sign, its id, and what it lets go."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from joserfc.jwk import OKPKey

from renkou_partner.contract import KINDS, Json
from renkou_partner.jws import sign

AGREEMENT_TYPE = "renkou-agreement+jws"
SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Agreement:
    """An agreement that both have signed and activated."""

    id: str
    terms: Json

    @classmethod
    def of(cls, members: Json) -> "Agreement":
        """Read one as `configure` of the driver protocol gives it."""
        return cls(members["id"], members["terms"])

    def is_between(self, one: str, other: str) -> bool:
        """Whether these two are its parties."""
        return set(self.terms["parties"]) == {one, other}

    def covers(self, day: date) -> bool:
        """Whether a day lies between its first and its last day."""
        first, last = (date.fromisoformat(self.terms[name]) for name in ("valid_from", "valid_to"))
        return first <= day <= last

    def grant(self, kind: str, sender: str) -> Json | None:
        """What ``sender`` may tell by a kind, or nothing."""
        return next(
            (one for one in self.terms["grants"] if (one["kind"], one["sender"]) == (kind, sender)), None
        )


def day_of(moment: datetime) -> date:
    """The day on which something was signed, by which agreements count."""
    return moment.astimezone(SHANGHAI).date()


def carried(content: Any, path: str = "") -> Iterator[str]:
    """The path of each member that a content carries: ``subject.name``; items of lists have no index."""
    if isinstance(content, dict):
        for name, value in content.items():
            yield from carried(value, f"{path}.{name}" if path else name)
    elif isinstance(content, list):
        for item in content:
            yield from carried(item, path)
    elif content is not None:
        yield path


def beyond(content: Json, fields: Sequence[str]) -> str | None:
    """The first member that is carried and not among those that may be."""
    return next((path for path in carried(content) if path not in fields), None)


def grant_of(kind: str, sender: str, fields: str = "fields") -> Json:
    """The most (``fields``) or the least (``required``) that an agreement may let go by a kind."""
    about = KINDS[kind]["grant"]
    return {
        "sender": sender,
        "kind": kind,
        "purpose": about["purpose"],
        "legal_basis": about["legal_basis"],
        "fields": about[fields],
        "answer_fields": about["answer_fields"],
    }


def terms_of(
    parties: tuple[str, str], first: date, last: date, grants: Sequence[Json], legal_basis: str
) -> Json:
    """Terms of a first version, drafted now."""
    return {
        "type": "renkou-agreement",
        "parties": list(parties),
        "version": 1,
        "lineage": None,
        "replaces": None,
        "drafted_at": datetime.now(SHANGHAI).isoformat(timespec="seconds"),
        "valid_from": first.isoformat(),
        "valid_to": last.isoformat(),
        "legal_basis": legal_basis,
        "grants": list(grants),
    }


def propose(terms: Json, key: OKPKey, partner: str) -> Json:
    """An agreement as it is handed over: id, terms, partner, and the document with the proposer's signature."""
    text = canonical(terms)
    protected, payload, signature = sign(text, key, AGREEMENT_TYPE).split(".")
    document = {"payload": payload, "signatures": [{"protected": protected, "signature": signature}]}
    return {"id": identifier(text), "partner": partner, "terms": terms, "document": document}


def canonical(terms: Json) -> bytes:
    """The text that is signed: JSON with sorted members and without spaces."""
    return json.dumps(terms, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def identifier(text: bytes) -> str:
    """The id: the first 16 bytes of the text's SHA-256 as a UUID of version 8."""
    data = bytearray(sha256(text).digest()[:16])
    data[6] = data[6] & 0x0F | 0x80
    data[8] = data[8] & 0x3F | 0x80
    return str(UUID(bytes=bytes(data)))
