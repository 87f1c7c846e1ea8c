"""Signed documents: the same bytes come back, and nothing altered is believed."""

from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_migrant.agreements import document
from renkou_migrant.agreements.document import Statement
from renkou_migrant.agreements.domain import Grant, Terms, identifier
from renkou_migrant.credentials.jws import SigningKey, VerifyingKey
from renkou_migrant.credentials.reasons import CredentialError, Reason

HOME, RESIDENCE = "340103", "310115"
KEYS = {district: SigningKey.generate("sig-1", "EdDSA") for district in (HOME, RESIDENCE)}
PUBLIC: dict[str, dict[str, VerifyingKey]] = {d: {"sig-1": key.public} for d, key in KEYS.items()}
TERMS = Terms(
    parties=(RESIDENCE, HOME),
    valid_from=date(2026, 1, 1),
    valid_to=date(2026, 12, 31),
    legal_basis="双向管理协议",
    grants=(Grant(RESIDENCE, "inquiry", "verify_facts", "依据", frozenset({"questions", "note"})),),
    drafted_at=datetime(2025, 12, 1, 8, tzinfo=UTC),
)
GRANTS = st.builds(
    Grant,
    sender=st.sampled_from([HOME, RESIDENCE]),
    kind=st.sampled_from(["inquiry", "arrival_notice"]),
    purpose=st.text(max_size=8),
    legal_basis=st.text(max_size=8),
    fields=st.frozensets(st.text(max_size=6), max_size=4),
    answer_fields=st.frozensets(st.text(max_size=6), max_size=2),
)
ANY_TERMS = st.builds(
    Terms,
    parties=st.just((RESIDENCE, HOME)),
    valid_from=st.dates(),
    valid_to=st.dates(),
    legal_basis=st.text(max_size=12),
    grants=st.lists(GRANTS, max_size=3).map(tuple),
    drafted_at=st.datetimes(timezones=st.just(UTC)).map(lambda one: one.replace(microsecond=0)),
    number=st.integers(1, 99),
    lineage=st.none() | st.uuids(),
    replaces=st.none() | st.uuids(),
)


def signed(*districts: str) -> dict[str, Any]:
    text = document.canonical(TERMS)
    return document.write([document.sign(text, KEYS[one]) for one in districts])


@given(ANY_TERMS)
def test_terms_come_back_from_their_text(terms: Terms) -> None:
    text = document.canonical(terms)
    assert document.read_terms(text) == terms
    assert identifier(text).version == 8


@given(ANY_TERMS, ANY_TERMS)
def test_other_terms_have_another_id(one: Terms, other: Terms) -> None:
    texts = document.canonical(one), document.canonical(other)
    assert (identifier(texts[0]) == identifier(texts[1])) is (one == other)


def test_keys_of_the_same_name_are_told_apart_by_whose_signature_verifies() -> None:
    found = document.read(signed(HOME, RESIDENCE), PUBLIC)
    assert found.tokens.keys() == {HOME, RESIDENCE}
    assert found.text == document.canonical(TERMS)
    assert document.read(signed(HOME), PUBLIC).tokens.keys() == {HOME}


@pytest.mark.parametrize("change", ["payload", "signature", "twice", "foreign", "empty", "member"])
def test_an_altered_document_is_not_believed(change: str) -> None:
    members = signed(HOME, RESIDENCE)
    if change == "payload":
        other = document.canonical(replace(TERMS, valid_to=date(2036, 12, 31)))
        members["payload"] = urlsafe_b64encode(other).decode().rstrip("=")
    elif change == "signature":
        members["signatures"][0]["signature"] = members["signatures"][1]["signature"]
    elif change == "twice":
        members["signatures"][1] = members["signatures"][0]
    elif change == "foreign":
        token = document.sign(document.canonical(TERMS), SigningKey.generate("sig-1", "EdDSA"))
        members = document.write([token])
    elif change == "empty":
        members["signatures"] = []
    else:
        members["comment"] = "x"
    with pytest.raises(CredentialError):
        document.read(members, PUBLIC)


@pytest.mark.parametrize("spoil", [b" ", b"\n"])
def test_a_text_that_is_not_canonical_is_no_agreement(spoil: bytes) -> None:
    with pytest.raises(CredentialError) as raised:
        document.read_terms(document.canonical(TERMS) + spoil)
    assert raised.value.reason is Reason.MALFORMED


def test_a_statement_is_believed_from_its_own_district_only() -> None:
    statement = Statement(uuid4(), HOME, "suspended", datetime(2026, 3, 1, tzinfo=UTC), "密钥更换")
    token = document.sign_statement(statement, KEYS[HOME])
    assert document.read_statement(token, PUBLIC) == statement
    forged = document.sign_statement(statement, KEYS[RESIDENCE])
    with pytest.raises(CredentialError):
        document.read_statement(forged, PUBLIC)


def test_an_agreement_is_not_taken_for_a_statement() -> None:
    token = document.sign(document.canonical(TERMS), KEYS[HOME])
    with pytest.raises(CredentialError) as raised:
        document.read_statement(token, PUBLIC)
    assert raised.value.reason is Reason.WRONG_TYPE
    assert isinstance(identifier(b"x"), UUID)
