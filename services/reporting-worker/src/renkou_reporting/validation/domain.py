"""Rules of a form, what they need, and what they find in a return. No I/O.

Three kinds. A *check* compares two expressions (:mod:`.expressions`). A *change* asks whether a value differs from
that of the last period, or of a year ago, by more than some percent. An *outlier* asks whether it lies further
from the median of earlier periods, or of other areas in the same period, than ``factor`` robust deviations
(1.4826 x the median of absolute deviations, which equals the standard deviation where values are normal, and which
a few wild values do not move). Hard findings refuse a return; soft ones want a written explanation.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import product
from statistics import median
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_common.errors import Text
from renkou_reporting.validation.evaluating import Grid, Setting, Values, evaluate, holds
from renkou_reporting.validation.expressions import (
    Cells,
    Comparison,
    Node,
    RuleError,
    cells_in,
    parse_comparison,
    parse_value,
)

_NORMAL = Fraction(14826, 10000)
_NAMED_AT_MOST = 6
_SIGNS = {
    "=": Text("等于", "equal"),
    "<>": Text("不等于", "differ from"),
    "<=": Text("不大于", "be at most"),
    ">=": Text("不小于", "be at least"),
    "<": Text("小于", "be less than"),
    ">": Text("大于", "be more than"),
}
type _Expression = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
type _Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class Severity(StrEnum):
    """Whether a finding refuses a return, or wants an explanation."""

    HARD = "hard"
    SOFT = "soft"


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{0,9}$", examples=["R01"])]
    zh: _Words
    en: _Words


class Check(_Rule):
    """Two expressions that must compare; where ``when`` is given, only if that holds."""

    kind: Literal["check"]
    severity: Severity = Severity.HARD
    check: _Expression = Field(examples=["births[total, *] = sum(births[first:third, *])"])
    when: _Expression | None = None


class Change(_Rule):
    """A value that should not differ by more than ``percent`` from before; changes of up to ``least`` pass."""

    kind: Literal["change"]
    value: _Expression
    against: Literal["last", "lastyear"] = "last"
    percent: Decimal = Field(gt=0, le=10_000)
    least: Decimal = Field(default=Decimal(0), ge=0)


class Outlier(_Rule):
    """A value that should not lie far from others; ``least`` is the smallest deviation taken for one."""

    kind: Literal["outlier"]
    value: _Expression
    against: Literal["history", "areas"]
    factor: Decimal = Field(default=Decimal(5), ge=2, le=100)
    least: Decimal = Field(default=Decimal(1), gt=0)
    fewest: int = Field(default=4, ge=3, le=24, description="so many others are needed to judge")


type Rule = Annotated[Check | Change | Outlier, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: the cells by key, and what is wrong in words."""

    rule: str
    severity: Severity
    cells: tuple[str, ...]
    text: Text


@dataclass(frozen=True, slots=True)
class Past:
    """What a return is compared with: signed returns before, the newest first, and others of its period."""

    last: Values | None = None
    year: Values | None = None
    history: Sequence[Values] = field(default=())
    areas: Sequence[Values] = field(default=())


class Skipped(NamedTuple):
    """Cells by key that rules leave alone: those that stay empty are no row or column for ``*``, and nothing is
    concluded from those that are wrong by themselves.
    """

    blocked: frozenset[str] = frozenset()
    wrong: frozenset[str] = frozenset()


def rule_errors(rule: Rule, grid: Grid) -> Iterator[tuple[str, RuleError]]:
    """Yield the member of a rule that is wrong, and why: unread, or referring to nothing."""
    given = {"check": rule.check, "when": rule.when} if isinstance(rule, Check) else {"value": rule.value}
    for member, text in given.items():
        if text is None:
            continue
        try:
            found = parse_value(text) if member == "value" else parse_comparison(text)
            references = list(cells_in(found))
            if not references:
                raise RuleError("rule_refers_to_nothing", "公式中没有单元格", "the rule names no cell")
            for cells, within_function in references:
                _check_reference(cells, within_function, grid)
        except RuleError as error:
            yield member, error


