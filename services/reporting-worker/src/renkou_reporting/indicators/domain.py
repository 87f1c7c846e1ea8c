"""What an indicator is: a definition, and what makes one wrong. Evaluation is in the figures' domain; no I/O.

A definition is data: names and meaning in both languages, over which populations it runs, numerator and denominator
as sums of terms, factor, unit, rounding, dimensions, validity, and worked examples (docs/figures.md).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from renkou_common.contracts.lines import Measure, Population
from renkou_common.errors import FieldError, Text
from renkou_reporting.measures.domain import MeasureEntry, MeasureKind, Measures, MeasureUnit

_NAME = re.compile(r"^[a-z][a-z0-9_]{1,59}$")
_BIRTHS = frozenset({Measure.BIRTH.value, "hospital_live_birth"})
"""Counts that have a parity: of the register, and of the returns of hospitals."""
BALANCE_PARTS = ("opening", "entered", "born", "died", "moved_in", "moved_out", "closing")
"""Parts that every figure over a mean population shows; no term may take their names."""
HIGHEST_PARITY, HIGHEST_AGE = 30, 150
SUBSETS: dict[Population, Population] = {Population.MIGRANT_OUT_CERTIFIED: Population.MIGRANT_OUT}
"""Populations that are a part of another, whose counts may stand in one quotient with the other's."""


class TermKind(StrEnum):
    """How a term reads its measure over a period."""

    FLOW = "flow"  # 期内发生: what adds up within the period
    STOCK = "stock"  # 期末: what there is at the period's end
    OPENING = "opening"  # 期初: what there was before the period
    MEAN = "mean"  # 平均: half of opening and closing


class Dimension(StrEnum):
    """What a figure can be asked apart by."""

    SEX = "sex"
    PARITY = "parity"
    AGES = "ages"
    DETAIL = "detail"


class IndicatorKind(StrEnum):
    """How a value comes from the terms."""

    RATIO = "ratio"  # numerator / denominator x factor / divisor
    COUNT = "count"  # numerator x factor / divisor
    GROWTH = "growth"  # another indicator against the same period a year before, in per cent
    ERROR = "error"  # |first published - restated| / restated x factor of another indicator


class Rounding(StrEnum):
    """What happens to a half."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"


type Range = tuple[int, int]


class Term(BaseModel):
    """One weighted count of a numerator or denominator."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: str = Field(description="name of this count among the figure's parts")
    kind: TermKind
    measure: str | None = Field(
        default=None, description="a code of GET /measures; null: the people (人口数)"
    )
    population: Population | None = Field(default=None, description="null: the figure's population")
    sex: Literal[0, 1, 2, 9] | None = None
    parity: Range | None = Field(default=None, description="from and to, both inclusive")
    ages: Range | None = Field(default=None, description="full years at the period's end, both inclusive")
    details: tuple[str, ...] = Field(default=(), description="schemes, methods or kinds; empty: all")
    asked: tuple[Dimension, ...] = Field(
        default=(), description="dimensions that narrow this term when asked"
    )
    weight: int = Field(default=1, ge=-100, le=100)


