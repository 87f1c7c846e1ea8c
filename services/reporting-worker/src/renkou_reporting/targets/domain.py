"""Targets without I/O: what they say, which are refused, whether a figure meets one, and what is missing.

A figure is compared exactly, before it is rounded (docs/decisions/0095). What may be scored is in
:func:`not_scorable`: services are offers, and who declines one lowers no score (domain document, part 5).
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import ceil, gcd
from typing import NamedTuple

from renkou_common.contracts.lines import Measure
from renkou_common.errors import FieldError, Text
from renkou_reporting.figures.domain import Outcome, ParityRange, Sliced, exact_value, parse_ages
from renkou_reporting.indicators.domain import Catalogue, Dimension, Indicator, IndicatorKind, Term, TermKind
from renkou_reporting.measures.domain import Measures, MeasureUnit

_OWN_CHOICES = frozenset(
    {
        Measure.BIRTH,
        "first_marriage",
        "first_birth",
        "late_first_marriage",
        "late_first_birth",
        "married_women",
        "method_users_married",
        "method_supplies",
        "method_iud",
        "method_sterilisation",
        "method_implant",
        "method_other",
        "supply_user_confirmed",
        "policy_birth",
        "policy_birth_within",
        "hospital_live_birth",
        "police_birth",
        "abortion",
    }
)
"""Counts of what people decide for themselves: whether and when to marry, to have children, to use a method."""
_ACCEPTED: dict[str, frozenset[str]] = {
    "service_received": frozenset({"service_accepted"}),
    "examination_received": frozenset({"examination_accepted"}),
    "couple_examined": frozenset({"couple_accepted"}),
    "visit_kept": frozenset({"visit_accepted"}),
    "supply_user_reached": frozenset({"supply_user_registered"}),
    "card_open": frozenset({"card_due"}),
    "benefit_paid": frozenset({"benefit_due"}),
    "benefit_paid_fen": frozenset({"benefit_due_fen"}),
    "notice_sent": frozenset({"notice_due"}),
    "notice_confirmed": frozenset({"notice_confirmable"}),
}
"""Counts of people that may be scored, and over what: those who accepted or asked, or an office's own duty."""
OWN_CHOICE = Text(
    "婚育和避孕由本人决定，不设目标",
    "Whether to marry, to have children and which method to use is people's own choice: no target is set on it",
)
MAY_DECLINE = Text(
    "有人谢绝服务就会使该指标下降，不得计分；只有以接受者为分母的指标可以计分，其他只能监测（权重为0）",
    "It falls when somebody declines an offer; only rates over those who accepted are scored, others are watched"
    " (weight 0)",
)


class Comparison(StrEnum):
    """How a figure is held against its target."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    BETWEEN = "between"


class Light(StrEnum):
    """A traffic light (红黄绿灯); answers carry its words too, never the colour alone."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    GREY = "grey"


LIGHT_NAMES = {
    Light.GREEN: Text("绿灯：达标", "green: reached"),
    Light.AMBER: Text("黄灯：接近", "amber: close"),
    Light.RED: Text("红灯：未达标", "red: not reached"),
    Light.GREY: Text("无数据", "no figure"),
}


@dataclass(frozen=True, slots=True)
class Goal:
    """A comparison with its values: ``low`` for at least, ``high`` for at most, both for between."""

    comparison: Comparison
    low: Fraction | None
    high: Fraction | None

    def shortfall(self, value: Fraction) -> Fraction:
        """Return how far a value is from what the target allows; 0 where it is met."""
        if self.low is not None and value < self.low:
            return self.low - value
        if self.high is not None and value > self.high:
            return value - self.high
        return Fraction()

    def surplus(self, value: Fraction) -> Fraction:
        """Return how far a value is beyond the target in its good direction; 0 for between."""
        if self.comparison is Comparison.AT_LEAST and self.low is not None:
            return max(value - self.low, Fraction())
        if self.comparison is Comparison.AT_MOST and self.high is not None:
            return max(self.high - value, Fraction())
        return Fraction()


class Dimensions(NamedTuple):
    """Dimensions of a target as they are written; None stands for all."""

    sex: str | None = None
    parity: str | None = None
    ages: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """What is missing to reach a target: so much more, or fewer, of the numerator, the denominator as it is."""

    amount: Fraction
    direction: str
    """``more`` or ``fewer``; ``none`` where the target is met."""
    of: str
    """``numerator``, or for a growth the indicator it is of."""


def goal_errors(pointer: str, comparison: Comparison, low: object, high: object) -> list[FieldError]:
    """Return what is wrong with a target's values."""
    needs_low, needs_high = comparison is not Comparison.AT_MOST, comparison is not Comparison.AT_LEAST
    found = []
    for name, value, needed in (("low", low, needs_low), ("high", high, needs_high)):
        if needed and value is None:
            found.append(
                _error(f"{pointer}/{name}", "target_value", "须填目标值", "the target's value is missing")
            )
        elif not needed and value is not None:
            found.append(
                _error(f"{pointer}/{name}", "target_value", "此种比较不填该值", "this comparison takes none")
            )
    if not found and comparison is Comparison.BETWEEN and not low < high:  # type: ignore[operator]
        found.append(
            _error(f"{pointer}/high", "target_range", "上限须大于下限", "must be above the lower value")
        )
    return found


def direction_errors(pointer: str, indicator: Indicator, comparison: Comparison) -> list[FieldError]:
    """Return an error for a target that would praise a figure for getting worse."""
    wrong = {"up": Comparison.AT_MOST, "down": Comparison.AT_LEAST}.get(indicator.direction)
    if comparison is not wrong:
        return []
    return [
        _error(
            f"{pointer}/comparison",
            "against_direction",
            "目标与指标方向相反",
            "it runs against the indicator's direction",
        )
    ]


