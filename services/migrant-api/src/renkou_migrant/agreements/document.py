"""Agreements and statements about them as signed documents that are handed over as files.

An agreement is a JWS in general JSON form (RFC 7515, 7.2.1): one payload, the canonical text, and a signature
of each district over it. With one signature it is a proposal, with both it is agreed::

    {"payload": "…", "signatures": [{"protected": "…", "signature": "…"}, …]}

The text is JSON with sorted members and without spaces, so that reading and writing it again gives the same
bytes. A statement (suspended, resumed, ended, refused) is a compact JWS of one district.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import orjson

from renkou_migrant.agreements.domain import Grant, Terms
from renkou_migrant.credentials.jws import (
    SigningKey,
    VerifyingKey,
    decode_base64url,
    parse_compact,
    parse_json_object,
    sign_compact,
)
from renkou_migrant.credentials.reasons import CredentialError, Reason

AGREEMENT_TYPE = "renkou-agreement+jws"
STATEMENT_TYPE = "renkou-agreement-statement+jwt"
MAX_DOCUMENT = 200_000
"""Characters of the largest document taken in."""

type Act = Literal["suspended", "resumed", "ended", "refused"]
_ACTS: frozenset[str] = frozenset({"suspended", "resumed", "ended", "refused"})


@dataclass(frozen=True, slots=True)
class Signed:
    """A text with its signatures: compact tokens over it, by the district that made each."""

    text: bytes
    tokens: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Statement:
    """What a district declares about an agreement, at an instant."""

    agreement: UUID
    district: str
    act: Act
    at: datetime
    reason: str


def canonical(terms: Terms) -> bytes:
    """Return the text that both districts sign."""
    members = {
        "type": "renkou-agreement",
        "parties": list(terms.parties),
        "version": terms.number,
        "lineage": _text(terms.lineage),
        "replaces": _text(terms.replaces),
        "drafted_at": terms.drafted_at.isoformat(timespec="seconds"),
        "valid_from": terms.valid_from.isoformat(),
        "valid_to": terms.valid_to.isoformat(),
        "legal_basis": terms.legal_basis,
        "grants": [_grant_members(one) for one in terms.grants],
    }
    return orjson.dumps(members, option=orjson.OPT_SORT_KEYS)


def read_terms(text: bytes) -> Terms:
    """Return the terms of a text; raises CredentialError(MALFORMED) for any other than a canonical one."""
    try:
        terms = read_members(parse_json_object(text))
    except (KeyError, TypeError, ValueError) as error:
        raise CredentialError(Reason.MALFORMED, f"terms: {error!r}") from error
    if canonical(terms) != text:
        raise CredentialError(Reason.MALFORMED, "not the canonical text of its terms")
    return terms


def read_members(members: Mapping[str, Any]) -> Terms:
    """Return the terms of a text that was taken apart; raises KeyError, TypeError or ValueError."""
    first, second = members["parties"]
    return Terms(
        parties=(str(first), str(second)),
        valid_from=date.fromisoformat(members["valid_from"]),
        valid_to=date.fromisoformat(members["valid_to"]),
        legal_basis=str(members["legal_basis"]),
        grants=tuple(_grant(one) for one in members["grants"]),
        drafted_at=datetime.fromisoformat(members["drafted_at"]),
        number=int(members["version"]),
        lineage=_id(members["lineage"]),
        replaces=_id(members["replaces"]),
    )


def sign(text: bytes, key: SigningKey) -> str:
    """Return a district's signature over a text as a compact token."""
    return sign_compact(text, key=key, type=AGREEMENT_TYPE)


def write(tokens: Iterable[str]) -> dict[str, Any]:
    """Return the document of signatures over one text."""
    parts = [token.split(".") for token in tokens]
    return {
        "payload": parts[0][1],
        "signatures": [{"protected": one[0], "signature": one[2]} for one in parts],
    }