class Example(BaseModel):
    """A worked example: values of the terms by part, and the figure that must come out.

    The part of a mean may be given as ``opening`` and ``closing``; a growth takes ``now`` and ``before``, an error
    ``first`` and ``restated``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    inputs: dict[str, Decimal] = Field(min_length=1)
    value: str | None = Field(description="the figure as text with its decimals; null where there is none")
    source: str = Field(default="", max_length=200)


class Indicator(BaseModel):
    """A definition, as it is stored and as a statistician writes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    version: int = Field(default=1, ge=1)
    zh: str = Field(min_length=1, max_length=100)
    en: str = Field(min_length=1, max_length=200)
    meaning_zh: str = Field(min_length=1, max_length=1000, description="定义: what the figure says")
    meaning_en: str = Field(min_length=1, max_length=1000)
    source_zh: str = Field(min_length=1, max_length=400, description="来源: where its counts come from")
    source_en: str = Field(min_length=1, max_length=400)
    kind: IndicatorKind = IndicatorKind.RATIO
    populations: tuple[Population, ...] = Field(min_length=1)
    numerator: tuple[Term, ...] = Field(default=(), max_length=20)
    denominator: tuple[Term, ...] = Field(default=(), max_length=20)
    of: str | None = Field(default=None, description="the indicator that a growth or an error is of")
    factor: int = Field(ge=1, le=1_000_000)
    divisor: int = Field(default=1, ge=1, le=1_000_000)
    unit: str = Field(min_length=1, max_length=20)
    digits: int = Field(default=2, ge=0, le=6)
    rounding: Rounding = Rounding.HALF_UP
    direction: Literal["up", "down", "none"] = "none"
    dimensions: dict[Dimension, Literal["optional", "required"]] = Field(default_factory=dict)
    valid_from: date | None = Field(default=None, description="first day of the periods it holds for")
    valid_to: date | None = Field(default=None, description="last day of the periods it holds for (历史指标)")
    examples: Annotated[tuple[Example, ...], Field(min_length=1, max_length=20)]

    @property
    def terms(self) -> tuple[Term, ...]:
        """Terms of the numerator, then of the denominator."""
        return self.numerator + self.denominator

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not _NAME.match(self.code):
            raise ValueError(f"code {self.code!r} is not in small letters, digits and underscores")
        return self


class Catalogue:
    """Definitions by code and version, and the measures they are made of; one state of the database.

    ``revision`` is another one after every change; ``indicators`` holds the newest version in force of each code.
    """

    def __init__(self, revision: UUID, measures: Measures, versions: Sequence[Indicator]) -> None:
        self.revision = revision
        self.measures = measures
        self._versions: dict[str, list[Indicator]] = {}
        for one in versions:
            self._versions.setdefault(one.code, []).append(one)
        for each in self._versions.values():
            each.sort(key=lambda one: -one.version)
        self.indicators = {code: each[0] for code, each in self._versions.items()}

    def versions(self, code: str) -> list[Indicator]:
        """Return the active versions of a code, the newest first."""
        return self._versions.get(code, [])

    def at(self, code: str, first: int, last: int) -> Indicator | None:
        """Return the newest version whose validity covers the months ``first`` to ``last`` (yyyymm)."""
        return next((one for one in self.versions(code) if covers(one, first, last)), None)

    def over(self, population: Population) -> list[Indicator]:
        """Return the indicators that run over a population, in the order of the definitions."""
        return [one for one in self.indicators.values() if population in one.populations]


def covers(indicator: Indicator, first: int, last: int) -> bool:
    """Say whether an indicator's validity covers the months ``first`` to ``last`` (yyyymm)."""
    since, until = indicator.valid_from, indicator.valid_to
    if since is not None and first < since.year * 100 + since.month:
        return False
    return until is None or last <= until.year * 100 + until.month


def parse_definitions(content: Mapping[str, Any]) -> list[Indicator]:
    """Return the definitions of a parsed file; raises pydantic's ValidationError that names what is wrong."""
    return [
        Indicator.model_validate({**fields, "code": code}) for code, fields in content["indicator"].items()
    ]


def complaints(
    indicator: Indicator, measures: Mapping[str, MeasureEntry], known: Mapping[str, Indicator]
) -> list[FieldError]:
    """Return everything that makes a definition wrong: empty for a good one. ``known`` are other indicators."""
    found = list(_whole(indicator, known))
    names: dict[str, Term] = {}
    for side in ("numerator", "denominator"):
        for number, term in enumerate(getattr(indicator, side)):
            pointer = f"/{side}/{number}"
            found += _term(pointer, term, indicator, measures)
            bare = term.model_copy(update={"weight": 1})
            if names.setdefault(term.part, bare) != bare:
                found.append(
                    _error(
                        f"{pointer}/part",
                        "part_means_two_things",
                        "同名分项含义不同",
                        "this part means two things",
                    )
                )
    if not found:
        found += _quotient(indicator, measures)
    return found


