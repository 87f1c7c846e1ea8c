"""The checker finds what it is there to find."""

import copy
from typing import Any

from tests.chaos.checker.check import Check
from tests.chaos.checker.ends import disagreements

HERE, THERE = "310115", "340103"


def sent() -> dict[str, dict[str, dict[str, Any]]]:
    """Two messages from one district to the other."""
    return {
        HERE: {
            each: {"id": each, "partner": THERE, "pair_seq": number, "kind": "birth_notice", "state": "read"}
            for number, each in enumerate("ab", 1)
        },
        THERE: {},
    }


def received() -> dict[str, dict[str, dict[str, Any]]]:
    """The same two, as the other district has them."""
    arrived = copy.deepcopy(sent()[HERE])
    for message in arrived.values():
        message["partner"] = HERE
    return {HERE: {}, THERE: arrived}


def test_the_same_at_both_ends_agrees() -> None:
    assert list(disagreements(sent(), received())) == []


def test_a_message_that_never_arrived_is_found() -> None:
    there = received()
    del there[THERE]["b"]
    assert list(disagreements(sent(), there)) == ["310115 birth_notice b: read, and not at 340103"]


def test_another_state_at_the_other_end_is_found() -> None:
    there = received()
    there[THERE]["a"]["state"] = "confirmed"
    assert list(disagreements(sent(), there)) == ["310115 birth_notice a: state read, there confirmed"]


def test_a_message_that_nobody_sent_and_the_gap_it_left_are_found() -> None:
    here = sent()
    del here[HERE]["a"]
    assert list(disagreements(here, received())) == [
        "310115 to 340103: numbers with a gap or twice",
        "340103 has birth_notice a, which nobody sent",
    ]


def test_a_check_that_looked_at_nothing_does_not_hold() -> None:
    assert not Check("无", "nothing").holds
    assert Check("有", "something", looked_at=1).holds
    assert not Check("错", "wrong", looked_at=2, wrong=["one"]).holds
