"""Forecasts by the cohort-component method (队列要素法), without I/O.

People are carried on by sex and single year of age (age at the year's end, the last age open), a calendar year at a
time: everybody gets a year older; some die, some come, of those who are then there some leave; women bear children,
of whom some die within the year. Reference: Preston, Heuveline and Guillot, Demography (2001), chapter 6.

Numbers are integers of thousandths of a person, each cell rounded once, so that every year's account is exact:
opening + born - died + moved in - moved out = closing. Rates are integers of thousand-millionths.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

UNIT = 1000
"""So many units of the arithmetic make one person."""
RATE = 10**9
OLDEST = 100
AGES = OLDEST + 1
SEXES = (MALE, FEMALE) = (1, 2)
CREDIBILITY = 20
"""Own deaths count as much as the standard where this many are expected."""
PRIOR_BOYS, PRIOR_GIRLS = 106, 100
"""A district's own births are added to these: a few hundred births alone tell little of the sex ratio."""
_MORTALITY_GROUPS = (0, 15, 40, 60, 75, AGES)
FLOWS = ("opening", "birth", "death", "in", "out")
type BySex = dict[int, list[int]]


class YearSum(NamedTuple):
    """People of a sex and birth year counted under one of the measures of the balance in a calendar year."""

    year: int
    measure: str
    sex: int
    birth_year: int
    value: int


def nobody() -> BySex:
    """Return no people at all, by sex and age."""
    return {sex: [0] * AGES for sex in SEXES}


