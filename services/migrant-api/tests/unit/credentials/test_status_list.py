"""The status list: one bit each, signed, short-lived, never rolled back."""

import random
import time
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from renkou_migrant.credentials import status_list as lists
from renkou_migrant.credentials.jws import SigningKey, encode_base64url, sign_compact
from renkou_migrant.credentials.reasons import CredentialError, Reason

from .world import World

HOME, OTHER = "340103", "310115"
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def build(world: World, revoked: Iterable[int] = (), **changes: Any) -> str:
    arguments: dict[str, Any] = {
        "district": HOME,
        "sequence": 5,
        "issued_at": NOW,
        "expires_at": NOW + timedelta(days=1),
        "key": world.keys[HOME],
        "size": 1024,
    }
    return lists.build_status_list(revoked, **(arguments | changes))


def refusal(world: World, token: str, **changes: int) -> Reason:
    with pytest.raises(CredentialError) as caught:
        lists.verify_status_list(token, world.trust_list, **changes)
    return caught.value.reason


def resigned(world: World, key: SigningKey | None = None, **claims: object) -> str:
    payload = {
        "iss": "renkou:340103",
        "sub": "renkou:340103/status-lists/1",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 60,
        "sequence": 1,
        "status_list": {"bits": 1, "lst": encode_base64url(zlib.compress(bytes(8)))},
    }
    return sign_compact(orjson.dumps(payload | claims), key=key or world.keys[HOME], type="statuslist+jwt")


def test_exactly_the_revoked_indexes_are_set(world: World) -> None:
    revoked = {0, 7, 8, 500, 1023}
    status_list = lists.verify_status_list(build(world, revoked), world.trust_list)
    assert {index for index in range(status_list.size) if status_list.is_revoked(index)} == revoked
    assert (status_list.uri, status_list.sequence) == ("renkou:340103/status-lists/1", 5)


def test_bits_are_counted_from_the_lowest_as_in_the_specification(world: World) -> None:
    """The example of draft-ietf-oauth-status-list, section 4: sixteen statuses are the bytes B9 A3."""
    statuses = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]
    revoked = [index for index, status in enumerate(statuses) if status]
    assert lists.verify_status_list(build(world, revoked, size=16), world.trust_list).bits == b"\xb9\xa3"


def test_a_million_entries_at_one_percent_take_less_than_30_kilobytes_and_5_milliseconds(
    world: World,
) -> None:
    """Loaded and verified: signature, JSON, base64 twice, inflated. Time of the processor, best of ten."""
    revoked = random.Random(1).sample(range(2**20), 2**20 // 100)
    token = build(world, revoked, size=lists.DEFAULT_SIZE)
    assert len(token) < 30_000
    took = []
    for _ in range(10):
        started = time.process_time()
        loaded = lists.verify_status_list(token, world.trust_list)
        took.append(time.process_time() - started)
    assert loaded.size == 2**20
    assert [loaded.is_revoked(index) for index in revoked[:100]] == [True] * 100
    assert min(took) < 0.005


def test_an_index_outside_is_an_error(world: World) -> None:
    status_list = lists.verify_status_list(build(world), world.trust_list)
    for index in (-1, 1024):
        with pytest.raises(CredentialError) as caught:
            status_list.is_revoked(index)
        assert caught.value.reason is Reason.STATUS_INDEX_OUT_OF_RANGE
    with pytest.raises(ValueError, match="outside"):
        build(world, [1024])
    with pytest.raises(ValueError, match="multiple of 8"):
        build(world, size=12)


def test_an_older_sequence_is_refused(world: World) -> None:
    assert refusal(world, build(world), minimum_sequence=6) is Reason.LIST_ROLLED_BACK
    assert lists.verify_status_list(build(world), world.trust_list, minimum_sequence=5).sequence == 5


def test_a_list_signed_by_another_district_is_refused(world: World) -> None:
    assert refusal(world, build(world, key=world.keys[OTHER])) is Reason.UNKNOWN_KEY


def test_a_list_in_the_name_of_another_district_is_refused(world: World) -> None:
    foreign = resigned(world, sub="renkou:310115/status-lists/1")
    assert refusal(world, foreign) is Reason.STATUS_LIST_FOREIGN


def test_a_forged_list_is_refused(world: World) -> None:
    token = build(world, key=SigningKey.generate(world.keys[HOME].kid))
    assert refusal(world, token) is Reason.BAD_SIGNATURE


def test_a_list_signed_outside_the_keys_window_is_refused(world: World) -> None:
    assert (
        refusal(world, build(world, issued_at=datetime(2024, 1, 1, tzinfo=UTC))) is Reason.KEY_OUTSIDE_WINDOW
    )


def test_inflation_is_capped(world: World) -> None:
    bomb = encode_base64url(zlib.compress(bytes(lists.MAX_BYTES + 1)))
    assert refusal(world, resigned(world, status_list={"bits": 1, "lst": bomb})) is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "status_list",
    [
        None,
        {"bits": 2, "lst": "eNoDAAAAAAE"},
        {"bits": 1},
        {"bits": 1, "lst": "AAAA"},
        {"bits": 1, "lst": encode_base64url(zlib.compress(bytes(8))[:-2])},
        {"bits": 1, "lst": encode_base64url(zlib.compress(bytes(8)) + b"tail")},
    ],
)
def test_lists_of_another_form_are_malformed(world: World, status_list: dict[str, Any] | None) -> None:
    assert refusal(world, resigned(world, status_list=status_list)) is Reason.MALFORMED


def test_a_certificate_is_no_status_list(world: World) -> None:
    assert refusal(world, world.issue().partition("~")[0]) is Reason.WRONG_TYPE


def test_staleness_begins_with_exp(world: World) -> None:
    status_list = lists.verify_status_list(build(world), world.trust_list)
    assert status_list.is_stale(NOW + timedelta(days=1))
    assert not status_list.is_stale(NOW + timedelta(hours=23))
