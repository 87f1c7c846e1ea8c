"""The trust list: signed by the anchor, numbered, never rolled back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from renkou_migrant.credentials.jws import SigningKey, VerifyingKey, decode_base64url
from renkou_migrant.credentials.reasons import CredentialError, Reason
from renkou_migrant.credentials.trust import key_entry, parse_district, sign_trust_list, verify_trust_list

from .world import World

HOME = "340103"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
type Descriptions = list[dict[str, Any]]


@pytest.fixture
def descriptions(world: World) -> Descriptions:
    found: Descriptions = orjson.loads(decode_base64url(world.trust_token.split(".")[1]))["districts"]
    return found


def sign(world: World, descriptions: Descriptions, sequence: int = 4, **changes: Any) -> str:
    arguments: dict[str, Any] = {
        "issued_at": NOW,
        "expires_at": NOW + timedelta(days=30),
        "anchor": world.anchor,
    }
    return sign_trust_list(descriptions, sequence=sequence, **(arguments | changes))


def refusal(token: str, anchor: VerifyingKey, **changes: Any) -> Reason:
    with pytest.raises(CredentialError) as caught:
        verify_trust_list(token, anchor, **changes)
    return caught.value.reason


def test_districts_come_back_with_their_keys(world: World) -> None:
    district = world.trust_list.districts[HOME]
    assert (district.name_zh, district.name_en) == ("合肥市庐阳区", "Luyang, Hefei")
    assert list(district.certificate_keys) == ["340103-1"]
    assert district.encryption_key(NOW).jwk["crv"] == "X25519"
    key = world.trust_list.exchange_key(HOME, "340103-x1", NOW)
    key.verify(world.exchange[HOME].sign(b"x"), b"x")


def test_an_older_sequence_is_refused(world: World, descriptions: Descriptions) -> None:
    token = sign(world, descriptions, sequence=4)
    assert refusal(token, world.anchor.public, accepted_sequence=5) is Reason.LIST_ROLLED_BACK
    assert verify_trust_list(token, world.anchor.public, accepted_sequence=4).sequence == 4


def test_the_same_sequence_with_another_content_is_refused(world: World, descriptions: Descriptions) -> None:
    accepted = verify_trust_list(sign(world, descriptions), world.anchor.public)
    again = verify_trust_list(
        sign(world, descriptions), world.anchor.public, accepted_sequence=4, accepted_digest=accepted.digest
    )
    assert again == accepted
    other = sign(world, descriptions[:1])
    assert (
        refusal(other, world.anchor.public, accepted_sequence=4, accepted_digest=accepted.digest)
        is Reason.LIST_CONFLICT
    )


def test_another_anchor_is_refused(world: World) -> None:
    assert refusal(world.trust_token, SigningKey.generate("other", "EdDSA").public) is Reason.UNKNOWN_KEY
    assert refusal(world.trust_token, SigningKey.generate("hub-1", "EdDSA").public) is Reason.BAD_SIGNATURE
    assert refusal(world.trust_token, SigningKey.generate("hub-1").public) is Reason.ALGORITHM_NOT_OF_KEY


def test_a_district_without_a_name_a_key_or_with_a_private_key_is_not_signed(
    world: World, descriptions: Descriptions
) -> None:
    entry = key_entry(world.keys[HOME].public.to_jwk(), NOW)
    wrong: Descriptions = [
        {"code": "34010"},
        {"name": "庐阳"},
        {"certificate_keys": []},
        {"certificate_keys": [entry, entry]},
        {"certificate_keys": [entry | {"jwk": world.keys[HOME].to_jwk()}]},
        {"certificate_keys": [entry | {"valid_from": "2026-01-01"}]},
        {"certificate_keys": [entry | {"valid_from": None}]},
        {"exchange_encryption_keys": [entry]},
        {"exchange_signing_keys": None},
    ]
    for change in wrong:
        with pytest.raises(CredentialError) as caught:
            sign(world, [descriptions[0] | change])
        assert caught.value.reason is Reason.MALFORMED


def test_two_descriptions_of_one_district_are_not_signed(world: World, descriptions: Descriptions) -> None:
    with pytest.raises(CredentialError):
        sign(world, [descriptions[0], descriptions[0]])


def test_a_description_never_carries_the_private_part(world: World) -> None:
    assert "d" not in key_entry(world.keys[HOME].to_jwk(), NOW)["jwk"]


def test_of_two_encryption_keys_the_newer_that_is_usable_is_taken(
    world: World, descriptions: Descriptions
) -> None:
    old = descriptions[0]["exchange_encryption_keys"][0]
    new = old | {
        "kid": "enc-2",
        "valid_from": NOW.isoformat(),
        "valid_to": (NOW + timedelta(days=9)).isoformat(),
    }
    district = parse_district(descriptions[0] | {"exchange_encryption_keys": [old, new]})
    assert district.encryption_key(NOW - timedelta(seconds=1)).kid == "enc-1"
    assert district.encryption_key(NOW).kid == "enc-2"
    assert district.encryption_key(NOW + timedelta(days=9)).kid == "enc-1"
    with pytest.raises(CredentialError):
        district.encryption_key(datetime(2024, 1, 1, tzinfo=UTC))


def test_two_certificate_keys_may_overlap(world: World, descriptions: Descriptions) -> None:
    second = SigningKey.generate("340103-2")
    entries = [
        *descriptions[0]["certificate_keys"],
        key_entry(second.public.to_jwk(), NOW - timedelta(days=60)),
    ]
    home = next(one for one in descriptions if one["code"] == HOME) | {"certificate_keys": entries}
    entries[0] = next(one for one in descriptions if one["code"] == HOME)["certificate_keys"][0]
    trust_list = verify_trust_list(sign(world, [home]), world.anchor.public)
    issued_at = NOW - timedelta(days=1)
    assert world.verify(world.issue(issued_at=issued_at), trust_list=trust_list).valid
    assert world.verify(world.issue(issued_at=issued_at, key=second), trust_list=trust_list).valid