def _whole(indicator: Indicator, known: Mapping[str, Indicator]) -> Iterator[FieldError]:
    derived = indicator.kind in (IndicatorKind.GROWTH, IndicatorKind.ERROR)
    if len(set(indicator.populations)) != len(indicator.populations):
        yield _error("/populations", "population_twice", "统计人口重复", "a population is named twice")
    if indicator.valid_from and indicator.valid_to and indicator.valid_from > indicator.valid_to:
        yield _error("/valid_to", "validity", "有效期止早于起", "validity ends before it begins")
    if derived != (indicator.of is not None):
        yield _error(
            "/of", "of_derived", "增长率与统计误差须指明所依指标，其他不填",
            "a growth and an error name the indicator they are of, others do not",
        )  # fmt: skip
    elif indicator.of is not None:
        yield from _derived(indicator, known.get(indicator.of))
    if derived and indicator.terms:
        yield _error(
            "/numerator", "terms_of_derived", "此类指标没有分项", "this kind has no terms of its own"
        )
    if not derived and not indicator.numerator:
        yield _error("/numerator", "no_numerator", "缺少分子", "the numerator is missing")
    if indicator.kind is IndicatorKind.COUNT and indicator.denominator:
        yield _error("/denominator", "denominator_of_count", "计数指标没有分母", "a count has no denominator")
    if indicator.kind is IndicatorKind.RATIO and not indicator.denominator:
        yield _error(
            "/denominator",
            "no_denominator",
            "比率缺少分母，除数为零",
            "without a denominator it divides by zero",
        )
    if not derived:
        asked = {dimension for term in indicator.terms for dimension in term.asked}
        if asked != indicator.dimensions.keys():
            yield _error(
                "/dimensions", "dimension_unused", "维度须与分项可分的维度一致",
                "the dimensions must be exactly those that some term is narrowed by",
            )  # fmt: skip


def _derived(indicator: Indicator, of: Indicator | None) -> Iterator[FieldError]:
    if of is None or of.code == indicator.code:
        yield _error("/of", "unknown_indicator", "没有这个指标", "there is no such indicator")
    elif of.kind not in (IndicatorKind.RATIO, IndicatorKind.COUNT):
        yield _error("/of", "derived_of_derived", "所依指标须为比率或计数", "it must be a ratio or a count")
    elif not set(indicator.populations) <= set(of.populations):
        yield _error(
            "/populations", "population_of_indicator", f"所依指标只统计 {', '.join(of.populations)}",
            f"the indicator it is of runs over {', '.join(of.populations)} only",
        )  # fmt: skip
    elif indicator.dimensions.keys() - of.dimensions.keys():
        yield _error(
            "/dimensions",
            "dimension_unused",
            "所依指标没有该维度",
            "the indicator it is of has no such dimension",
        )


def _term(
    pointer: str, term: Term, indicator: Indicator, measures: Mapping[str, MeasureEntry]
) -> Iterator[FieldError]:
    if not _NAME.match(term.part) or term.part in BALANCE_PARTS:
        yield _error(
            f"{pointer}/part", "part_name", "分项名须为未占用的小写字母名", "is no free name in small letters"
        )
    if term.weight == 0:
        yield _error(f"{pointer}/weight", "weight_zero", "权重不能为零", "a weight of zero counts nothing")
    entry = measures.get(term.measure) if term.measure is not None else None
    if term.measure is not None and entry is None:
        yield _error(
            f"{pointer}/measure",
            "unknown_measure",
            f"没有计量 {term.measure}",
            f"there is no measure {term.measure}",
        )
        return
    yield from _kind(pointer, term, entry)
    yield from _narrowing(pointer, term)
    yield from _populations(pointer, term, indicator, entry)


def _kind(pointer: str, term: Term, entry: MeasureEntry | None) -> Iterator[FieldError]:
    if term.kind is TermKind.FLOW and entry is None:
        yield _error(f"{pointer}/measure", "flow_of_people", "期内发生须指明计量", "a flow needs a measure")
    elif term.kind is TermKind.FLOW and entry is not None and entry.kind is MeasureKind.STOCK:
        yield _error(
            f"{pointer}/kind", "flow_of_stock", f"{entry.code} 是存量，没有期内发生数",
            f"{entry.code} is a stock and has no flow",
        )  # fmt: skip
    elif term.kind is not TermKind.FLOW and entry is not None and entry.kind is not MeasureKind.STOCK:
        yield _error(
            f"{pointer}/kind", "stock_of_flow", f"{entry.code} 是流量，没有期初期末数",
            f"{entry.code} is a flow: nothing of it is there at a day",
        )  # fmt: skip