def read(document: Mapping[str, Any], keys: Mapping[str, Mapping[str, VerifyingKey]]) -> Signed:
    """Verify a document with the keys of both districts, by district and ``kid``.

    Raises CredentialError: MALFORMED, WRONG_TYPE, UNKNOWN_KEY (no district of ``keys`` has it), BAD_SIGNATURE.
    """
    payload, signatures = document.get("payload"), document.get("signatures")
    if document.keys() != {"payload", "signatures"} or not isinstance(payload, str):
        raise CredentialError(Reason.MALFORMED, "a document has payload and signatures")
    if not isinstance(signatures, list) or not 1 <= len(signatures) <= 2:
        raise CredentialError(Reason.MALFORMED, "a document has one signature or two")
    tokens: dict[str, str] = {}
    for one in signatures:
        if not isinstance(one, Mapping) or one.keys() != {"protected", "signature"}:
            raise CredentialError(Reason.MALFORMED, "a signature has protected and signature")
        token = f"{one['protected']}.{payload}.{one['signature']}"
        tokens[_signer(token, keys)] = token
    if len(tokens) != len(signatures):
        raise CredentialError(Reason.MALFORMED, "two signatures of one district")
    return Signed(decode_base64url(payload), tokens)


def payload_of(segment: str) -> bytes:
    """Return the text of a document that nobody has verified yet; raises CredentialError(MALFORMED)."""
    return decode_base64url(segment)


def district_of(token: str) -> str:
    """Return the district that a statement claims to be of, to look its keys up."""
    jws = parse_compact(token, type=STATEMENT_TYPE)
    return str(parse_json_object(jws.payload).get("district"))


def sign_statement(statement: Statement, key: SigningKey) -> str:
    """Return a statement as a token of its district."""
    members = {
        "agreement": str(statement.agreement),
        "district": statement.district,
        "act": statement.act,
        "at": statement.at.isoformat(),
        "reason": statement.reason,
    }
    return sign_compact(orjson.dumps(members), key=key, type=STATEMENT_TYPE)


def read_statement(token: str, keys: Mapping[str, Mapping[str, VerifyingKey]]) -> Statement:
    """Verify a statement of one of the districts of ``keys``; raises CredentialError."""
    jws = parse_compact(token, type=STATEMENT_TYPE)
    try:
        members = parse_json_object(jws.payload)
        statement = Statement(
            agreement=UUID(members["agreement"]),
            district=str(members["district"]),
            act=members["act"],
            at=datetime.fromisoformat(members["at"]),
            reason=str(members["reason"])[:500],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CredentialError(Reason.MALFORMED, f"statement: {error!r}") from error
    if statement.act not in _ACTS or statement.at.tzinfo is None:
        raise CredentialError(Reason.MALFORMED, "act or instant of a statement")
    key = keys.get(statement.district, {}).get(jws.header.kid)
    if key is None:
        raise CredentialError(Reason.UNKNOWN_KEY, jws.header.kid)
    jws.verify(key)
    return statement


def _signer(token: str, keys: Mapping[str, Mapping[str, VerifyingKey]]) -> str:
    """Two districts may name their keys alike: whose signature it is shows when it is verified."""
    jws = parse_compact(token, type=AGREEMENT_TYPE)
    failure = CredentialError(Reason.UNKNOWN_KEY, jws.header.kid)
    for district, of_district in keys.items():
        key = of_district.get(jws.header.kid)
        if key is None:
            continue
        try:
            jws.verify(key)
        except CredentialError as error:
            failure = error
            continue
        return district
    raise failure


def _grant_members(grant: Grant) -> dict[str, Any]:
    return {
        "sender": grant.sender,
        "kind": grant.kind,
        "purpose": grant.purpose,
        "legal_basis": grant.legal_basis,
        "fields": sorted(grant.fields),
        "answer_fields": sorted(grant.answer_fields),
    }


def _grant(members: Mapping[str, Any]) -> Grant:
    return Grant(
        sender=str(members["sender"]),
        kind=str(members["kind"]),
        purpose=str(members["purpose"]),
        legal_basis=str(members["legal_basis"]),
        fields=frozenset(map(str, members["fields"])),
        answer_fields=frozenset(map(str, members["answer_fields"])),
    )


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _id(value: Any) -> UUID | None:
    return None if value is None else UUID(value)
