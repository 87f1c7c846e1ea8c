"""Who follows where when communities change: by street, building, list, or all together."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_common.errors import InvalidInput
from renkou_registry.areas.following import household_area
from renkou_registry.areas.succession import (
    ChangeKind,
    Dwelling,
    Person,
    Rule,
    RuleKind,
    Succession,
    Successor,
    checked,
    followed,
)

OLD, EAST, WEST = 340103_001001, 340103_001801, 340103_001802
ELSEWHERE = 340103_002001
PLACE = UUID(int=7)


def split(rule: Rule, *, kept: bool = False) -> Succession:
    areas = (OLD, EAST) if kept else (EAST, WEST)
    successors = tuple(Successor(area, f"社区{area}") for area in areas)
    return checked(Succession(ChangeKind.SPLIT, date(2025, 7, 1), (OLD,), successors, rule))


def lives(street: str | None = None, place: UUID | None = None, registered: int = OLD) -> Person:
    return Person(uuid4(), Dwelling(registered), Dwelling(OLD, street, place), OLD)


def test_the_longest_prefix_of_the_street_counts() -> None:
    rule = Rule(RuleKind.STREET_PREFIX, (("安庆路", EAST), ("安庆路 1", WEST)))
    assert rule.follow(None, "安庆路 3 号", None) == EAST
    assert rule.follow(None, "安庆路 12 号", None) == WEST
    assert rule.follow(None, "长江路", None) is None
    assert rule.follow(None, None, None) is None


def test_buildings_and_named_persons_are_told_apart() -> None:
    person = lives(place=PLACE, registered=ELSEWHERE)
    by_place = split(Rule(RuleKind.PLACE, ((str(PLACE), EAST),)))
    assert followed(by_place, person) == {OLD: {"present_area": EAST, "usual_area": EAST}}
    by_list = split(Rule(RuleKind.LIST, ((str(person.id), WEST),)))
    assert followed(by_list, person) == {OLD: {"present_area": WEST, "usual_area": WEST}}
    assert followed(by_list, lives()) is None


def test_whoever_matches_nothing_stays_where_the_community_goes_on() -> None:
    change = split(Rule(RuleKind.STREET_PREFIX, (("安庆路", EAST),)), kept=True)
    assert change.ended == ()
    assert followed(change, lives("长江路 8 号")) == {}
    assert followed(change, lives("安庆路 8 号", registered=ELSEWHERE)) == {
        OLD: {"present_area": EAST, "usual_area": EAST}
    }


def test_a_household_follows_its_head_before_its_own_street() -> None:
    change = split(Rule(RuleKind.STREET_PREFIX, (("安庆路", EAST),)))
    assert household_area(change, "安庆路 1 号", WEST) == WEST
    assert household_area(change, "安庆路 1 号", ELSEWHERE) == EAST
    assert household_area(change, None, None) is None


def test_one_address_that_no_rule_tells_leaves_the_whole_person_over() -> None:
    change = split(Rule(RuleKind.STREET_PREFIX, (("安庆路", EAST),)))
    assert followed(change, lives("安庆路 1 号")) is None
    assert followed(change, Person(uuid4(), Dwelling(ELSEWHERE), Dwelling(ELSEWHERE), ELSEWHERE)) == {}


def test_a_rule_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        split(Rule(RuleKind.ALL))
    assert {error.pointer for error in refused.value.errors} == {"/rule/otherwise"}
    with pytest.raises(InvalidInput) as refused:
        split(Rule(RuleKind.STREET_PREFIX, (("安庆路", ELSEWHERE),)))
    assert {error.pointer for error in refused.value.errors} == {"/rule/matches/0/to"}


@given(
    st.lists(st.tuples(st.text("安庆长江路", min_size=1, max_size=4), st.sampled_from([EAST, WEST]))),
    st.text("安庆长江路", max_size=6),
)
def test_a_rule_survives_its_storage(matches: list[tuple[str, int]], street: str) -> None:
    rule = Rule(RuleKind.STREET_PREFIX, tuple(matches), WEST)
    stored = Rule.of_json(rule.as_json())
    assert stored == rule
    assert stored.follow(None, street, None) in (EAST, WEST)