def part(number: int, rate: int) -> int:
    """Return a number times a rate, a half rounded up; both not negative."""
    return (number * rate + RATE // 2) // RATE


def as_rate(value: Fraction) -> int:
    """Return a share as a rate, between nothing and all."""
    return min(max(round(value * RATE), 0), RATE)


@dataclass(slots=True)
class History:
    """What the register counted, in whole persons by age at the year's end: stocks, and flows by measure."""

    first_year: int
    last_year: int
    stocks: dict[int, BySex]
    flows: dict[int, dict[str, BySex]]
    left_out: int
    """People at the end of the last year of whom sex or birth month is not told."""

    def reference_years(self, base: int, number: int) -> list[int]:
        """Return the last full years up to ``base`` whose opening is known."""
        return list(range(max(self.first_year + 1, base - number + 1), base + 1))


def history_of(sums: Iterable[YearSum], last_year: int, first_year: int | None = None) -> History:
    """Return stocks and flows of every year from the first, or the first with counts, up to the last."""
    signs = {"opening": 1, "birth": 1, "in": 1, "death": -1, "out": -1}
    counted = [one for one in sums if one.year <= last_year]
    if first_year is None:
        first_year = min((one.year for one in counted), default=last_year)
    years = range(first_year, last_year + 1)
    flows = {year: {measure: nobody() for measure in FLOWS} for year in years}
    changes: dict[int, dict[tuple[int, int], int]] = {year: {} for year in years}
    left_out = 0
    for one in counted:
        if one.sex not in SEXES or one.birth_year == 0:
            left_out += signs[one.measure] * one.value
            continue
        age = min(max(one.year - one.birth_year, 0), OLDEST)
        flows[one.year][one.measure][one.sex][age] += one.value
        key = (one.sex, one.birth_year)
        changes[one.year][key] = changes[one.year].get(key, 0) + signs[one.measure] * one.value
    stocks: dict[int, BySex] = {}
    standing: dict[tuple[int, int], int] = {}
    for year in years:
        for key, value in changes[year].items():
            standing[key] = standing.get(key, 0) + value
        stocks[year] = nobody()
        for (sex, birth_year), value in standing.items():
            stocks[year][sex][min(max(year - birth_year, 0), OLDEST)] += value
    return History(first_year, last_year, stocks, flows, left_out)


class Standard(BaseModel):
    """Shapes that own numbers are fitted to: chances to die as in ``standards.toml``, shares of fertility by age."""

    model_config = ConfigDict(frozen=True)

    dying: dict[int, tuple[int, ...]] = Field(
        description="by sex: newborn, then age 0, 1, ... 100+; 1/10,000,000"
    )
    fertility: tuple[int, ...] = Field(description="by age 0, 1, ... 100; they add up to about 100,000")


class Point(BaseModel):
    """How much total fertility has changed after some years, in hundredths of a child."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    years: int = Field(ge=1, le=50)
    hundredths: int = Field(ge=-500, le=500)


class Scenario(BaseModel):
    """Assumptions (方案): what changes against the rates of the reference years."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: str = Field(min_length=1, max_length=40)
    en: str = Field(min_length=1, max_length=60)
    text_zh: str = Field(default="", max_length=300)
    text_en: str = Field(default="", max_length=300)
    mortality_fall_per_mille: int = Field(
        default=0, ge=-50, le=100, description="fall of death rates each year, ‰"
    )
    fertility_change: tuple[Point, ...] = Field(
        default=(), max_length=10, description="linear between its points"
    )
    migration_percent: int = Field(
        default=100, ge=0, le=500, description="of the moves of the reference years"
    )
    boys_per_hundred_girls: int | None = Field(default=None, ge=90, le=130, description="null: as observed")

    def fertility_shift(self, year: int) -> Fraction:
        """Return the change of total fertility in the year so many years on."""
        before = (0, 0)
        for point in sorted(self.fertility_change, key=lambda one: one.years):
            if year <= point.years:
                share = Fraction(year - before[0], point.years - before[0])
                return (before[1] + (point.hundredths - before[1]) * share) / 100
            before = (point.years, point.hundredths)
        return Fraction(before[1], 100)


@dataclass(frozen=True, slots=True)
class Rates:
    """What happens to people in a year, as observed."""

    dying: BySex = field(hash=False)
    """Chance to die within the year: newborn, then by age at its beginning 0, 1, ... 100+; thousand-millionths."""
    total_fertility: Fraction
    fertility_shape: tuple[int, ...]
    boys: int
    moving_in: BySex = field(hash=False)
    """People a year, thousandths, by age at the year's end."""
    moving_out: BySex = field(hash=False)
    """Chance to leave of those who would be there at the year's end."""


def opening_exposed(opening: BySex, sex: int, age: int) -> list[tuple[int, int]]:
    """Return (place among the chances to die, people) of those who reach an age (1 to 100+) at the year's end."""
    if age < OLDEST:
        return [(age, opening[sex][age - 1])]
    return [(OLDEST, opening[sex][OLDEST - 1]), (OLDEST + 1, opening[sex][OLDEST])]


def rates_of(history: History, own: History, years: Sequence[int], standard: Standard) -> Rates:
    """Return the rates of some years: of ``history``, but people moving in from ``own``.

    An area within a district is given the district's rates and its own arrivals: all of it is linear in the people
    at the beginning, so the areas of a district add up to the district but for rounding.
    """
    fertility = _total_fertility(history, years, standard)
    boys = sum(sum(history.flows[year]["birth"][MALE]) for year in years)
    girls = sum(sum(history.flows[year]["birth"][FEMALE]) for year in years)
    share = Fraction(max(boys, 0) + PRIOR_BOYS, max(boys, 0) + max(girls, 0) + PRIOR_BOYS + PRIOR_GIRLS)
    return Rates(
        _dying(history, years, standard),
        fertility,
        standard.fertility,
        as_rate(share),
        _moving_in(own, years),
        _moving_out(history, years),
    )


def _total_fertility(history: History, years: Sequence[int], standard: Standard) -> Fraction:
    """Return births over the births that women would have had with a total fertility of one.

    The register's counts of births carry no age of the mother; the shape by age is the standard's.
    """
    births = sum(sum(history.flows[year]["birth"][sex]) for year in years for sex in SEXES)
    expected = sum(
        standard.fertility[age] * (history.stocks[year - 1][FEMALE][age] + history.stocks[year][FEMALE][age])
        for year in years
        for age in range(AGES)
    )
    total = sum(standard.fertility)
    return Fraction(max(births, 0) * 2 * total, expected) if expected > 0 else Fraction()


def _dying(history: History, years: Sequence[int], standard: Standard) -> BySex:
    """Return the standard's chances to die, moved to the level of the own deaths by sex and broad age.

    Where few deaths are expected the ratio leans on that of all ages and both sexes, and that one on the standard.
    """
    died: dict[tuple[int, int], int] = {}
    expected: dict[tuple[int, int], Fraction] = {}
    for year in years:
        flows, opening = history.flows[year], history.stocks[year - 1]
        for sex in SEXES:
            for age in range(AGES):
                key = (sex, _group(age))
                died[key] = died.get(key, 0) + flows["death"][sex][age]
                at_risk = [(0, flows["birth"][sex][0])] if age == 0 else opening_exposed(opening, sex, age)
                came = Fraction(flows["in"][sex][age], 2) * standard.dying[sex][at_risk[-1][0]]
                should = came + sum(people * standard.dying[sex][place] for place, people in at_risk)
                expected[key] = expected.get(key, Fraction()) + max(should, Fraction()) / 10**7
    overall = Fraction(max(sum(died.values()), 0) + CREDIBILITY) / (sum(expected.values()) + CREDIBILITY)
    found: BySex = {}
    for sex in SEXES:
        found[sex] = []
        for place, chance in enumerate(standard.dying[sex]):
            key = (sex, _group(min(place, OLDEST)))
            ratio = (max(died.get(key, 0), 0) + CREDIBILITY * overall) / (
                expected.get(key, Fraction()) + CREDIBILITY
            )
            found[sex].append(as_rate(ratio * chance / 10**7))
    return found


def _group(age: int) -> int:
    return next(place for place, first in enumerate(_MORTALITY_GROUPS[1:]) if age < first)


def _moving_in(history: History, years: Sequence[int]) -> BySex:
    """Return people who move in a year by age, evenly within five-year groups."""
    found = nobody()
    for sex in SEXES:
        for group in _five_years():
            number = sum(history.flows[year]["in"][sex][age] for year in years for age in group)
            for age in group:
                found[sex][age] = max(number, 0) * UNIT // (len(group) * len(years)) if years else 0
    return found


def _moving_out(history: History, years: Sequence[int]) -> BySex:
    """Return by five-year groups how many leave of those who would be there at the year's end."""
    found = nobody()
    for sex in SEXES:
        for group in _five_years():
            left = sum(history.flows[year]["out"][sex][age] for year in years for age in group)
            stayed = sum(history.stocks[year][sex][age] for year in years for age in group)
            rate = as_rate(Fraction(left, left + stayed)) if left > 0 and left + stayed > 0 else 0
            for age in group:
                found[sex][age] = rate
    return found


def _five_years() -> list[range]:
    return [range(age, min(age + 5, AGES)) for age in range(0, AGES, 5)]


@dataclass(frozen=True, slots=True)
class ProjectedYear:
    """A year of a forecast, in thousandths of a person: its account, and people by sex and age at its end."""

    year: int
    opening: int
    born: int
    died: int
    moved_in: int
    moved_out: int
    people: BySex

    @property
    def closing(self) -> int:
        """People at the year's end."""
        return sum(sum(ages) for ages in self.people.values())


@dataclass(slots=True)
class _Flows:
    born: int = 0
    died: int = 0
    moved_in: int = 0
    moved_out: int = 0


def project(
    people: Mapping[int, Sequence[int]], base: int, rates: Rates, scenario: Scenario, years: int
) -> list[ProjectedYear]:
    """Return the years after ``base``; ``people`` in whole persons by sex and age at its end.

    Fewer than nobody, which is an incident of the accounts, is taken as nobody.
    """
    now: BySex = {sex: [max(number, 0) * UNIT for number in people[sex]] for sex in SEXES}
    found = []
    for step in range(1, years + 1):
        after, flows = _one_year(now, _in_year(rates, scenario, step))
        opening = sum(sum(ages) for ages in now.values())
        found.append(
            ProjectedYear(
                base + step, opening, flows.born, flows.died, flows.moved_in, flows.moved_out, after
            )
        )
        now = after
    return found


@dataclass(frozen=True, slots=True)
class _YearRates:
    dying: BySex
    fertility: list[int]
    boys: int
    moving_in: BySex
    moving_out: BySex


def _in_year(rates: Rates, scenario: Scenario, step: int) -> _YearRates:
    """Return the rates of the year so many years on under a scenario."""
    fall = Fraction(1000 - scenario.mortality_fall_per_mille, 1000) ** step
    total = max(rates.total_fertility + scenario.fertility_shift(step), Fraction())
    whole = sum(rates.fertility_shape)
    boys = rates.boys
    if scenario.boys_per_hundred_girls is not None:
        boys = as_rate(Fraction(scenario.boys_per_hundred_girls, scenario.boys_per_hundred_girls + 100))
    percent = scenario.migration_percent
    return _YearRates(
        {sex: [as_rate(fall * chance / RATE) for chance in rates.dying[sex]] for sex in SEXES},
        [round(total * share * RATE / whole) for share in rates.fertility_shape],
        boys,
        {sex: [number * percent // 100 for number in rates.moving_in[sex]] for sex in SEXES},
        {sex: [min(rate * percent // 100, RATE) for rate in rates.moving_out[sex]] for sex in SEXES},
    )


def _one_year(now: BySex, rates: _YearRates) -> tuple[BySex, _Flows]:
    after, flows = nobody(), _Flows()
    for sex in SEXES:
        for age in range(1, AGES):
            after[sex][age] = _carried(opening_exposed(now, sex, age), sex, age, rates, flows)
    women = (now[FEMALE][age] + after[FEMALE][age] for age in range(AGES))
    births = sum(part(number, rate) for number, rate in zip(women, rates.fertility, strict=True)) // 2
    boys = part(births, rates.boys)
    for sex, born in ((MALE, boys), (FEMALE, births - boys)):
        flows.born += born
        after[sex][0] = _carried([(0, born)], sex, 0, rates, flows)
    return after, flows


def _carried(at_risk: list[tuple[int, int]], sex: int, age: int, rates: _YearRates, flows: _Flows) -> int:
    """Return who of some people and of those who come is there at the year's end; adds up what happened.

    Who comes is at risk for half of the year.
    """
    came = rates.moving_in[sex][age]
    people = sum(number for _, number in at_risk)
    died = sum(part(number, rates.dying[sex][place]) for place, number in at_risk)
    died += part(came // 2, rates.dying[sex][at_risk[-1][0]])
    there = people + came - died
    left = part(there, rates.moving_out[sex][age])
    flows.died += died
    flows.moved_in += came
    flows.moved_out += left
    return there - left


class Error(NamedTuple):
    """How far forecasts of past years were off, on the average of several base years; per cent of what came."""

    horizon: int
    bases: int
    population: Fraction | None
    births: Fraction | None
    ages: Fraction | None
    """People who were forecast in another five-year group of sex and age, of all people."""


def hindcast(
    history: History, own: History, standard: Standard, scenario: Scenario, reference: int, horizons: int
) -> list[Error]:
    """Return the error by horizon: forecasts as they would have been made in past years, against what came.

    ``history`` and ``own`` cover the same years.
    """
    found: dict[int, list[tuple[Fraction | None, Fraction | None, Fraction | None]]] = {}
    for base in range(history.first_year + 1, own.last_year):
        rates = rates_of(history, own, history.reference_years(base, reference), standard)
        number = min(horizons, own.last_year - base)
        for one in project(own.stocks[base], base, rates, scenario, number):
            found.setdefault(one.year - base, []).append(_off(one, own))
    return [
        Error(horizon, len(errors), *(_average([each[place] for each in errors]) for place in range(3)))
        for horizon, errors in sorted(found.items())
    ]


def _off(one: ProjectedYear, history: History) -> tuple[Fraction | None, Fraction | None, Fraction | None]:
    actual = history.stocks[one.year]
    total = sum(sum(ages) for ages in actual.values())
    births = sum(history.flows[one.year]["birth"][sex][0] for sex in SEXES)
    misplaced = sum(
        abs(sum(one.people[sex][age] - actual[sex][age] * UNIT for age in group))
        for sex in SEXES
        for group in _five_years()
    )
    return (
        _per_cent(abs(one.closing - total * UNIT), total),
        _per_cent(abs(one.born - births * UNIT), births),
        _per_cent(misplaced, total),
    )


def _per_cent(off: int, actual: int) -> Fraction | None:
    return Fraction(off * 100, actual * UNIT) if actual > 0 else None


def _average(values: Sequence[Fraction | None]) -> Fraction | None:
    known = [value for value in values if value is not None]
    return sum(known, Fraction()) / len(known) if known else None
