"""Conditions: what a definition may say, what is refused with a pointer, and what people are told."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_common.errors import InvalidInput
from renkou_registry.benefits.schemes.conditions import Child, Facts, Finding, evaluate
from renkou_registry.benefits.schemes.domain import Age, AllOf, Answer, AnyOf, Condition, Fact, RegisteredHere
from renkou_registry.benefits.schemes.parsing import parse_definition
from renkou_registry.benefits.schemes.samples import NAMES, sample

AMOUNT = {"unit": "person", "every": "month", "bands": [{"from": "2025-01-01", "yuan": "80.00"}]}
ON = date(2026, 3, 2)
SIXTY, ONLY = {"age": {"at_least": 60}}, {"fact": "only_child"}


def facts(**changes: Any) -> Facts:
    values: dict[str, Any] = {
        "birth_date": date(1966, 3, 2),
        "sex": 2,
        "marital_status": "21",
        "registered_here": True,
        "registered_since": date(2000, 1, 1),
        "alive": True,
        "children": (),
        "children_count": 0,
        "told": {},
    }
    return Facts(**values | changes)


def conditions(given: Any) -> Condition:
    return parse_definition({"conditions": given, "amount": AMOUNT}).conditions


def leaves(finding: Finding) -> Iterator[Finding]:
    if not finding.parts:
        yield finding
    for part in finding.parts:
        yield from leaves(part)


def test_who_is_too_young_is_told_so_with_the_birth_date() -> None:
    young = facts(birth_date=date(1967, 3, 2))
    finding = evaluate(conditions({"age": {"at_least": 60}}), young, ON)
    assert finding.answer is Answer.NOT_MET
    assert finding.text.zh == "未满 60 周岁: 1967-03-02 出生"
    assert finding.text.en == "not yet 60: born 1967-03-02"


def test_sixty_is_reached_on_the_birthday() -> None:
    sixty = conditions({"age": {"at_least": 60}})
    assert evaluate(sixty, facts(), ON).answer is Answer.MET
    assert evaluate(sixty, facts(), ON - timedelta(days=1)).answer is Answer.NOT_MET


@pytest.mark.parametrize(
    ("given", "pointer", "code"),
    [
        ({"age": {"at_least": 60, "at_most": 50}}, "/definition/conditions/age", "empty_range"),
        ({"height": {"at_least": 160}}, "/definition/conditions/height", "refers_to_nothing"),
        ({"fact": "is_rich"}, "/definition/conditions/fact", "refers_to_nothing"),
        ({"age": {"at_least": "60"}}, "/definition/conditions/age/at_least", "number"),
        ({"age": {}}, "/definition/conditions/age", "says_nothing"),
        ({"age": {"at_least": None}}, "/definition/conditions/age", "says_nothing"),
        ({"age": {"atleast": 60}}, "/definition/conditions/age/atleast", "unknown_member"),
        ({"all": []}, "/definition/conditions/all", "parts"),
        ({"marital_status": ["99"]}, "/definition/conditions/marital_status/0", "refers_to_nothing"),
        ({"all": [{"sex": "male"}, {"sex": "female"}]}, "/definition/conditions", "contradictory"),
        (
            {"any": [SIXTY, {"all": [ONLY, {"not": ONLY}]}]},
            "/definition/conditions/any/1",
            "contradictory",
        ),
        (
            {"all": [{"age": {"at_least": 60}}, {"not": {"age": {"at_least": 50}}}]},
            "/definition/conditions",
            "contradictory",
        ),
        (
            {"all": [{"fact": "only_child"}, {"children": {"at_least": 2}}]},
            "/definition/conditions",
            "contradictory",
        ),
        (
            {"children": {"at_least": 1, "born_from": "2025-02-01", "born_to": "2025-01-01"}},
            "/definition/conditions/children/born_from",
            "empty_range",
        ),
        ([], "/definition/conditions", "condition_form"),
        ({"age": {"at_least": 1}, "sex": "male"}, "/definition/conditions", "condition_form"),
    ],
)  # fmt: skip
def test_a_definition_nobody_can_meet_or_nobody_understands_is_refused(
    given: Any, pointer: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        conditions(given)
    assert (pointer, code) in [(each.pointer, each.code) for each in refused.value.errors]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"bands": []}, "/definition/amount/bands"),
        ({"bands": [{"from": None, "yuan": "80.00"}]}, "/definition/amount/bands/0/from"),
        ({"bands": [{"from": "2025-01-01", "yuan": 80}]}, "/definition/amount/bands/0/yuan"),
        ({"bands": [{"from": "2025-01-01", "yuan": "80"}]}, "/definition/amount/bands/0/yuan"),
        ({"bands": [{"from": "2025-01-01", "yuan": "0.00"}]}, "/definition/amount/bands/0/yuan"),
        (
            {"bands": [{"from": "2025-01-01", "yuan": "80.00"}, {"from": "2026-01-01", "yuan": "90.00"}]},
            "/definition/amount/bands/1/from",
        ),
        ({"unit": "child"}, "/definition/amount/child_until_age"),
        ({"by_months": True}, "/definition/amount/by_months"),
        ({"every": "week"}, "/definition/amount/every"),
        ({"every": "age_year"}, "/definition/amount/every"),
    ],
)
def test_an_amount_rule_that_makes_no_sense_is_refused(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_definition({"conditions": {"age": {"at_least": 60}}, "amount": AMOUNT | changes})
    assert pointer in [each.pointer for each in refused.value.errors]


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_says_that_it_is_an_example_and_cites_no_document(name: str) -> None:
    _, proposal = sample(name)
    assert "(示例)" in proposal.name_zh
    assert proposal.name_en.startswith("Example")
    assert proposal.legal_basis.startswith("示例")
    assert not set("《》〔〕") & set(proposal.legal_basis)
    assert "not checked" in (proposal.source or "")


@pytest.mark.parametrize("name", NAMES)
def test_the_samples_are_definitions_that_hold(name: str) -> None:
    code, proposal = sample(name)
    assert parse_definition(proposal.definition).amount.bands
    assert code == name
    assert proposal.source


def test_what_the_record_cannot_tell_is_unknown_until_declared() -> None:
    rural = conditions({"fact": "rural_registration"})
    assert evaluate(rural, facts(), ON).answer is Answer.UNKNOWN
    assert evaluate(rural, facts(told={Fact.RURAL_REGISTRATION: True}), ON).answer is Answer.MET
    assert evaluate(rural, facts(told={Fact.RURAL_REGISTRATION: False}), ON).answer is Answer.NOT_MET


def test_children_who_are_only_counted_leave_open_whether_they_are_daughters() -> None:
    daughters = conditions({"children": {"sex": "female", "at_least": 2}})
    girl = Child(date(1995, 1, 1), 2)
    assert evaluate(daughters, facts(children=(girl, girl), children_count=2), ON).answer is Answer.MET
    assert evaluate(daughters, facts(children=(girl,), children_count=2), ON).answer is Answer.UNKNOWN
    boy = Child(date(1993, 1, 1), 1)
    assert evaluate(daughters, facts(children=(girl, boy), children_count=2), ON).answer is Answer.NOT_MET


def test_one_child_or_two_daughters_of_sixty_and_rural_get_the_reward_assistance() -> None:
    rule = parse_definition(sample("jiangli_fuzhu")[1].definition).conditions
    told = {Fact.RURAL_REGISTRATION: True}
    one = facts(children=(Child(date(1995, 1, 1), 1),), children_count=1, told=told)
    assert evaluate(rule, one, ON).answer is Answer.MET
    son_too = facts(children=(Child(date(1995, 1, 1), 1), Child(date(1993, 1, 1), 2)), told=told)
    assert evaluate(rule, son_too, ON).answer is Answer.NOT_MET


def test_every_finding_has_a_sentence_in_both_languages() -> None:
    rule = parse_definition(sample("tebie_fuzhu_died")[1].definition).conditions
    for one in leaves(evaluate(rule, facts(), ON)):
        assert one.text.zh
        assert one.text.en


@given(
    st.dates(date(1920, 1, 1), date(2020, 1, 1)),
    st.dates(date(1950, 1, 1), date(2030, 1, 1)),
    st.integers(0, 4000),
    st.recursive(
        st.one_of(st.integers(0, 120).map(lambda years: Age(years, None)), st.just(RegisteredHere(None, 6))),
        lambda inner: (
            st.lists(inner, min_size=1, max_size=3)
            .map(tuple)
            .flatmap(lambda parts: st.sampled_from([AllOf(parts), AnyOf(parts)]))
        ),
        max_leaves=8,
    ),
)
def test_whoever_is_old_enough_stays_old_enough(
    born: date, on: date, later: int, condition: Condition
) -> None:
    person = facts(birth_date=born)
    if evaluate(condition, person, on).answer is Answer.MET:
        assert evaluate(condition, person, on + timedelta(days=later)).answer is Answer.MET


@given(st.booleans(), st.booleans(), st.sampled_from(["all", "any"]))
def test_not_of_all_is_any_of_nots(first: bool, second: bool, kind: str) -> None:
    told = {Fact.RURAL_REGISTRATION: first, Fact.CHILD_DISABLED: second}
    parts = [{"fact": "rural_registration"}, {"fact": "child_disabled"}]
    other = {"all": "any", "any": "all"}[kind]
    left = evaluate(conditions({"not": {kind: parts}}), facts(told=told), ON)
    right = evaluate(conditions({other: [{"not": each} for each in parts]}), facts(told=told), ON)
    assert left.answer is right.answer
