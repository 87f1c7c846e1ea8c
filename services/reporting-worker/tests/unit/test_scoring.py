"""Points are given as the rule says, exactly, and none is lost without its arithmetic."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_reporting.scorecards.domain import (
    AllOrNothing,
    Bonus,
    Deduction,
    Proportional,
    Rule,
    Scored,
    Step,
    Stepwise,
    light_of_share,
    office_errors,
    ranks,
    rule_errors,
    score,
    total,
)
from renkou_reporting.scorecards.schemas import ScorecardDraft
from renkou_reporting.targets.domain import Comparison, Goal, Light

AT_LEAST_98 = Goal(Comparison.AT_LEAST, Fraction(98), None)
AT_MOST_2 = Goal(Comparison.AT_MOST, None, Fraction(2))
BETWEEN = Goal(Comparison.BETWEEN, Fraction(103), Fraction(107))
STEPS = Stepwise(
    kind="stepwise",
    steps=(Step(within=Decimal(1), share=Decimal(80)), Step(within=Decimal(3), share=Decimal(50))),
)
DEDUCTION = Deduction(kind="deduction", per=Decimal(1), points=Decimal("0.5"))
BEGUN = Deduction(kind="deduction", per=Decimal(1), points=Decimal("0.5"), begun=True)
PROPORTIONAL = Proportional(kind="proportional")
ALL_OR_NOTHING = AllOrNothing(kind="all_or_nothing")


@pytest.mark.parametrize(
    ("rule", "goal", "value", "points"),
    [
        (PROPORTIONAL, AT_LEAST_98, "49", "10.00"),
        (PROPORTIONAL, AT_LEAST_98, "98", "20.00"),
        (Proportional(kind="proportional", zero_at=Decimal(8)), AT_LEAST_98, "96", "15.00"),
        (Proportional(kind="proportional", zero_at=Decimal(8)), AT_LEAST_98, "80", "0.00"),
        (Proportional(kind="proportional", zero_at=Decimal(2)), AT_MOST_2, "3", "10.00"),
        (Proportional(kind="proportional", zero_at=Decimal(10)), BETWEEN, "112", "10.00"),
        (STEPS, AT_LEAST_98, "97", "16.00"),
        (STEPS, AT_LEAST_98, "95", "10.00"),
        (STEPS, AT_LEAST_98, "94.99", "0.00"),
        (DEDUCTION, AT_LEAST_98, "96.5", "19.25"),
        (BEGUN, AT_LEAST_98, "96.5", "19.00"),
        (BEGUN, AT_LEAST_98, "0", "0.00"),
        (ALL_OR_NOTHING, AT_LEAST_98, "97.99", "0.00"),
        (ALL_OR_NOTHING, BETWEEN, "107", "20.00"),
    ],
)
def test_points_of_twenty(rule: Rule, goal: Goal, value: str, points: str) -> None:
    found = score(Decimal(20), rule, None, goal, Fraction(value))
    assert (str(found.points), found.points + found.lost) == (points, Decimal(20))


def test_every_point_lost_has_its_arithmetic() -> None:
    found = score(Decimal(20), BEGUN, None, AT_LEAST_98, Fraction("96.5"))
    assert found.why.zh == "差 1.5，每差 1 扣 0.5 分，计 2 个，最多扣 20 分；失 1 分"
    assert found.why.en == "1.5 short, 0.5 points off for every 1: 2 times, at most 20; 1 points lost"


@pytest.mark.parametrize(
    ("value", "bonus"), [("98", "0.00"), ("98.7", "0.35"), ("100", "1.00"), ("150", "2.00")]
)
def test_a_bonus_is_capped(value: str, bonus: str) -> None:
    rule = Bonus(per=Decimal(1), points=Decimal("0.5"), cap=Decimal(2))
    found = score(Decimal(20), DEDUCTION, rule, AT_LEAST_98, Fraction(value))
    assert (str(found.points), str(found.bonus)) == ("20.00", bonus)


def test_what_is_watched_gives_and_takes_nothing() -> None:
    found = score(Decimal(0), ALL_OR_NOTHING, None, AT_LEAST_98, Fraction(10))
    assert not any((found.points, found.lost, found.bonus))


def test_the_example_is_a_scorecard_that_can_be_sent() -> None:
    example = ScorecardDraft.model_json_schema()["example"]
    document = ScorecardDraft.model_validate(example).document
    assert sum(item.weight for item in document.items) == document.total


def codes(rule: Rule, goal: Goal | None, bonus: Bonus | None = None, weight: int = 10) -> list[str]:
    return [each.code for each in rule_errors("", rule, goal, Decimal(weight), bonus)]


def test_a_rule_that_cannot_be_reckoned_is_refused() -> None:
    bonus = Bonus(per=Decimal(1), points=Decimal(1), cap=Decimal(1))
    back = Stepwise(kind="stepwise", steps=tuple(reversed(STEPS.steps)))
    assert codes(back, AT_LEAST_98) == ["steps_order"]
    assert codes(PROPORTIONAL, AT_MOST_2) == ["zero_at"]
    assert codes(PROPORTIONAL, Goal(Comparison.AT_LEAST, Fraction(0), None)) == ["zero_at"]
    assert codes(PROPORTIONAL, None) == []
    assert codes(ALL_OR_NOTHING, BETWEEN, bonus) == ["bonus_between"]
    assert codes(ALL_OR_NOTHING, AT_LEAST_98, bonus, weight=0) == ["bonus_watched"]


@pytest.mark.parametrize(
    "name", ["逍遥津街道办事处", "区卫生健康委员会", "第一社区", "Health bureau of Luyang"]
)
def test_an_office_answers(name: str) -> None:
    assert office_errors("", name) == []


@pytest.mark.parametrize("name", ["张三", "王小明同志", "李主任", "某某街道办 13800001111", "Zhang San"])
def test_a_person_does_not(name: str) -> None:
    assert [each.code for each in office_errors("", name)] == ["not_an_office"]


def test_equals_share_a_place_and_who_has_nothing_counted_has_none() -> None:
    shares = {"a": Fraction(90), "b": Fraction(95), "c": Fraction(90), "d": Fraction(10), "e": None}
    assert ranks(shares) == {"b": 1, "a": 2, "c": 2, "d": 4}


def test_an_areas_light_comes_from_its_share() -> None:
    shares = [Fraction(90), Fraction(8999, 100), Fraction(60), Fraction(5999, 100), None]
    lights = [light_of_share(each, Decimal(90), Decimal(60)) for each in shares]
    assert lights == [Light.GREEN, Light.AMBER, Light.AMBER, Light.RED, Light.GREY]


def hundredths(low: int, high: int) -> st.SearchStrategy[Decimal]:
    return st.integers(low, high).map(lambda number: Decimal(number).scaleb(-2))


weights = hundredths(0, 10_000)
distances = hundredths(1, 5_000)
values = st.builds(Fraction, st.integers(-10_000, 250_000), st.sampled_from([1000, 999]))
bonuses = st.none() | st.builds(Bonus, per=distances, points=distances, cap=distances, whole=st.booleans())


@st.composite
def stepwise(draw: st.DrawFn) -> Stepwise:
    withins = sorted(draw(st.sets(distances, min_size=1, max_size=5)))
    shares = draw(st.lists(hundredths(0, 10_000), unique=True, min_size=len(withins), max_size=len(withins)))
    ordered = sorted(shares, reverse=True)
    return Stepwise(
        kind="stepwise",
        steps=tuple(Step(within=one, share=two) for one, two in zip(withins, ordered, strict=True)),
    )


rules = st.one_of(
    st.builds(Proportional, kind=st.just("proportional"), zero_at=distances),
    stepwise(),
    st.just(ALL_OR_NOTHING),
    st.builds(Deduction, kind=st.just("deduction"), per=distances, points=distances, begun=st.booleans()),
)


@st.composite
def goals(draw: st.DrawFn) -> Goal:
    low, high = sorted(
        Fraction(number, 7) for number in draw(st.sets(st.integers(7, 1050), min_size=2, max_size=2))
    )
    comparison = draw(st.sampled_from(list(Comparison)))
    return Goal(
        comparison,
        None if comparison is Comparison.AT_MOST else low,
        None if comparison is Comparison.AT_LEAST else high,
    )


@given(weight=weights, rule=rules, bonus=bonuses, goal=goals(), value=values)
def test_a_score_lies_between_nothing_and_weight_with_bonus(
    weight: Decimal, rule: Rule, bonus: Bonus | None, goal: Goal, value: Fraction
) -> None:
    found = score(weight, rule, bonus, goal, value)
    assert 0 <= found.points <= weight
    assert 0 <= found.bonus <= (bonus.cap if bonus else 0)
    assert found.points + found.lost == weight
    assert not found.bonus or not found.lost


@given(weight=weights, rule=rules, bonus=bonuses, goal=goals(), one=values, other=values)
def test_a_better_figure_never_gets_fewer_points(
    weight: Decimal, rule: Rule, bonus: Bonus | None, goal: Goal, one: Fraction, other: Fraction
) -> None:
    worse, better = sorted((one, other), key=lambda value: (-goal.shortfall(value), goal.surplus(value)))
    first, second = (score(weight, rule, bonus, goal, value) for value in (worse, better))
    assert first.points <= second.points
    assert first.points + first.bonus <= second.points + second.bonus


@given(st.lists(st.tuples(weights, rules, bonuses, goals(), values), min_size=1, max_size=4))
def test_what_was_scored_and_what_was_lost_add_up_to_the_weights(
    items: list[tuple[Decimal, Rule, Bonus | None, Goal, Fraction]],
) -> None:
    scored: list[tuple[Decimal, Scored]] = [(item[0], score(*item)) for item in items]
    found = total(scored)
    assert found.points + found.lost == found.out_of == sum(item[0] for item in items)
    assert found.score == found.points + found.bonus


@given(st.dictionaries(st.integers(), st.none() | st.fractions(0, 100, max_denominator=10)))
def test_places_follow_the_shares(shares: dict[int, Fraction | None]) -> None:
    places = ranks(shares)
    for one, place in places.items():
        for other, another in places.items():
            ones, others = shares[one], shares[other]
            assert ones is not None
            assert others is not None
            assert (place < another) == (ones > others)
    assert not places or min(places.values()) == 1
