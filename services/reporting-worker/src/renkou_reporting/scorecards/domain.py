"""Scoring without I/O: rules as data, the points of an item with their arithmetic, lights and ranks of areas.

Points of an item are rounded once, to two decimals half up; scores are sums of them (docs/decisions/0096). So
what was scored and what was lost add up to the weight in the very digits that are shown.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.errors import FieldError, Text
from renkou_reporting.figures.domain import decimal_text, round_value
from renkou_reporting.targets.domain import Comparison, Goal, Light

type Points = Annotated[Decimal, Field(ge=0, le=1000, max_digits=6, decimal_places=2, allow_inf_nan=False)]
type Distance = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6, allow_inf_nan=False)]
type Share = Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2, allow_inf_nan=False)]
POINT_DIGITS = 2
_OFFICE = re.compile(
    r"(办公室|办|局|委|委员会|会|站|所|中心|院|科|股|处|室|政府|街道|镇|乡|社区|村|队|部|厅)$|"
    r"\b(office|bureau|committee|commission|station|centre|center|hospital|government|subdistrict|town|township|"
    r"community|village|department|division|council)\b",
    re.IGNORECASE,
)
_PERSONAL = re.compile(r"\d{7,}")


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Proportional(_Rule):
    """按比例: points fall evenly from the target to where nothing is left."""

    kind: Literal["proportional"]
    zero_at: Distance | None = Field(
        default=None, description="shortfall at which no point is left; null for at_least: at the value 0"
    )


class Step(_Rule):
    """One step: up to this shortfall, this share of the weight in per cent."""

    within: Distance
    share: Share


class Stepwise(_Rule):
    """分档: a share of the weight for each step of shortfall; none beyond the last."""

    kind: Literal["stepwise"]
    steps: tuple[Step, ...] = Field(min_length=1, max_length=20)


class AllOrNothing(_Rule):
    """一票: the whole weight where the target is met, else none."""

    kind: Literal["all_or_nothing"]


class Deduction(_Rule):
    """扣分: so many points off for every unit of shortfall."""

    kind: Literal["deduction"]
    per: Distance = Field(description="unit of shortfall, in the indicator's unit")
    points: Annotated[Decimal, Field(gt=0, le=1000, max_digits=6, decimal_places=2, allow_inf_nan=False)]
    begun: bool = Field(
        default=False, description="a unit that has begun counts whole (不足一个单位按一个计)"
    )


class Bonus(_Rule):
    """加分: points on top for every unit beyond the target, up to a cap."""

    per: Distance
    points: Annotated[Decimal, Field(gt=0, le=1000, max_digits=6, decimal_places=2, allow_inf_nan=False)]
    cap: Annotated[Decimal, Field(gt=0, le=1000, max_digits=6, decimal_places=2, allow_inf_nan=False)]
    whole: bool = Field(default=False, description="only whole units count")


type Rule = Annotated[Proportional | Stepwise | AllOrNothing | Deduction, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class Scored:
    """Points of one item: ``points`` + ``lost`` = weight; ``bonus`` comes on top. ``why`` is the arithmetic."""

    points: Decimal
    lost: Decimal
    bonus: Decimal
    why: Text


@dataclass(frozen=True, slots=True)
class Total:
    """An area's score: ``score`` = points + bonus, points + lost = ``out_of``: the weights that counted."""

    points: Decimal
    lost: Decimal
    bonus: Decimal
    out_of: Decimal

    @property
    def score(self) -> Decimal:
        """What was reached, with what came on top."""
        return self.points + self.bonus

    @property
    def share(self) -> Fraction | None:
        """The score in per cent of the weights that counted, exactly; None where none did."""
        return Fraction(self.score) / Fraction(self.out_of) * 100 if self.out_of else None


def rule_errors(
    pointer: str, rule: Rule, goal: Goal | None, weight: Decimal, bonus: Bonus | None
) -> list[FieldError]:
    """Return what is wrong with a scoring rule; ``goal`` is None where the area's own target is taken."""
    found = []
    if isinstance(rule, Stepwise):
        pairs = list(zip(rule.steps, rule.steps[1:], strict=False))
        if any(one.within >= other.within or one.share <= other.share for one, other in pairs):
            found.append(
                _error(
                    f"{pointer}/rule/steps", "steps_order", "各档差距须递增、得分须递减",
                    "steps run to larger shortfalls and smaller shares",
                )
            )  # fmt: skip
    if isinstance(rule, Proportional) and rule.zero_at is None:
        from_zero = goal is None or goal.comparison is Comparison.AT_LEAST
        if not from_zero or (goal is not None and goal.low is not None and goal.low <= 0):
            found.append(
                _error(
                    f"{pointer}/rule/zero_at",
                    "zero_at",
                    "须填得零分的差距",
                    "say at which shortfall no point is left",
                )
            )
    if bonus is not None and goal is not None and goal.comparison is Comparison.BETWEEN:
        found.append(
            _error(f"{pointer}/bonus", "bonus_between", "区间目标没有加分", "there is nothing beyond a range")
        )
    if bonus is not None and not weight:
        found.append(
            _error(f"{pointer}/bonus", "bonus_watched", "监测项不加分", "what is watched gives no points")
        )
    return found


