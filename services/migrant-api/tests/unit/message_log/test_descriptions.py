"""Keys that came only by a district's signed description prove as much as listed ones, and no more."""

from datetime import timedelta

import pytest

from renkou_migrant.credentials.jws import SigningKey
from renkou_migrant.credentials.trust import sign_trust_list
from renkou_migrant.message_log.domain import kind_of_message
from renkou_migrant.message_log.proof.bundle import verify_bundle
from renkou_migrant.message_log.proof.flaws import Flaw, ProofError
from renkou_migrant.message_log.proof.log import LogReport, verify_log
from renkou_migrant.message_log.proof.text import describe_evidence

from .world import ANCHOR, BEGIN, HOME, LONG_AGO, RESIDENCE, World, described, encoded, members

NEW = SigningKey.generate("340103-sig-2", "EdDSA")


def report(world: World) -> LogReport:
    return verify_log(encoded(world.residence.export()), ANCHOR.public)


def renewed(world: World) -> World:
    """The home district signs by a new key of which its partner was told by a description."""
    world.residence.takes_description(described(HOME, world.home.key, NEW), HOME)
    world.home.key = NEW
    return world


def flaw_of(world: World) -> Flaw:
    with pytest.raises(ProofError) as caught:
        report(world)
    return caught.value.flaw


def test_a_receipt_of_a_described_key_is_proved_in_the_log_and_in_a_bundle() -> None:
    world = renewed(World())
    world.receipt(world.notice())
    assert set(report(world).pairs[HOME].attested.values()) == {"read"}
    bundle = world.residence.bundle(3, [4])
    found = verify_bundle(bundle, ANCHOR.public)
    assert [one.entry.kid for one in found.acknowledgements] == [NEW.kid]
    assert "key 340103-sig-2" in describe_evidence(found)
    without = {name: value for name, value in bundle.items() if name != "descriptions"}
    with pytest.raises(ProofError) as caught:
        verify_bundle(without, ANCHOR.public)
    assert caught.value.flaw is Flaw.NOT_SIGNED


def test_a_districts_own_new_key_is_proved_by_its_own_description() -> None:
    world = World()
    own = SigningKey.generate("310115-sig-2", "EdDSA")
    world.residence.takes_description(described(RESIDENCE, world.residence.key, own), RESIDENCE)
    world.residence.key = own
    world.notice()
    assert list(report(world).pairs[HOME].sent) == [1]
    assert verify_bundle(world.residence.bundle(3, []), ANCHOR.public).message.jws.header.kid == own.kid


def test_nothing_is_proved_by_a_key_before_its_description_was_logged() -> None:
    world = World()
    old, world.home.key = world.home.key, NEW
    world.receipt(world.notice())
    world.residence.takes_description(described(HOME, old, NEW), HOME)
    assert flaw_of(world) is Flaw.NOT_SIGNED


def test_a_description_that_no_listed_key_signed_brings_none() -> None:
    world = World()
    world.residence.takes_description(described(HOME, NEW), HOME)
    world.home.key = NEW
    world.receipt(world.notice())
    assert flaw_of(world) is Flaw.NOT_SIGNED


def test_a_description_older_than_the_list_brings_none() -> None:
    world = World()
    early = described(HOME, world.home.key, NEW, at=LONG_AGO)
    world.residence.takes_description(early, HOME)
    world.home.key = NEW
    world.receipt(world.notice())
    assert flaw_of(world) is Flaw.NOT_SIGNED


def test_a_newer_list_that_drops_the_key_that_signed_takes_away_what_it_brought() -> None:
    world = renewed(World())
    world.receipt(world.notice())
    report(world)
    listed = SigningKey.generate("340103-sig-3", "EdDSA")
    newer = sign_trust_list(
        [members(HOME, listed), members(RESIDENCE, world.residence.key)],
        sequence=2,
        issued_at=BEGIN + timedelta(seconds=1),
        expires_at=BEGIN + timedelta(days=365),
        anchor=ANCHOR,
    )
    world.residence.trusts(newer)
    report(world)
    world.receipt(world.notice())
    assert flaw_of(world) is Flaw.NOT_SIGNED


def test_a_description_of_another_district_is_not_taken_for_it() -> None:
    world = World()
    world.residence.takes_description(described(RESIDENCE, world.residence.key, NEW), HOME)
    assert flaw_of(world) is Flaw.TEXT_DIFFERS


@pytest.mark.parametrize("kind", ["trust_list", "description"])
def test_a_message_is_never_logged_as_an_entry_of_trust(kind: str) -> None:
    assert kind_of_message(kind) not in ("trust_list", "description")
    assert kind_of_message("birth_notice") == "birth_notice"
