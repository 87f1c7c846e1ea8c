"""The evidence about one message: what it proves, and that nothing in it can be changed."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renkou_migrant.credentials.jws import SigningKey
from renkou_migrant.credentials.trust import sign_trust_list
from renkou_migrant.exchange.contracts import MessageKind
from renkou_migrant.message_log.proof.bundle import Evidence, verify_bundle
from renkou_migrant.message_log.proof.flaws import Flaw, ProofError
from renkou_migrant.message_log.proof.text import KINDS, describe_evidence

from .world import ANCHOR, BEGIN, HOME, RESIDENCE, Line, World, alter, grown

WORLD = grown("nnrnr")
"""Residence: 1 trust list, 2 and 3 notices, 4 receipt for both, 5 notice, 6 receipt for all."""
BUNDLE = WORLD.residence.bundle(3, [4, 6], 3, 4)


def verified(bundle: Line, **beside: list[str]) -> Evidence:
    return verify_bundle(bundle, ANCHOR.public, **beside)


def flaw_of(bundle: Line, **beside: list[str]) -> Flaw:
    with pytest.raises(ProofError) as caught:
        verified(bundle, **beside)
    return caught.value.flaw


def test_a_bundle_tells_what_was_sent_by_whom_when_and_received_when() -> None:
    found = verified(BUNDLE)
    assert (found.message.kind, found.message.sender, found.message.receiver) == (
        "birth_notice",
        RESIDENCE,
        HOME,
    )
    assert found.message.payload == {"n": 2}
    assert [(one.by, one.state) for one in found.acknowledgements] == [(HOME, "read")] * 2
    words = describe_evidence(found)
    for part in ("成立 PROVED", "出生通报 birth_notice", "310115区", "已收阅", "signed that it took it in"):
        assert part in words


def test_the_receiver_proves_the_same_with_its_own_log() -> None:
    found = verified(WORLD.home.bundle(3, [4], 5))
    assert (found.district, found.message.sender) == (HOME, RESIDENCE)
    assert [one.by for one in found.acknowledgements] == [HOME]


def test_without_a_receipt_it_says_that_receiving_is_not_proved() -> None:
    assert "未证明对方已收到" in describe_evidence(verified({**BUNDLE, "receipts": []}))


def test_a_refusal_is_shown_with_its_code() -> None:
    world = World()
    world.receipt(world.notice(), state="refused")
    assert "拒收 (not_agreed)" in describe_evidence(verified(world.residence.bundle(2, [3])))


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_an_altered_member_anywhere_is_found(data: st.DataObject) -> None:
    bundle = copy.deepcopy(BUNDLE)
    alter(bundle, data)
    flaw_of(bundle)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_missing_or_added_member_anywhere_is_found(data: st.DataObject) -> None:
    bundle = copy.deepcopy(BUNDLE)
    inner = data.draw(
        st.sampled_from(
            [bundle, bundle["message"], bundle["message"]["entry"], bundle["receipts"][0]["proof"]]
        )
    )
    if data.draw(st.booleans()):
        del inner[data.draw(st.sampled_from(sorted(inner)))]
    else:
        inner["more"] = 1
    flaw_of(bundle)


def test_a_receipt_for_another_message_proves_nothing_of_this_one() -> None:
    world = grown("nn")
    world.receipt(world.residence.entries[1].text)
    bundle = world.residence.bundle(3, [4])
    assert flaw_of(bundle) is Flaw.RECEIPT_WITHOUT_MESSAGE


def test_what_is_not_in_the_log_cannot_be_proved() -> None:
    other = grown("nnrnr").residence.bundle(3, [4, 6], 3, 4)
    assert flaw_of({**BUNDLE, "message": other["message"]}) in (Flaw.NOT_IN_LOG, Flaw.NOT_SIGNED)


def test_a_log_signed_a_second_time_is_held_to_the_checkpoint_that_somebody_kept() -> None:
    (kept, *_) = WORLD.residence.checkpoints(4, 6)
    assert flaw_of(BUNDLE, noted=[kept]) is Flaw.CHECKPOINT_DIFFERS
    verified(BUNDLE, noted=[BUNDLE["checkpoints"][0]])


def test_another_anchor_signs_no_trust() -> None:
    other = SigningKey.generate("anchor-1", "EdDSA")
    with pytest.raises(ProofError) as caught:
        verify_bundle(BUNDLE, other.public)
    assert caught.value.flaw is Flaw.NOT_SIGNED


def test_a_key_taken_off_the_list_since_is_told() -> None:
    later = sign_trust_list(
        [], sequence=2, issued_at=BEGIN, expires_at=BEGIN.replace(year=2030), anchor=ANCHOR
    )
    assert verified(BUNDLE, newer_lists=[later]).no_longer_listed
    assert "taken off the trust list" in describe_evidence(verified(BUNDLE, newer_lists=[later]))


def test_every_kind_has_a_name_in_chinese() -> None:
    assert {kind.value for kind in MessageKind} <= KINDS.keys()
