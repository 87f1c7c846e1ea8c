"""What a verifier without the node finds in an exported log: whatever is changed, it shows."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renkou_migrant.message_log.proof.flaws import Flaw, ProofError
from renkou_migrant.message_log.proof.log import LogReport, compare_logs, verify_log

from .world import ANCHOR, HOME, RESIDENCE, District, Line, World, alter, encoded, grown

STEPS = st.text("nrd", min_size=1, max_size=9)
WORLD = grown("nnrdnrndr")


def verified(lines: list[Line], **beside: Any) -> LogReport:
    return verify_log(encoded(lines), ANCHOR.public, **beside)


def flaw_of(lines: list[Line], **beside: Any) -> Flaw:
    with pytest.raises(ProofError) as caught:
        verified(lines, **beside)
    return caught.value.flaw


def test_a_whole_log_shows_what_was_sent_receipted_and_witnessed() -> None:
    found = verified(WORLD.residence.export(4, 7))
    pair = found.pairs[HOME]
    assert (found.district, len(found.hashes), len(pair.sent)) == (RESIDENCE, 10, 4)
    assert set(pair.attested.values()) == {"read"}
    assert [witness.position for witness in found.witnesses] == [4, 8]
    assert found.checkpoint
    assert found.checkpoint.content.last == 10
    received = verified(WORLD.home.export())
    assert (len(received.pairs[RESIDENCE].received), received.pairs[RESIDENCE].not_arrived) == (4, [])
    assert compare_logs(found, received) == 4


@given(STEPS, st.sets(st.integers(1, 10), max_size=3))
@settings(max_examples=40, deadline=None)
def test_any_history_is_proved_at_both_ends(steps: str, lasts: set[int]) -> None:
    world = grown(steps)
    at = [last for last in lasts if last <= len(world.residence.entries)]
    compare_logs(verified(world.residence.export(*at)), verified(world.home.export()))


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_an_altered_member_anywhere_is_found(data: st.DataObject) -> None:
    lines = copy.deepcopy(WORLD.residence.export(4, 7))
    line = lines[data.draw(st.integers(0, len(lines) - 1))]
    alter(line, data)
    flaw_of(lines)


@pytest.mark.parametrize("number", range(len(WORLD.residence.export(4, 7))))
def test_a_line_removed_doubled_or_put_elsewhere_is_found(number: int) -> None:
    lines = WORLD.residence.export(4, 7)
    flaw_of(lines[:number] + lines[number + 1 :])
    flaw_of(lines[: number + 1] + lines[number:])
    for other in range(number + 1, len(lines)):
        swapped = [*lines]
        swapped[number], swapped[other] = lines[other], lines[number]
        flaw_of(swapped)


@pytest.mark.parametrize("length", range(len(WORLD.residence.export(4, 7))))
def test_a_file_cut_off_anywhere_is_found(length: int) -> None:
    flaw_of(WORLD.residence.export(4, 7)[:length])


def _forged(district: District, length: int) -> list[Line]:
    """An export that the district itself makes of the beginning of its log, signed anew."""
    return District(district.code, district.key, district.entries[:length]).export()


@pytest.mark.parametrize("length", range(1, len(WORLD.residence.entries)))
def test_an_end_that_the_district_itself_cut_off_is_found_by_what_others_have(length: int) -> None:
    lines = _forged(WORLD.residence, length)
    verified(lines)
    (kept,) = WORLD.residence.checkpoints(len(WORLD.residence.entries))
    assert flaw_of(lines, noted=[kept]) is Flaw.LOG_CUT_OFF
    digest = next(e.text for e in reversed(WORLD.home.entries) if e.kind == "digest")
    if length < 8:
        assert flaw_of(lines, witnesses=[digest]) is Flaw.LOG_CUT_OFF
    if sum(entry.kind == "birth_notice" for entry in WORLD.residence.entries[:length]) < 4:
        with pytest.raises(ProofError):
            compare_logs(verified(lines), verified(WORLD.home.export()))


@pytest.mark.parametrize("position", range(2, len(WORLD.residence.entries) + 1))
def test_a_log_that_the_district_itself_wrote_anew_is_found_by_what_others_have(position: int) -> None:
    entries = [*WORLD.residence.entries]
    del entries[position - 1]
    lines = District(RESIDENCE, WORLD.residence.key, entries).export()
    (kept,) = WORLD.residence.checkpoints(len(WORLD.residence.entries))
    flaw_of(lines, noted=[kept])
    if WORLD.residence.entries[position - 1].kind == "birth_notice":
        assert flaw_of(lines) in (Flaw.NUMBER_MISSING, Flaw.RECEIPT_WITHOUT_MESSAGE)


def test_a_checkpoint_or_witness_of_somebody_else_proves_nothing() -> None:
    lines = WORLD.residence.export()
    other = District(RESIDENCE, WORLD.home.key, WORLD.residence.entries)
    assert flaw_of(lines, noted=other.checkpoints(5)) is Flaw.NOT_SIGNED
    assert flaw_of(lines, noted=WORLD.home.checkpoints(5)) is Flaw.OTHER_DISTRICT
    notice = WORLD.residence.entries[1].text
    assert flaw_of(lines, witnesses=[notice]) is Flaw.OTHER_DISTRICT


def test_a_receipt_that_the_partner_did_not_sign_is_found() -> None:
    world = World()
    notice = world.notice()
    world.home.key, genuine = world.residence.key, world.home.key
    world.receipt(notice)
    world.home.key = genuine
    assert flaw_of(world.residence.export()) is Flaw.NOT_SIGNED


def test_a_gap_in_what_arrives_is_told_and_is_no_flaw() -> None:
    world = World()
    world.sent = 1
    world.home.logs(world.signed(world.residence, world.home, "birth_notice", 2, {}, 1), "in", "accepted")
    assert verified(world.home.export()).pairs[RESIDENCE].not_arrived == [1]


def test_a_log_without_a_trust_list_proves_nothing_of_its_receipts() -> None:
    world = grown("nr")
    del world.residence.entries[0]
    assert flaw_of(world.residence.export()) is Flaw.TRUST_MISSING
