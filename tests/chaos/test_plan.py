"""A plan is drawn from its seed alone, and holds what was asked for."""

from collections import Counter

import pytest

from tests.chaos import plan
from tests.chaos.faults import KINDS


def test_a_seed_gives_the_same_plan_with_the_same_choices_again() -> None:
    first, again = (plan.draw(7, 40, list(KINDS)) for _ in range(2))
    assert first == again
    assert [moment.random.random() for moment in first] == [moment.random.random() for moment in again]


def test_the_order_of_the_kinds_is_nothing_to_the_plan_and_another_seed_is_another_plan() -> None:
    kinds = list(KINDS)
    assert plan.draw(7, 10, kinds) == plan.draw(7, 10, kinds[::-1]) != plan.draw(8, 10, kinds)


@pytest.mark.parametrize(("kills", "times"), [(1, 1), (10, 1), (40, 1), (1000, 25)])
def test_so_many_kills_and_every_other_kind_once_for_forty_of_them(kills: int, times: int) -> None:
    counted = Counter(moment.kind for moment in plan.draw(1, kills, list(KINDS)))
    assert counted == {kind: kills if kind == plan.KILL else times for kind in KINDS}


def test_moments_are_numbered_and_lie_within_their_limits() -> None:
    moments = plan.draw(3, 200, list(KINDS))
    assert [moment.number for moment in moments] == list(range(1, len(moments) + 1))
    for moment in moments:
        assert plan.SHORTEST_GAP <= moment.gap <= plan.LONGEST_GAP
        assert plan.SHORTEST <= moment.lasts <= plan.LONGEST


def test_a_plan_without_kills_or_of_unknown_kinds_is_refused() -> None:
    with pytest.raises(ValueError, match="one kill"):
        plan.draw(1, 0, list(KINDS))
    with pytest.raises(ValueError, match="the kill among them"):
        plan.draw(1, 1, ["drop"])


def test_every_kind_has_a_name_in_both_languages() -> None:
    for kind, fault in KINDS.items():
        assert fault.kind == kind
        assert fault.zh
        assert fault.zh != fault.en