def _check_reference(cells: Cells, within_function: bool, grid: Grid) -> None:
    if cells.section not in grid:
        raise RuleError(
            "rule_refers_to_nothing", f"没有“{cells.section}”部分", f"there is no section {cells.section}"
        )
    for place, codes in zip((cells.row, cells.column), grid[cells.section], strict=True):
        if place.first == "*":
            continue
        for code in (place.first, place.last):
            if code not in codes:
                raise RuleError("rule_refers_to_nothing", f"{cells} 中没有 {code}", f"{cells} has no {code}")
        if codes.index(place.first) > codes.index(place.last):
            raise RuleError("rule_range", f"{place} 次序颠倒", f"{place} runs backwards")
        if place.first != place.last and (not within_function or cells.when != "now"):
            raise RuleError(
                "rule_range",
                f"{cells}: 区间只能用于 sum、least、most",
                f"{cells}: a range stands within sum, least or most only",
            )


def findings(
    rules: Iterable[Rule],
    grid: Grid,
    skipped: Skipped,
    now: Values,
    past: Past,
    named: Callable[[str], Text],
) -> list[Finding]:
    """Return what the rules find in a return, in their order; a rule that does not apply finds nothing."""
    found: list[Finding] = []
    for rule in rules:
        for setting in _settings(rule, grid, skipped, now, past):
            one = _FINDERS[rule.kind](rule, setting, past, named)
            if one is not None:
                found.append(one)
    return found


def _parsed(rule: Rule) -> Node | Comparison:
    return parse_comparison(rule.check) if isinstance(rule, Check) else parse_value(rule.value)


def _settings(rule: Rule, grid: Grid, skipped: Skipped, now: Values, past: Past) -> Iterator[Setting]:
    """Yield a rule's settings: one for each row and column that its ``*`` can stand for."""
    references = [cells for cells, _ in cells_in(_parsed(rule))]
    if isinstance(rule, Check) and rule.when:
        references += [cells for cells, _ in cells_in(parse_comparison(rule.when))]
    rows = _bound([grid[cells.section][0] for cells in references if cells.row.first == "*"])
    columns = _bound([grid[cells.section][1] for cells in references if cells.column.first == "*"])
    for row, column in product(rows, columns):
        setting = Setting(grid, now, past.last, past.year, row, column)
        single = [key for cells in references if _stars(cells) for key in setting.keys(cells)]
        needed = [key for cells in references if cells.when == "now" for key in setting.keys(cells)]
        if not (skipped.blocked.intersection(single) or skipped.wrong.intersection(needed)):
            yield setting


def _stars(cells: Cells) -> bool:
    return "*" in (cells.row.first, cells.column.first)


def _bound(codes: Sequence[tuple[str, ...]]) -> list[str]:
    """Return the codes that all sections with a ``*`` have, in the order of the first."""
    if not codes:
        return [""]
    return [code for code in codes[0] if all(code in others for others in codes[1:])]


def _keys(node: Node | Comparison, setting: Setting) -> tuple[str, ...]:
    """Return the cells of this return that an expression is about."""
    every = [cells for cells, _ in cells_in(node)]
    references = [cells for cells in every if cells.when == "now"] or every
    return tuple(dict.fromkeys(key for cells in references for key in setting.keys(cells)))


def _find_check(rule: Rule, setting: Setting, _: Past, named: Callable[[str], Text]) -> Finding | None:
    assert isinstance(rule, Check)
    if rule.when and not _compared(parse_comparison(rule.when), setting):
        return None
    comparison = parse_comparison(rule.check)
    left, right = evaluate(comparison.left, setting), evaluate(comparison.right, setting)
    if left is None or right is None or holds(left, comparison.sign, right):
        return None
    keys, sign = _keys(comparison, setting), _SIGNS[comparison.sign]
    where = _where(keys, named)
    return Finding(
        rule.code,
        rule.severity,
        keys,
        Text(
            f"{rule.zh}: {number_text(left)} 应{sign.zh} {number_text(right)}; 涉及{where.zh}",
            f"{rule.en}: {number_text(left)} must {sign.en} {number_text(right)}; see {where.en}",
        ),
    )


