"""The cohort-component method: textbook populations, exact accounts, and errors measured on years that are over."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renkou_reporting.forecast.domain import (
    AGES,
    FEMALE,
    MALE,
    RATE,
    SEXES,
    UNIT,
    BySex,
    Point,
    Rates,
    Scenario,
    Standard,
    YearSum,
    hindcast,
    history_of,
    nobody,
    part,
    project,
    rates_of,
)
from renkou_reporting.forecast.service import packaged, standard

CONSTANT = Scenario(zh="不变", en="constant")


def closed(dying: int, total_fertility: Fraction, shape: tuple[int, ...]) -> Rates:
    """Rates of a population that nobody joins or leaves; everybody's chance to die is the same, 100+ die."""
    chances = [dying] * (AGES + 1)
    chances[AGES] = RATE
    return Rates({sex: list(chances) for sex in SEXES}, total_fertility, shape, RATE // 2, nobody(), nobody())


def shape_of(ages: dict[int, int]) -> tuple[int, ...]:
    return tuple(ages.get(age, 0) for age in range(AGES))


def people_of(number: int) -> BySex:
    return {sex: [number] * 60 + [0] * (AGES - 60) for sex in SEXES}


def leslie_eigenvalue(dying: float, total_fertility: float, shape: tuple[int, ...]) -> float:
    """The root of the characteristic equation of the Leslie matrix of women, by halving.

    Births of a year are those of the women of each age at both its ends, halved. So with survival s and f daughters
    of a woman of age x: 1 = sum over x of f s^(x + 1) (growth^-x + growth^-(x + 1)) / 2.
    """
    survival, whole = 1 - dying, sum(shape)
    births = [total_fertility * share / whole / 2 for share in shape]  # daughters

    def excess(growth: float) -> float:
        return (
            sum(
                rate / 2 * (1 + 1 / growth) * survival ** (age + 1) / growth**age
                for age, rate in enumerate(births)
            )
            - 1
        )

    low, high = 0.8, 1.3
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return low


@pytest.mark.parametrize("children", [Fraction(12, 10), Fraction(21, 10), Fraction(35, 10)])
def test_a_closed_population_comes_to_grow_by_the_eigenvalue_of_its_leslie_matrix(children: Fraction) -> None:
    shape = shape_of({20: 10, 25: 30, 30: 40, 35: 20})
    rates = closed(RATE // 100, children, shape)
    years = project(people_of(10**8), 2025, rates, CONSTANT, 300)
    assert all(one.moved_in == one.moved_out == 0 for one in years)
    grown = years[-1].closing / years[-31].closing
    assert grown ** (1 / 30) == pytest.approx(leslie_eigenvalue(0.01, float(children), shape), rel=1e-4)


def test_a_stationary_population_keeps_its_life_table() -> None:
    """With as many births as deaths the ages stay what survival makes of them: L(x + 1) / L(x) = 1 - chance to die."""
    shape = shape_of({25: 1})
    survival = Fraction(99, 100)
    children = 2 / survival**26  # of each newborn girl so many reach 25 that they leave one girl again
    rates = closed(RATE // 100, children, shape)
    people = {sex: [round(10**7 * survival ** (age + 1)) for age in range(AGES)] for sex in SEXES}
    for one in project(people, 2025, rates, CONSTANT, 50):
        assert one.born == pytest.approx(2 * 10**7 * UNIT, rel=1e-6)
        assert one.closing == pytest.approx(one.opening, rel=1e-6)
        for age in range(1, 100):
            ratio = one.people[FEMALE][age] / one.people[FEMALE][age - 1]
            assert ratio == pytest.approx(0.99, rel=1e-6)


chances = st.lists(st.integers(0, RATE), min_size=AGES + 1, max_size=AGES + 1)
counts = st.lists(st.integers(-3, 5000), min_size=AGES, max_size=AGES)


@st.composite
def some_rates(draw: st.DrawFn) -> Rates:
    return Rates(
        {sex: draw(chances) for sex in SEXES},
        Fraction(draw(st.integers(0, 800)), 100),
        standard().fertility,
        draw(st.integers(0, RATE)),
        {sex: draw(st.lists(st.integers(0, 10**6), min_size=AGES, max_size=AGES)) for sex in SEXES},
        {sex: draw(chances)[:AGES] for sex in SEXES},
    )


@settings(max_examples=20, deadline=None)
@given(some_rates(), counts, counts, st.sampled_from(sorted(packaged()["scenario"])))
def test_every_year_balances_exactly_and_nobody_is_negative(
    rates: Rates, men: list[int], women: list[int], code: str
) -> None:
    scenario = Scenario.model_validate(packaged()["scenario"][code])
    before = sum(max(number, 0) * UNIT for number in (*men, *women))
    for one in project({MALE: men, FEMALE: women}, 2025, rates, scenario, 10):
        assert one.opening == before
        assert one.opening + one.born - one.died + one.moved_in - one.moved_out == one.closing
        assert min(one.born, one.died, one.moved_in, one.moved_out) >= 0
        assert all(number >= 0 for ages in one.people.values() for number in ages)
        before = one.closing


@given(st.integers(0, 10**12), st.integers(0, RATE))
def test_a_part_is_rounded_half_up_and_never_more_than_the_whole(number: int, rate: int) -> None:
    exact = Fraction(number * rate, RATE)
    assert abs(part(number, rate) - exact) <= Fraction(1, 2)
    assert 0 <= part(number, rate) <= number


def sums_of(years: range, *, births: int = 40_000, leaving: int = 0, area_share: int = 1) -> list[YearSum]:
    """A steady district: everybody of the standard's ages, so many births, deaths as the standard has them."""
    told: list[YearSum] = []
    shape = standard()
    stock: dict[tuple[int, int], int] = {}
    for sex in SEXES:
        for age in range(95):
            stock[sex, years[0] - 1 - age] = 50_000 * area_share
            told.append(YearSum(years[0] - 1, "opening", sex, years[0] - 1 - age, 50_000 * area_share))
    for year in years:
        for sex in SEXES:
            born_now = births // 2 * area_share
            told.append(YearSum(year, "birth", sex, year, born_now))
            died_now = round(born_now * shape.dying[sex][0] / 10**7)
            told.append(YearSum(year, "death", sex, year, died_now))
            for (of, born), number in sorted(stock.items()):
                if of == sex:
                    age = min(year - born - 1, 99)
                    died = round(number * shape.dying[sex][age + 1] / 10**7)
                    told.append(YearSum(year, "death", sex, born, died))
                    left = (number - died) * leaving // 100 if 20 <= year - born < 30 else 0
                    told.append(YearSum(year, "out", sex, born, left))
                    stock[of, born] = number - died - left
            stock[sex, year] = born_now - died_now
    return told


def test_rates_are_those_of_the_register() -> None:
    history = history_of(sums_of(range(2020, 2026), leaving=10), 2025)
    rates = rates_of(history, history, [2023, 2024, 2025], standard())
    women = sum(
        share * (history.stocks[year - 1][FEMALE][age] + history.stocks[year][FEMALE][age])
        for year in (2023, 2024, 2025)
        for age, share in enumerate(standard().fertility)
    )
    assert rates.total_fertility == Fraction(120_000 * 2 * sum(standard().fertility), women)
    assert rates.moving_out[MALE][25] == pytest.approx(RATE // 10, rel=0.02)
    assert rates.moving_out[MALE][50] == 0
    assert rates.boys == pytest.approx(RATE * 60_106 / 120_206, abs=2)
    for place in (0, 30, 60, 80):
        assert rates.dying[FEMALE][place] == pytest.approx(standard().dying[FEMALE][place] * 100, rel=0.05)


def test_few_deaths_lean_on_the_standard() -> None:
    few = history_of([YearSum(2020, "opening", MALE, 1980, 30), YearSum(2021, "death", MALE, 1980, 3)], 2022)
    rates = rates_of(few, few, [2021, 2022], standard())
    assert rates.dying[MALE][41] < standard().dying[MALE][41] * 100 * 2


def test_a_steady_past_is_forecast_well_and_a_break_shows_as_error() -> None:
    steady = history_of(sums_of(range(2018, 2026)), 2025)
    errors = hindcast(steady, steady, standard(), CONSTANT, 3, 5)
    assert [one.horizon for one in errors] == [1, 2, 3, 4, 5]
    assert [one.bases for one in errors] == [7, 6, 5, 4, 3]
    assert all(one.population is not None and one.population < 1 for one in errors)
    gone = [YearSum(2025, "out", MALE, year, 40_000) for year in range(1960, 2000)]
    broken = history_of([*sums_of(range(2018, 2026)), *gone], 2025)
    after = hindcast(broken, broken, standard(), CONSTANT, 3, 5)
    assert all(
        late.population is not None and early.population is not None and late.population > early.population
        for late, early in zip(after, errors, strict=True)
    )


def test_the_areas_of_a_district_add_up_to_it() -> None:
    small, large = sums_of(range(2020, 2026), leaving=5), sums_of(range(2020, 2026), leaving=5, area_share=3)
    district = history_of([*small, *large], 2025)
    whole = project(
        district.stocks[2025], 2025, rates_of(district, district, [2025], standard()), CONSTANT, 10
    )
    parts = []
    for sums in (small, large):
        own = history_of(sums, 2025, district.first_year)
        parts.append(
            project(own.stocks[2025], 2025, rates_of(district, own, [2025], standard()), CONSTANT, 10)
        )
    for one, first, second in zip(whole, *parts, strict=True):
        assert abs(one.closing - first.closing - second.closing) < 2 * UNIT


def test_fertility_changes_in_a_line_between_its_points() -> None:
    scenario = Scenario(
        zh="低", en="low", fertility_change=(Point(years=5, hundredths=-25), Point(years=10, hundredths=-40))
    )
    shifts = [scenario.fertility_shift(year) for year in (1, 5, 6, 10, 15)]
    assert shifts == [
        Fraction(-5, 100),
        Fraction(-25, 100),
        Fraction(-28, 100),
        Fraction(-40, 100),
        Fraction(-40, 100),
    ]


def test_the_standards_are_whole() -> None:
    shapes: Standard = standard()
    for sex, low, high in ((MALE, 75, 77), (FEMALE, 80, 83)):
        assert len(shapes.dying[sex]) == AGES + 1
        alive, lived = 1.0, 0.0
        for chance in shapes.dying[sex]:
            alive *= 1 - chance / 10**7
            lived += alive
        assert low < lived < high, "a newborn of this life table lives about so long"
    assert abs(sum(shapes.fertility) - 100_000) <= 5