def office_errors(pointer: str, name: str) -> list[FieldError]:
    """Return an error for a responsible unit that is not named as an office: never a person."""
    if _OFFICE.search(name.strip()) and not _PERSONAL.search(name):
        return []
    return [
        _error(
            pointer, "not_an_office", "责任单位须为机构名称（如某某街道办事处、某某局、某某站），不得为个人",
            "the responsible unit is named as an office (a bureau, a station, a committee), never a person",
        )
    ]  # fmt: skip


def score(weight: Decimal, rule: Rule, bonus: Bonus | None, goal: Goal, value: Fraction) -> Scored:
    """Return the points of an item for an exact value, with the arithmetic in both languages."""
    short = goal.shortfall(value)
    if not weight:
        nothing = Decimal("0.00")
        return Scored(nothing, nothing, nothing, Text("监测项，不计分", "watched only; it gives no points"))
    exact, why = (Fraction(weight), _met(weight)) if not short else _missed(weight, rule, goal, value, short)
    points = round_value(exact, POINT_DIGITS)
    lost = weight - points
    if short:
        text = decimal_text(Fraction(lost))
        why = Text(f"{why.zh}；失 {text} 分", f"{why.en}; {text} points lost")
    on_top = Decimal("0.00")
    if bonus is not None and not short:
        on_top, why = _on_top(bonus, goal.surplus(value), why)
    return Scored(points, lost, on_top, why)


def total(scored: Sequence[tuple[Decimal, Scored]]) -> Total:
    """Return the sum of the items that counted, each with its weight."""
    zero = Decimal("0.00")
    return Total(
        sum((each.points for _, each in scored), zero),
        sum((each.lost for _, each in scored), zero),
        sum((each.bonus for _, each in scored), zero),
        sum((weight for weight, _ in scored), zero),
    )


def ranks[Area](shares: Mapping[Area, Fraction | None]) -> dict[Area, int]:
    """Return the place of each area by its share: the same for equals, then as many left out (1, 1, 3)."""
    known = {area: share for area, share in shares.items() if share is not None}
    return {area: 1 + sum(other > share for other in known.values()) for area, share in known.items()}


def light_of_share(share: Fraction | None, green: Decimal, amber: Decimal) -> Light:
    """Return an area's light: by the least share in per cent that is green, and amber."""
    if share is None:
        return Light.GREY
    if share >= Fraction(green):
        return Light.GREEN
    return Light.AMBER if share >= Fraction(amber) else Light.RED


def _met(weight: Decimal) -> Text:
    return Text(f"达到目标，得满分 {_plain(weight)} 分", f"the target is met: all {_plain(weight)} points")


def _missed(
    weight: Decimal, rule: Rule, goal: Goal, value: Fraction, short: Fraction
) -> tuple[Fraction, Text]:
    """Return the exact points of a target that is missed, and how they come about."""
    full, gap = Fraction(weight), decimal_text(short)
    w = _plain(weight)
    match rule:
        case AllOrNothing():
            return Fraction(), Text(
                f"差 {gap}，未达标不得分", f"{gap} short: nothing where the target is missed"
            )
        case Stepwise():
            step = next((each for each in rule.steps if short <= Fraction(each.within)), None)
            if step is None:
                last = _plain(rule.steps[-1].within)
                return Fraction(), Text(
                    f"差 {gap}，超过末档 {last}，不得分", f"{gap} short, beyond the last step {last}"
                )
            within, share = _plain(step.within), _plain(step.share)
            text = Text(
                f"差 {gap}，在 {within} 以内，得 {w} 分的 {share}%",
                f"{gap} short, within {within}: {share}% of {w} points",
            )
            return full * Fraction(step.share) / 100, text
        case Deduction():
            units = short / Fraction(rule.per)
            times = Fraction(ceil(units)) if rule.begun else units
            off = min(times * Fraction(rule.points), full)
            per, points, count = _plain(rule.per), _plain(rule.points), decimal_text(times)
            text = Text(
                f"差 {gap}，每差 {per} 扣 {points} 分，计 {count} 个，最多扣 {w} 分",
                f"{gap} short, {points} points off for every {per}: {count} times, at most {w}",
            )
            return full - off, text
        case Proportional():
            zero_at = Fraction(rule.zero_at) if rule.zero_at is not None else goal.low
            left = max(1 - short / zero_at, Fraction()) if zero_at else Fraction()
            at = decimal_text(zero_at) if zero_at else "0"
            text = Text(
                f"差 {gap}，差 {at} 为零分：{w} × (1 − {gap} ÷ {at})",
                f"{gap} short, nothing left at {at}: {w} x (1 - {gap} / {at})",
            )
            return full * left, text


def _on_top(bonus: Bonus, beyond: Fraction, why: Text) -> tuple[Decimal, Text]:
    units = beyond / Fraction(bonus.per)
    times = Fraction(floor(units)) if bonus.whole else units
    points = round_value(min(times * Fraction(bonus.points), Fraction(bonus.cap)), POINT_DIGITS)
    if not points:
        return points, why
    per, each, cap, got = (_plain(number) for number in (bonus.per, bonus.points, bonus.cap, points))
    return points, Text(
        f"{why.zh}；超出 {decimal_text(beyond)}，每 {per} 加 {each} 分，封顶 {cap} 分，加 {got} 分",
        f"{why.en}; {decimal_text(beyond)} beyond, {each} points for every {per}, at most {cap}: {got} on top",
    )


def _plain(number: Decimal) -> str:
    return decimal_text(Fraction(number))


def _error(pointer: str, code: str, zh: str, en: str) -> FieldError:
    return FieldError(pointer, code, Text(zh, en))