def _narrowing(pointer: str, term: Term) -> Iterator[FieldError]:
    if len(set(term.asked)) != len(term.asked):
        yield _error(f"{pointer}/asked", "asked_twice", "维度重复", "a dimension is named twice")
    if (term.parity or Dimension.PARITY in term.asked) and term.measure not in _BIRTHS:
        yield _error(f"{pointer}/parity", "parity_of_birth", "只有出生有孩次", "only births have a parity")
    if term.parity and not 0 <= term.parity[0] <= term.parity[1] <= HIGHEST_PARITY:
        yield _error(f"{pointer}/parity", "range", "孩次须由小到大", "must run from the lower to the higher")
    if term.ages and not 0 <= term.ages[0] <= term.ages[1] <= HIGHEST_AGE:
        yield _error(f"{pointer}/ages", "range", "年龄须由小到大", "must run from the lower to the higher")
    aged = term.ages is not None or Dimension.AGES in term.asked
    people = term.measure is None or term.measure in {"opening", "birth", "death", "in", "out"}
    if aged and not people:
        yield _error(
            f"{pointer}/ages", "ages_of_people", "只有人口及其变动分年龄", "only people are known by age"
        )
    if aged and (term.parity or term.details or {Dimension.PARITY, Dimension.DETAIL} & set(term.asked)):
        yield _error(
            f"{pointer}/ages",
            "ages_alone",
            "分年龄时不再分孩次和类别",
            "by age, neither parity nor detail is known",
        )
    if term.measure is None and (term.details or Dimension.DETAIL in term.asked):
        yield _error(f"{pointer}/details", "people_have_no_detail", "人口数不分类别", "people have no detail")


def _populations(
    pointer: str, term: Term, indicator: Indicator, entry: MeasureEntry | None
) -> Iterator[FieldError]:
    for own in indicator.populations:
        population = term.population or own
        mixed = population not in (own, Population.OFFICE) and SUBSETS.get(population) != own
        if mixed and own is not Population.OFFICE:
            yield _error(
                f"{pointer}/population", "mixed_populations", f"{own} 的指标不能混入 {population}",
                f"a figure over {own} must not mix in {population}",
            )  # fmt: skip
        elif mixed or (population is Population.OFFICE and entry is None):
            yield _error(
                f"{pointer}/population",
                "office_has_no_people",
                "工作量没有人口数",
                "the work of offices has no people",
            )
        elif entry is not None and population not in entry.populations:
            yield _error(
                f"{pointer}/measure", "measure_of_population", f"{population} 没有计量 {entry.code}",
                f"{population} has no {entry.code}",
            )  # fmt: skip


def _quotient(indicator: Indicator, measures: Mapping[str, MeasureEntry]) -> Iterator[FieldError]:
    """Complain about sums that cancel out or mix units, and about a divisor that is never positive."""
    for side in ("numerator", "denominator"):
        terms: tuple[Term, ...] = getattr(indicator, side)
        weights: dict[Term, int] = {}
        for term in terms:
            bare = term.model_copy(update={"weight": 1, "part": ""})
            weights[bare] = weights.get(bare, 0) + term.weight
        if terms and not any(weights.values()):
            yield _error(
                f"/{side}",
                f"zero_{side}",
                "各分项相互抵消，恒为零",
                "the terms cancel out: it is always zero",
            )
        elif side == "denominator" and terms and all(weight <= 0 for weight in weights.values()):
            yield _error(
                "/denominator", "negative_denominator", "分母恒不为正", "the denominator is never positive"
            )
        units = {measures[term.measure].unit if term.measure else MeasureUnit.PERSON for term in terms}
        if MeasureUnit.FEN in units and len(units) > 1:
            yield _error(f"/{side}", "mixed_units", "金额不能与人数相加", "amounts and counts do not add up")


def _error(pointer: str, code: str, zh: str, en: str) -> FieldError:
    return FieldError(pointer, code, Text(zh, en))
