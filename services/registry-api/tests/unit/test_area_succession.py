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
from renkou_registry.areas.townships import Moving, expanded

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
    assert rule.follow(OLD, None, "安庆路 3 号", None) == EAST
    assert rule.follow(OLD, None, "安庆路 12 号", None) == WEST
    assert rule.follow(OLD, None, "长江路", None) is None
    assert rule.follow(OLD, None, None, None) is None


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
    assert household_area(change, OLD, "安庆路 1 号", WEST) == WEST
    assert household_area(change, OLD, "安庆路 1 号", ELSEWHERE) == EAST
    assert household_area(change, OLD, None, None) is None


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
    assert stored.follow(OLD, None, street, None) in (EAST, WEST)


TOWN, OTHER, NEW = 340103001000, 340103002000, 340103098000


def township(kind: ChangeKind, sources: tuple[int, ...], *successors: int) -> Succession:
    rule = Rule(RuleKind.ALL, (), successors[0])
    named = tuple(Successor(area, f"街道{area}") for area in successors)
    return checked(Succession(kind, date(2025, 7, 1), sources, named, rule))


def test_communities_of_a_merged_township_keep_their_digits_unless_told() -> None:
    known = {TOWN + 1: "一社区", TOWN + 2: "二社区"}
    whole = expanded(township(ChangeKind.MERGE, (TOWN, OTHER), NEW), [Moving(TOWN + 2, NEW + 9)], known)
    assert set(whole.ended) == {TOWN, OTHER, TOWN + 1, TOWN + 2}
    assert whole.successors_of(TOWN + 1) == (NEW + 1,)
    assert whole.successors_of(TOWN + 2) == (NEW + 9,)
    assert whole.successors_of(TOWN) == whole.successors_of(OTHER) == (NEW,)
    assert {each.area: each.name for each in whole.successors}[NEW + 9] == "二社区"


def test_a_split_township_keeps_what_is_not_told_and_refuses_what_leads_nowhere() -> None:
    known = {TOWN + 1: "一社区", TOWN + 2: "二社区"}
    kept = expanded(township(ChangeKind.SPLIT, (TOWN,), TOWN, NEW), [Moving(TOWN + 1, NEW + 1)], known)
    assert kept.ended == (TOWN + 1,)
    with pytest.raises(InvalidInput) as refused:
        expanded(township(ChangeKind.SPLIT, (TOWN,), NEW, OTHER), [Moving(TOWN + 1, TOWN + 5)], known)
    assert {error.code for error in refused.value.errors} == {"not_successor", "community_missing"}


def test_two_communities_share_a_code_only_where_both_are_told_so() -> None:
    known = {TOWN + 1: "一社区", OTHER + 1: "东一社区"}
    change = township(ChangeKind.MERGE, (TOWN, OTHER), OTHER)
    with pytest.raises(InvalidInput) as refused:
        expanded(change, [], known)
    assert [error.code for error in refused.value.errors] == ["code_taken"]
    both = [Moving(TOWN + 1, OTHER + 1), Moving(OTHER + 1, OTHER + 1, "合并社区")]
    assert {each.area: each.name for each in expanded(change, both, known).successors}[
        OTHER + 1
    ] == "合并社区"
