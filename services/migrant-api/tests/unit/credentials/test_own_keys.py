"""Which key signs: rotation with an overlap, and none that nobody knows or that somebody else may hold."""

from datetime import UTC, datetime

import pytest

from renkou_migrant.credentials.jws import SigningKey
from renkou_migrant.credentials.own_keys import OwnKey, choose
from renkou_migrant.credentials.reasons import CredentialError

MARCH, JUNE, SEPTEMBER = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 6, 9))
OLD = OwnKey(SigningKey.generate("340103-1"), MARCH, SEPTEMBER)
NEW = OwnKey(SigningKey.generate("340103-2"), JUNE, None)
BOTH = (OLD, NEW)
LISTED = {"340103-1", "340103-2"}


def chosen(
    now: datetime, *, listed: set[str] = LISTED, compromised: frozenset[str] = frozenset()
) -> str | None:
    key = choose(BOTH, now, listed=listed, compromised=compromised)
    return key.kid if key else None


def test_of_overlapping_keys_the_one_that_began_last_signs() -> None:
    assert chosen(MARCH) == "340103-1"
    assert chosen(JUNE) == "340103-2"
    assert chosen(SEPTEMBER) == "340103-2"


def test_a_key_waits_until_the_trust_list_names_it() -> None:
    assert chosen(JUNE, listed={"340103-1"}) == "340103-1"
    assert chosen(SEPTEMBER, listed={"340103-1"}) == "340103-2"
    assert chosen(JUNE, listed=set()) == "340103-2"


def test_a_compromised_key_never_signs() -> None:
    assert chosen(JUNE, compromised=frozenset({"340103-2"})) == "340103-1"
    assert chosen(SEPTEMBER, compromised=frozenset({"340103-2"})) is None


def test_before_and_after_every_window_nothing_signs() -> None:
    assert chosen(datetime(2026, 2, 1, tzinfo=UTC)) is None
    assert choose([OLD], SEPTEMBER, listed=LISTED, compromised=()) is None


def test_a_key_of_another_algorithm_does_not_sign_certificates() -> None:
    edwards = OwnKey(SigningKey.generate("340103-3", "EdDSA"), MARCH, None)
    assert choose([edwards], JUNE, listed={"340103-3"}, compromised=()) is None


def test_a_key_file_gives_windows() -> None:
    jwk = OLD.signing.to_jwk()
    read = OwnKey.from_jwk({**jwk, "valid_from": "2026-06-01T00:00:00+08:00", "valid_to": None})
    assert read.valid_from == datetime(2026, 5, 31, 16, tzinfo=UTC)
    assert read.entry()["valid_from"] == "2026-06-01T00:00:00+08:00"
    assert OwnKey.from_jwk(jwk).covers(datetime(2000, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("text", ["soon", "2026-06-01T00:00:00", 7])
def test_a_window_of_another_form_is_refused(text: object) -> None:
    with pytest.raises(CredentialError):
        OwnKey.from_jwk({**OLD.signing.to_jwk(), "valid_to": text})