def _compared(comparison: Comparison, setting: Setting) -> bool:
    left, right = evaluate(comparison.left, setting), evaluate(comparison.right, setting)
    return left is not None and right is not None and holds(left, comparison.sign, right)


def _find_change(rule: Rule, setting: Setting, _: Past, named: Callable[[str], Text]) -> Finding | None:
    assert isinstance(rule, Change)
    before_values = setting.last if rule.against == "last" else setting.year
    if before_values is None:
        return None
    value = parse_value(rule.value)
    earlier = Setting(setting.grid, before_values, row=setting.row, column=setting.column)
    keys = _keys(value, setting)
    if any(key not in before_values for key in keys):
        return None
    now, before = evaluate(value, setting), evaluate(value, earlier)
    if now is None or before is None or abs(now - before) <= Fraction(rule.least):
        return None
    if before and abs(now - before) * 100 <= Fraction(rule.percent) * abs(before):
        return None
    where = _where(keys, named)
    when = Text("上期", "the last period") if rule.against == "last" else Text("上年同期", "a year ago")
    change = f"{number_text((now - before) * 100 / before)} %" if before else "∞"
    return Finding(
        rule.code,
        Severity.SOFT,
        keys,
        Text(
            f"{rule.zh}: {where.zh} 本期 {number_text(now)}, {when.zh} {number_text(before)}, 变动 {change},"
            f" 超过 {rule.percent} %",
            f"{rule.en}: {where.en} is {number_text(now)}, was {number_text(before)} {when.en}: {change},"
            f" more than {rule.percent} %",
        ),
    )


def _find_outlier(rule: Rule, setting: Setting, past: Past, named: Callable[[str], Text]) -> Finding | None:
    assert isinstance(rule, Outlier)
    value = parse_value(rule.value)
    now, keys = evaluate(value, setting), _keys(value, setting)
    others = past.history if rule.against == "history" else past.areas
    compared = [
        one
        for values in others
        if all(key in values for key in keys)
        for one in [evaluate(value, Setting(setting.grid, values, row=setting.row, column=setting.column))]
        if one is not None
    ]
    if now is None or len(compared) < rule.fewest:
        return None
    middle, spread = robust(compared, Fraction(rule.least))
    if abs(now - middle) <= Fraction(rule.factor) * spread:
        return None
    where, number = _where(keys, named), len(compared)
    whom = (
        Text(f"前 {number} 期", f"{number} earlier periods")
        if rule.against == "history"
        else Text(f"同期其他 {number} 份报表", f"{number} other returns of the period")
    )
    return Finding(
        rule.code,
        Severity.SOFT,
        keys,
        Text(
            f"{rule.zh}: {where.zh} 为 {number_text(now)}, {whom.zh}中位数 {number_text(middle)},"
            f" 偏离 {number_text(abs(now - middle) / spread)} 倍, 超过 {rule.factor} 倍",
            f"{rule.en}: {where.en} gives {number_text(now)}, the median of {whom.en} is {number_text(middle)}:"
            f" {number_text(abs(now - middle) / spread)} deviations off, more than {rule.factor}",
        ),
    )


def robust(values: Sequence[Fraction], least: Fraction) -> tuple[Fraction, Fraction]:
    """Return the median, and 1.4826 x the median absolute deviation from it, at least ``least``."""
    middle = Fraction(median(values))
    return middle, max(_NORMAL * Fraction(median([abs(one - middle) for one in values])), least)


_FINDERS = {"check": _find_check, "change": _find_change, "outlier": _find_outlier}


def _where(keys: Sequence[str], named: Callable[[str], Text]) -> Text:
    shown = [named(key) for key in keys[:_NAMED_AT_MOST]]
    more = len(keys) - len(shown)
    return Text(
        "、".join(one.zh for one in shown) + (f" 等 {len(keys)} 格" if more else ""),
        ", ".join(one.en for one in shown) + (f" and {more} more" if more else ""),
    )


def number_text(value: Fraction) -> str:
    """Return a number in words of digits: exact where it has at most four decimals, else two of them."""
    scaled = value * 10_000
    if scaled.denominator == 1:
        return format(Decimal(scaled.numerator).scaleb(-4).normalize(), "f")
    return f"{float(value):.2f}"
