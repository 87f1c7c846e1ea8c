"""What an offline verifier answers: valid, and every reason for refusing or for not knowing."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renkou_migrant.credentials import qr, sdjwt
from renkou_migrant.credentials.groups import Group
from renkou_migrant.credentials.jws import (
    Algorithm,
    SigningKey,
    decode_base64url,
    encode_base64url,
    sign_compact,
)
from renkou_migrant.credentials.reasons import UNKNOWN_REASONS, Reason
from renkou_migrant.credentials.status_list import build_status_list, verify_status_list
from renkou_migrant.credentials.trust import sign_trust_list, verify_trust_list
from renkou_migrant.credentials.verifier import Outcome, VerificationResult

from .world import World

HOME, OTHER = "340103", "310115"
NOW = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)


def assert_refused(result: VerificationResult, reason: Reason) -> None:
    assert (result.outcome, result.reason) == (Outcome.REFUSED, reason), result
    assert result.code == reason.value
    assert result.reason.zh
    assert result.reason.en


def assert_unknown(result: VerificationResult, reason: Reason) -> None:
    assert (result.outcome, result.reason) == (Outcome.UNKNOWN, reason), result


def test_a_full_certificate_is_valid_and_shows_every_group(world: World) -> None:
    result = world.verify(world.issue())
    assert result.valid
    assert result.certificate
    assert list(result.certificate.groups) == list(Group)
    assert result.certificate.groups[Group.CHILDREN_COUNT] == 2
    assert result.certificate.district == HOME


def test_a_minimal_certificate_is_valid_and_shows_only_the_person(world: World) -> None:
    result = world.verify(world.minimal())
    assert result.valid
    assert result.certificate
    assert list(result.certificate.groups) == [Group.PERSON]


def test_a_certificate_of_a_district_that_signs_with_eddsa_is_valid(world: World) -> None:
    assert world.verify(world.issue(district=OTHER, key=world.keys[OTHER])).valid


def test_the_text_of_a_qr_code_is_verified_like_the_presentation(world: World) -> None:
    presentation = world.minimal()
    assert world.verifier().verify_text(f" {qr.pack(presentation)}\n").valid
    assert world.verifier().verify_text(presentation + "\n").valid


def test_an_altered_payload_is_refused(world: World) -> None:
    header, payload, signature = world.issue().partition("~")[0].split(".")
    altered = payload[:-6] + ("A" if payload[-6] != "A" else "B") + payload[-5:]
    result = world.verify(f"{header}.{altered}.{signature}~")
    assert result.outcome is Outcome.REFUSED
    assert result.certificate is None


def test_a_forged_signature_is_refused(world: World) -> None:
    full = world.issue()
    claims = dict(sdjwt.parse(full).claims) | {"exp": sdjwt.parse(full).claims["exp"] + 1}
    header, _, signature = full.partition("~")[0].split(".")
    forged = f"{header}.{encode_base64url(orjson.dumps(claims))}.{signature}~"
    assert_refused(world.verify(forged), Reason.BAD_SIGNATURE)


def test_a_signature_by_another_key_under_a_trusted_kid_is_refused(world: World) -> None:
    impostor = SigningKey.generate(world.keys[HOME].kid)
    assert_refused(world.verify(world.issue(key=impostor)), Reason.BAD_SIGNATURE)


def test_a_key_of_another_district_is_refused(world: World) -> None:
    assert_refused(world.verify(world.issue(key=world.keys[OTHER])), Reason.UNKNOWN_KEY)


def test_an_exchange_key_signs_no_certificates(world: World) -> None:
    assert_refused(world.verify(world.issue(key=world.exchange[HOME])), Reason.UNKNOWN_KEY)


def test_a_district_outside_the_trust_list_is_refused(world: World) -> None:
    assert_refused(world.verify(world.issue(district="110101")), Reason.UNKNOWN_ISSUER)


@pytest.mark.parametrize("algorithm", ["none", "HS256", "EdDSA", "ES384"])
def test_an_algorithm_that_is_not_the_keys_is_refused(world: World, algorithm: Algorithm) -> None:
    presentation = world.resign(world.issue(), header={"alg": algorithm})
    assert_refused(world.verify(presentation), Reason.ALGORITHM_NOT_OF_KEY)


def test_a_critical_header_is_refused(world: World) -> None:
    presentation = world.resign(world.issue(), header={"crit": ["b64"], "b64": False})
    assert_refused(world.verify(presentation), Reason.CRITICAL_HEADER)


def test_another_token_type_is_refused(world: World) -> None:
    assert_refused(world.verify(world.resign(world.issue(), header={"typ": "jwt"})), Reason.WRONG_TYPE)


def test_another_certificate_type_is_refused(world: World) -> None:
    presentation = world.resign(world.issue(), vct="urn:renkou:other:1")
    assert_refused(world.verify(presentation), Reason.WRONG_CERTIFICATE_TYPE)


def test_a_key_outside_its_window_is_refused(world: World) -> None:
    early = world.issue(issued_at=datetime(2024, 12, 31, tzinfo=UTC))
    assert_refused(world.verify(early), Reason.KEY_OUTSIDE_WINDOW)
    late = world.issue(issued_at=datetime(2027, 1, 1, tzinfo=UTC))
    assert_refused(world.verify(late), Reason.KEY_OUTSIDE_WINDOW)


def test_a_certificate_stays_valid_after_its_keys_signing_time(world: World) -> None:
    later = datetime(2028, 5, 1, tzinfo=UTC)
    trust_list = verify_trust_list(
        sign_trust_list(
            orjson.loads(decode_base64url(world.trust_token.split(".")[1]))["districts"],
            sequence=4,
            issued_at=later,
            expires_at=later + timedelta(days=30),
            anchor=world.anchor,
        ),
        world.anchor.public,
    )
    fresh = build_status_list(
        [], district=HOME, sequence=13, issued_at=datetime(2026, 12, 1, tzinfo=UTC),
        expires_at=later + timedelta(days=1), key=world.keys[HOME],
    )  # fmt: skip
    lists = [verify_status_list(fresh, trust_list)]
    assert world.verify(world.issue(), trust_list=trust_list, status_lists=lists, now=later).valid


def test_an_unreferenced_disclosure_is_refused(world: World) -> None:
    foreign = world.issue().split("~")[1]
    assert_refused(world.verify(f"{world.minimal()}{foreign}~"), Reason.DISCLOSURE_UNREFERENCED)


def test_an_altered_disclosure_is_refused(world: World) -> None:
    token, disclosures = sdjwt.split(world.minimal())
    salt, group, person = sdjwt.decode_disclosure(disclosures[0])
    altered = sdjwt.encode_disclosure(decode_base64url(salt), group, person | {"name": "别人"})
    assert_refused(world.verify(sdjwt.join(token, [altered])), Reason.DISCLOSURE_UNREFERENCED)


def test_a_repeated_disclosure_is_refused(world: World) -> None:
    token, disclosures = sdjwt.split(world.minimal())
    assert_refused(world.verify(sdjwt.join(token, disclosures * 2)), Reason.DISCLOSURE_REPEATED)


def test_a_repeated_digest_is_refused(world: World) -> None:
    full = world.issue()
    digests = sdjwt.parse(full).claims["_sd"]
    assert_refused(
        world.verify(world.resign(full, _sd=[digests[0], *digests[:-1]])), Reason.DISCLOSURE_REPEATED
    )


def test_two_disclosures_of_one_group_are_refused(world: World) -> None:
    full = world.issue()
    first, second = (sdjwt.encode_disclosure(bytes([n] * 16), Group.CHILDREN_COUNT, n) for n in (1, 2))
    digests = [*sdjwt.parse(full).claims["_sd"][:-2], sdjwt.digest(first), sdjwt.digest(second)]
    token, _ = sdjwt.split(world.resign(full, _sd=digests))
    assert world.verify(sdjwt.join(token, [second])).valid
    assert_refused(world.verify(sdjwt.join(token, [first, second])), Reason.DISCLOSURE_REPEATED)


@pytest.mark.parametrize("member", ["iss", "iat", "exp", "vct", "_sd"])
def test_a_missing_claim_is_refused(world: World, member: str) -> None:
    assert_refused(world.verify(world.resign(world.issue(), **{member: None})), Reason.MISSING_CLAIM)


@pytest.mark.parametrize("status", [None, {}, {"status_list": {"idx": 7}}, {"status_list": {"uri": "x"}}])
def test_a_missing_status_is_refused(world: World, status: dict[str, Any] | None) -> None:
    assert_refused(world.verify(world.resign(world.issue(), status=status)), Reason.STATUS_MISSING)


def test_an_expired_certificate_is_refused_from_its_last_instant_on(world: World) -> None:
    presentation = world.issue(expires_at=NOW)
    assert_refused(world.verify(presentation, now=NOW), Reason.EXPIRED)
    assert world.verify(presentation, now=NOW - timedelta(seconds=1)).valid


def test_a_certificate_of_tomorrow_is_refused(world: World) -> None:
    presentation = world.issue(issued_at=NOW + timedelta(days=1))
    assert_refused(world.verify(presentation), Reason.NOT_YET_VALID)
    assert world.verify(world.issue(issued_at=NOW + timedelta(minutes=4))).valid
    not_before = world.resign(world.issue(), nbf=int((NOW + timedelta(days=1)).timestamp()))
    assert_refused(world.verify(not_before), Reason.NOT_YET_VALID)


def test_a_revoked_certificate_is_refused_and_still_tells_whose_it_was(world: World) -> None:
    result = world.verify(world.minimal(status_index=99))
    assert_refused(result, Reason.REVOKED)
    assert result.certificate
    assert result.certificate.groups[Group.PERSON]["name"] == "欧阳娜娜"


@pytest.mark.parametrize("index", [1024, 2**40, -1])
def test_an_index_outside_the_status_list_is_refused(world: World, index: int) -> None:
    assert_refused(world.verify(world.issue(status_index=index)), Reason.STATUS_INDEX_OUT_OF_RANGE)


def test_a_status_list_of_another_issuer_is_refused(world: World) -> None:
    status = {"status_list": {"idx": 7, "uri": sdjwt.status_list_uri(OTHER)}}
    assert_refused(world.verify(world.resign(world.issue(), status=status)), Reason.STATUS_LIST_FOREIGN)


def test_a_missing_status_list_means_unknown(world: World) -> None:
    assert_unknown(world.verify(world.issue(), status_lists=[]), Reason.STATUS_LIST_MISSING)
    assert_unknown(world.verify(world.issue(status_list_number=2)), Reason.STATUS_LIST_MISSING)


def test_a_stale_status_list_means_unknown_never_valid(world: World) -> None:
    stale = NOW + timedelta(hours=23)
    assert_unknown(world.verify(world.issue(), now=stale), Reason.STATUS_LIST_STALE)
    assert world.verify(world.issue(), now=stale - timedelta(seconds=1)).valid


def test_what_a_stale_list_revoked_stays_revoked(world: World) -> None:
    result = world.verify(world.issue(status_index=99), now=NOW + timedelta(days=3))
    assert_refused(result, Reason.REVOKED)


def test_a_stale_trust_list_means_unknown(world: World) -> None:
    later = datetime(2027, 1, 1, tzinfo=UTC)
    token = build_status_list(
        [], district=HOME, sequence=20, issued_at=datetime(2026, 12, 31, tzinfo=UTC),
        expires_at=later + timedelta(days=1), key=world.keys[HOME],
    )  # fmt: skip
    lists = [verify_status_list(token, world.trust_list)]
    assert_unknown(world.verify(world.issue(), status_lists=lists, now=later), Reason.TRUST_LIST_STALE)


def test_of_two_status_lists_the_newer_counts(world: World) -> None:
    newer = build_status_list(
        [7], district=HOME, sequence=13, issued_at=NOW, expires_at=NOW + timedelta(days=1),
        key=world.keys[HOME], size=1024,
    )  # fmt: skip
    lists = [verify_status_list(newer, world.trust_list), *world.status_lists]
    assert_refused(world.verify(world.issue(), status_lists=lists), Reason.REVOKED)
    by_uri = {one.uri: one for one in reversed(lists)}
    assert_refused(world.verify(world.issue(), status_lists=by_uri), Reason.REVOKED)


@pytest.mark.parametrize(
    "text",
    [
        "", "~", "a.b.c~", "....~", "x" * 100, "é~", "\x00~", "eyJ9.e30.AAAA~", "bnVsbA.bnVsbA.AAAA~",
        "RK1:", "RK1:É", "RK1:" + "0" * 50, "RK1:::::",
    ],
)  # fmt: skip
def test_nonsense_is_refused_as_malformed(world: World, text: str) -> None:
    assert_refused(world.verifier().verify_text(text), Reason.MALFORMED)


def test_a_certificate_without_its_last_tilde_is_malformed(world: World) -> None:
    token, _ = sdjwt.split(world.minimal())
    assert_refused(world.verify(token), Reason.MALFORMED)


@pytest.mark.parametrize("extra", ["x", "~", "~~", ".", "=", "\x00", "~RK1:"])
def test_trailing_bytes_are_refused(world: World, extra: str) -> None:
    assert world.verify(world.minimal() + extra).outcome is Outcome.REFUSED


def test_padded_or_noncanonical_base64_is_malformed(world: World) -> None:
    token, disclosures = sdjwt.split(world.minimal())
    assert_refused(world.verify(sdjwt.join(token + "=", disclosures)), Reason.MALFORMED)
    assert token[-1] in "AQgw"
    changed = token[:-1] + chr(ord(token[-1]) + 1)
    assert_refused(world.verify(sdjwt.join(changed, disclosures)), Reason.MALFORMED)


@pytest.mark.parametrize(
    "claims",
    [
        {"iat": "now"}, {"iat": True}, {"iat": -1}, {"iat": 2**60}, {"exp": 1.5}, {"nbf": "x"}, {"_sd": "x"},
        {"_sd": [1] * 6}, {"_sd": []}, {"_sd_alg": "sha-1"}, {"cnf": "x"}, {"sub": "someone"},
    ],
)  # fmt: skip
def test_claims_of_another_form_are_malformed(world: World, claims: dict[str, Any]) -> None:
    assert_refused(world.verify(world.resign(world.issue(), **claims)), Reason.MALFORMED)


@pytest.mark.parametrize(
    ("group", "value"),
    [
        ("person", {"name": "王", "sex": 2}),
        ("person", {"name": "王", "sex": 5, "birth_date": "1990-01-01"}),
        ("person", {"name": "王", "sex": 2, "birth_date": "1990-02-30"}),
        ("person", {"name": "", "sex": 2, "birth_date": "1990-02-03"}),
        ("id_number", 7),
        ("registered_area", {"code": "34010", "name": "庐阳"}),
        ("marital_status", {"code": "10", "zh": "未婚"}),
        ("children_count", True),
        ("children_count", -1),
        ("children_birth_dates", ["2020-13-01"]),
        ("contraception", "none"),
        ("iss", "renkou:340103"),
        ("_sd", []),
        ("...", "x"),
    ],
)
def test_a_signed_group_of_another_form_is_malformed(world: World, group: str, value: object) -> None:
    full = world.issue()
    disclosure = encode_base64url(orjson.dumps([encode_base64url(bytes(16)), group, value]))
    digests = [*sdjwt.parse(full).claims["_sd"][:-1], sdjwt.digest(disclosure)]
    token, _ = sdjwt.split(world.resign(full, _sd=digests))
    assert_refused(world.verify(sdjwt.join(token, [disclosure])), Reason.MALFORMED)


def test_an_oversized_presentation_is_refused_before_it_is_read(world: World) -> None:
    assert_refused(world.verify("a" * 8193), Reason.TOO_LARGE)
    assert_refused(world.verifier().verify_text("RK1:" + "0" * 4296), Reason.TOO_LARGE)


def test_every_reason_has_text_in_both_languages_and_codes_are_stable() -> None:
    assert all(reason.zh and reason.en for reason in Reason)
    assert {reason.value for reason in UNKNOWN_REASONS} == {
        "status_list_missing", "status_list_stale", "trust_list_stale",
    }  # fmt: skip


@pytest.mark.parametrize(
    "twice",
    [b'"iss":"renkou:310115",', b'"exp":9999999999,', b'"status":{"status_list":{"idx":1,"uri":"x"}},'],
)
def test_a_member_named_twice_is_malformed_even_when_signed(world: World, twice: bytes) -> None:
    token, disclosures = sdjwt.split(world.minimal())
    payload = decode_base64url(token.split(".")[1])
    doubled = sign_compact(b"{" + twice + payload[1:], key=world.keys[HOME], type=sdjwt.MEDIA_TYPE)
    assert_refused(world.verify(sdjwt.join(doubled, disclosures)), Reason.MALFORMED)


def test_a_disclosure_that_names_a_member_twice_is_malformed(world: World) -> None:
    person = b'["AAAAAAAAAAAAAAAAAAAAAA","person",{"name":"a","name":"b","sex":1,"birth_date":"1990-01-01"}]'
    disclosure = encode_base64url(person)
    full = world.issue()
    digests = [*sdjwt.parse(full).claims["_sd"][:-1], sdjwt.digest(disclosure)]
    token, _ = sdjwt.split(world.resign(full, _sd=digests))
    assert_refused(world.verify(sdjwt.join(token, [disclosure])), Reason.MALFORMED)


def test_spaces_and_escapes_of_another_writer_are_read(world: World) -> None:
    token, disclosures = sdjwt.split(world.minimal())
    claims = json.loads(decode_base64url(token.split(".")[1]))
    spaced = sign_compact(json.dumps(claims, indent=1).encode(), key=world.keys[HOME], type=sdjwt.MEDIA_TYPE)
    assert world.verify(sdjwt.join(spaced, disclosures)).valid


@settings(max_examples=1000, deadline=None)
@given(st.data())
def test_a_single_changed_byte_anywhere_is_refused(world: World, data: st.DataObject) -> None:
    presentation = bytearray(world.issue(), "ascii")
    position = data.draw(st.integers(0, len(presentation) - 1))
    presentation[position] ^= data.draw(st.integers(1, 255))
    assert world.verify(presentation.decode("latin-1")).outcome is Outcome.REFUSED


@settings(max_examples=1000, deadline=None)
@given(st.data())
def test_a_single_changed_byte_of_the_packing_is_refused(world: World, data: st.DataObject) -> None:
    text = bytearray(qr.pack(world.minimal()), "ascii")
    position = data.draw(st.integers(0, len(text) - 1))
    text[position] ^= data.draw(st.integers(1, 255))
    changed = text.decode("latin-1")
    assert world.verifier().verify_text(changed).outcome is Outcome.REFUSED


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_presentation_cut_short_is_refused_unless_only_disclosures_are_gone(
    world: World, data: st.DataObject
) -> None:
    presentation = world.issue()
    cut = presentation[: data.draw(st.integers(0, len(presentation) - 1))]
    result = world.verify(cut)
    assert result.valid == ("~" in cut and cut.endswith("~"))