def sliced_of(pointer: str, indicator: Indicator, given: Dimensions) -> tuple[Sliced, list[FieldError]]:
    """Return the dimensions as the engine takes them, and what is wrong with them."""
    found = []
    for dimension in Dimension:
        value, taken = getattr(given, dimension), indicator.dimensions.get(dimension)
        if value is None and taken == "required":
            found.append(
                _error(
                    f"{pointer}/{dimension}", f"{dimension}_required", "该指标须指明此维度", "it is needed"
                )
            )
        elif value is not None and taken is None:
            found.append(
                _error(f"{pointer}/{dimension}", dimension, "该指标不分此维度", "not told apart by it")
            )
    parity = None if given.parity is None else ParityRange.parse(given.parity)
    ages = None if given.ages is None else parse_ages(given.ages)
    if given.parity is not None and parity is None:
        found.append(
            _error(f"{pointer}/parity", "parity", "孩次应为 1-30，可加 +", "1-30, with + for later ones")
        )
    if given.ages is not None and ages is None:
        found.append(_error(f"{pointer}/ages", "ages", "年龄应写作 15-49、65+ 或 30", "15-49, 65+ or 30"))
    return Sliced(None if given.sex is None else int(given.sex), parity, ages, given.detail), found


def not_a_target(indicator: Indicator, catalogue: Catalogue) -> Text | None:
    """Return why no target may be set on an indicator, None where one may."""
    if indicator.kind is IndicatorKind.ERROR:
        return None
    if indicator.of is not None:
        return not_a_target(catalogue.indicators[indicator.of], catalogue)
    if _sex_ratio(indicator):
        return None
    chosen = any(term.measure in _OWN_CHOICES for term in indicator.numerator)
    return OWN_CHOICE if chosen else None


def not_scorable(indicator: Indicator, catalogue: Catalogue) -> Text | None:
    """Return why an indicator gives no points, None where it does.

    Scored are how well figures were reported, counts of offices' own work and money, and rates over those who
    accepted an offer or asked for it. What is not known to be one of these is not scored.
    """
    if (refused := not_a_target(indicator, catalogue)) is not None:
        return refused
    if indicator.kind is IndicatorKind.ERROR:
        return None
    if indicator.of is not None:
        return not_scorable(catalogue.indicators[indicator.of], catalogue)
    below = {term.measure for term in indicator.denominator}
    scored = all(_scored(term, below, catalogue.measures) for term in indicator.numerator)
    return None if scored else MAY_DECLINE


def _sex_ratio(indicator: Indicator) -> bool:
    """Say whether a quotient is one of births by sex on both sides: no family's choice makes it better."""
    return bool(indicator.denominator) and all(
        term.measure == Measure.BIRTH and term.sex in (1, 2) for term in indicator.terms
    )


def _scored(term: Term, below: set[str | None], measures: Measures) -> bool:
    if term.measure is None:
        return False
    over = _ACCEPTED.get(term.measure)
    if over is not None:
        return bool(below) and below <= over
    unit = measures[term.measure].unit
    return unit is MeasureUnit.CASE or (unit is MeasureUnit.FEN and not term.measure.startswith("benefit_"))


def light_of(goal: Goal, value: Fraction | None, amber: Fraction) -> Light:
    """Return a target's light: amber while the shortfall is no more than ``amber`` of the target."""
    if value is None:
        return Light.GREY
    short = goal.shortfall(value)
    if not short:
        return Light.GREEN
    missed = goal.low if goal.low is not None and value < goal.low else goal.high
    return Light.AMBER if missed is not None and short <= abs(missed) * amber else Light.RED


def missing_of(goal: Goal, indicator: Indicator, outcome: Outcome, catalogue: Catalogue) -> Missing | None:
    """Return what is missing to reach a target given the denominator so far, exactly; None without a figure.

    For a growth: how much more, or less, of what grows. Nothing anyone counts mends a reporting error.
    """
    value = exact_value(indicator, outcome)
    if value is None or indicator.kind is IndicatorKind.ERROR:
        return None
    of = indicator.of or "numerator"
    if not goal.shortfall(value):
        return Missing(Fraction(), "none", of)
    short = goal.low is not None and value < goal.low
    wanted = goal.low if short else goal.high
    assert wanted is not None
    # value = numerator / denominator x factor / divisor, solved for the numerator
    needed = abs(wanted * outcome.denominator * indicator.divisor / indicator.factor - outcome.numerator)
    step = _step(indicator, catalogue)
    if step is not None:
        needed = ceil(needed / step) * step
    return Missing(needed, "more" if short else "fewer", of)


def _step(indicator: Indicator, catalogue: Catalogue) -> Fraction | None:
    """Return the smallest change of a numerator: a person, a case, a fen; None for what has none."""
    if indicator.of is not None:
        of = catalogue.indicators[indicator.of]
        if of.kind is not IndicatorKind.COUNT:
            return None
        step = _step(of, catalogue)
        return None if step is None else step * of.factor / of.divisor
    ones = {_one(term, catalogue.measures) for term in indicator.numerator}
    weights = gcd(*(term.weight for term in indicator.numerator))
    return ones.pop() * weights if len(ones) == 1 else None


def _one(term: Term, measures: Measures) -> Fraction:
    if term.measure is not None and measures[term.measure].unit is MeasureUnit.FEN:
        return Fraction(1, 100)
    return Fraction(1, 2) if term.kind is TermKind.MEAN else Fraction(1)


def _error(pointer: str, code: str, zh: str, en: str) -> FieldError:
    return FieldError(pointer, code, Text(zh, en))
