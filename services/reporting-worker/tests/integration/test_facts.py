"""Facts and cells: cells are always what the facts add up to, figures what plain counting says."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renkou_common.codes.area import AreaCode
from renkou_common.codes.period import Period
from renkou_common.contracts.lines import AREA_CHANGE, Line, Population
from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_reporting.accounts import service as accounts
from renkou_reporting.accounts.schemas import AccountQuestion, PyramidQuestion
from renkou_reporting.accounts.schemas import SeriesQuestion as SeriesAsked
from renkou_reporting.facts.service import fold_cohorts
from renkou_reporting.figures import service
from renkou_reporting.figures.domain import Asked, Months, Sliced, Span, add_months
from renkou_reporting.figures.engine import compute
from renkou_reporting.figures.schemas import FigureQuestion, SeriesQuestion, TableQuestion
from renkou_reporting.indicators.service import current
from renkou_reporting.periods import parse_month
from renkou_reporting.subscriptions import apply_migrant, apply_registry

from ..support import Reporting

EVERYWHERE = AreaScope.everything()
APPLY = {"registry": apply_registry, "migrant": apply_migrant}
COMMUNITIES = ["340103001001", "340103001002", "340103002001", "340103002200"]
ANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
MONTHS = [f"{year}-{month:02d}" for year in (1976, 1977, 1990, 2007, 2008, 2009) for month in (1, 6, 12)]
days = st.dates(date(2024, 6, 1), date(2027, 3, 31))
lines = st.builds(
    lambda population, area, on, measure, sex, birth_month, parity, value, detail: Line(
        population=population,
        area=area,
        on=on,
        measure=measure,
        sex=sex,
        birth_month=birth_month,
        parity=parity if measure == "birth" else 0,
        value=value,
        detail=detail,
    ),
    st.sampled_from(list(Population)),
    st.sampled_from(COMMUNITIES),
    days,
    st.sampled_from(["opening", "birth", "death", "in", "out"] * 2 + ["check_due", "check_made"]),
    st.sampled_from([0, 1, 2]),
    st.sampled_from([None, *MONTHS]),
    st.integers(0, 4),
    st.sampled_from([-2, -1, 1, 1, 2, 9]),
    st.sampled_from(["", "", "yuer_butie", "iud", AREA_CHANGE]),
)
batches = st.lists(st.lists(lines, max_size=6), min_size=1, max_size=12)
areas = st.sampled_from(["34", "340103", "340103001", "340103001002", "340103002200", "340104"])
periods = st.sampled_from(
    ["2025-01", "2025-12", "2025Q4", "2026Q1", "2026H1", "2025", "2026", "SY2025", "SY2026"]
)

type History = list[tuple[str, list[Line]]]
type Check = Callable[[Transaction], Awaitable[None]]
type GivenHistory = Callable[[History, Check], Awaitable[None]]
type Plain = dict[tuple[str, str | None], tuple[int, int | Fraction, int]]


UNEVEN_STOCK = """
SELECT count(*) FROM (
    SELECT area, month / 100 AS year, population, sex, birth_month,
        sum(CASE WHEN measure IN ('death', 'out') THEN -value ELSE value END) AS value
    FROM cohort_cell GROUP BY 1, 2, 3, 4, 5
) c FULL JOIN (
    SELECT area, year, population, sex, birth_month, sum(value) AS value
    FROM (
        SELECT area, month AS year, population, sex, birth_month, value FROM cohort_stock WHERE level = 5
        UNION ALL SELECT area, month / 100, population, sex, birth_month, value FROM cohort_recent
    ) AS each GROUP BY 1, 2, 3, 4, 5
) s USING (area, year, population, sex, birth_month)
WHERE coalesce(c.value, 0) <> coalesce(s.value, 0)
"""


class RolledBack(Exception):
    """Ends a transaction without leaving anything."""


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Batches of events and an order in which both feeds bring them."""
    return [(draw(st.sampled_from(["registry", "migrant"])), batch) for batch in draw(batches)]


@pytest.fixture
def given_history(shared_reporting: Reporting) -> GivenHistory:
    """Runs a check on what a history leaves, in a transaction that is rolled back."""
    feed_type = type(shared_reporting.feeds["registry"])

    async def run(history: History, check: Check) -> None:
        feeds = {name: feed_type(name) for name in ("registry", "migrant")}
        with suppress(RolledBack):
            async with shared_reporting.database.transaction(EVERYWHERE) as tx:
                for number, (feed, batch) in enumerate(history):
                    await APPLY[feed](tx, [feeds[feed].append_lines(batch)])
                    if number % 3 == 0:  # some of the changes are in the cohort stock, the last ones are not
                        await fold_cohorts(tx)
                await check(tx)
                raise RolledBack

    return run


@ANY
@given(history=histories())
async def test_cells_are_what_the_facts_add_up_to(given_history: GivenHistory, history: History) -> None:
    async def check(tx: Transaction) -> None:
        cells: Counter[tuple[int | str, ...]] = Counter()
        areas: Counter[tuple[int | str, ...]] = Counter()
        cohorts: Counter[tuple[int | str, ...]] = Counter()
        for _, batch in history:
            for one in batch:
                month = one.on.year * 100 + one.on.month
                born = int((one.birth_month or "0").replace("-", ""))
                counted = (one.population.value, one.measure.value, one.sex)
                counts = (*counted, one.parity, one.detail)
                town, district = int(one.area[:9] + "000"), int(one.area[:6] + "000000")
                cells[int(one.area), month, *counts] += one.value
                areas[4, town, month, *counts] += one.value
                areas[3, district, month, *counts] += one.value
                if one.measure in ("opening", "birth", "death", "in", "out"):
                    for level, area in ((5, int(one.area)), (4, town), (3, district)):
                        areas[level, area, one.on.year, *counts] += one.value
                    cohorts[int(one.area), month, *counted, born] += one.value
        for table, expected in (("cell", cells), ("area_cell", areas), ("cohort_cell", cohorts)):
            rows = await tx.fetch(f"SELECT * FROM {table}")
            assert {tuple(row)[:-1]: row["value"] for row in rows} == dict(expected)
        assert await tx.fetchval(UNEVEN_STOCK) == 0
        assert await tx.fetchval("SELECT count(*) FROM fact") == sum(len(batch) for _, batch in history)

    await given_history(history, check)


def counted(history: History, area: str, population: str) -> Iterator[Line]:
    """The lines of a population in a subtree, one by one."""
    for _, batch in history:
        for one in batch:
            if one.population == population and one.area.startswith(area):
                yield one


def people(found: Iterable[Line], until: date) -> int:
    signs = {"opening": 1, "birth": 1, "in": 1, "death": -1, "out": -1}
    return sum(signs.get(one.measure, 0) * one.value for one in found if one.on <= until)


def adults(found: Iterable[Line], end: date, ages: tuple[int, int] = (18, 49)) -> list[Line]:
    def age(birth_month: str) -> int:
        year, month = int(birth_month[:4]), int(birth_month[5:])
        return end.year - year - (1 if month > end.month else 0)

    return [one for one in found if one.birth_month and ages[0] <= age(one.birth_month) <= ages[1]]


def plain(history: History, area: str, population: str, start: date, end: date) -> Plain:
    """Each figure as (numerator, denominator), counted straight from the lines."""
    found = list(counted(history, area, population))

    def flow(measure: str, keep: Callable[[Line], bool] = lambda one: True) -> int:
        return sum(
            one.value for one in found if one.measure == measure and start <= one.on <= end and keep(one)
        )

    before = date.fromordinal(start.toordinal() - 1)
    mean = Fraction(people(found, before) + people(found, end), 2)
    certified = list(counted(history, area, "migrant_out_certified"))
    births = flow("birth")
    return {
        ("birth_rate", None): (births, mean, 1000),
        ("death_rate", None): (flow("death"), mean, 1000),
        ("natural_growth_rate", None): (births - flow("death"), mean, 1000),
        ("sex_ratio_at_birth", None): (
            flow("birth", lambda one: one.sex == 1),
            flow("birth", lambda one: one.sex == 2),
            100,
        ),
        ("sex_ratio_at_birth", "2"): (
            flow("birth", lambda one: one.sex == 1 and one.parity == 2),
            flow("birth", lambda one: one.sex == 2 and one.parity == 2),
            100,
        ),
        ("parity_share", "1"): (flow("birth", lambda one: one.parity == 1), births, 100),
        ("parity_share", "3+"): (flow("birth", lambda one: one.parity >= 3), births, 100),
        ("certificate_issue_rate", None): (
            people(adults(certified, end), end),
            people(adults(found, end), end),
            100,
        ),
        ("certificate_check_rate", None): (flow("check_made"), flow("check_due"), 100),
    }


def plain_value(numerator: int, denominator: int | Fraction, factor: int) -> str | None:
    if denominator <= 0:
        return None
    exact = Fraction(numerator) * factor / denominator
    scaled = Decimal(exact.numerator) / Decimal(exact.denominator)
    return str(scaled.quantize(Decimal("0.01"), ROUND_HALF_UP))


@ANY
@given(history=histories(), area=areas, period=periods, population=st.sampled_from(list(Population)[:4]))
async def test_figures_are_what_plain_counting_says(
    given_history: GivenHistory, history: History, area: str, period: str, population: Population
) -> None:
    async def check(tx: Transaction) -> None:
        asked = {"area": area, "population": population, "period": period}
        whole = TableQuestion.model_validate(asked | {"period": [period]})
        table = await service.table_of(tx, EVERYWHERE, whole)
        within = table.columns[0].period
        expected = plain(history, area, population, within.start, within.end)
        rows = {
            (row.newest.code, row.sliced.parity.text if row.sliced.parity else None): table.outcomes[
                number, 0, 0
            ]
            for number, row in enumerate(table.rows)
        }
        compared = expected.keys() & rows.keys()
        assert compared
        for key in compared:
            row, (numerator, denominator, factor) = rows[key], expected[key]
            assert row.numerator == numerator, key
            assert row.denominator == denominator, key
            assert _same(row.value, plain_value(numerator, denominator, factor)), key
            question = asked | {"indicator": key[0], "parity": key[1]}
            alone = await service.figure(tx, EVERYWHERE, FigureQuestion.model_validate(question))
            assert _same(alone.value, None if row.value is None else str(row.value))
            assert {name: Fraction(text) for name, text in alone.parts.items()} == row.parts

    await given_history(history, check)


def _same(value: str | Decimal | None, expected: str | None) -> bool:
    return (None if value is None else Decimal(value)) == (None if expected is None else Decimal(expected))


@ANY
@given(history=histories())
async def test_an_areas_parts_add_up_to_it(given_history: GivenHistory, history: History) -> None:
    async def births(tx: Transaction, area: str) -> tuple[Fraction, Fraction]:
        asked = {"indicator": "birth_rate", "area": area, "population": "resident", "period": "2025"}
        answer = await service.figure(tx, EVERYWHERE, FigureQuestion.model_validate(asked))
        return Fraction(answer.numerator), Fraction(answer.denominator)

    async def check(tx: Transaction) -> None:
        whole = await births(tx, "340103")
        parts = [await births(tx, AreaCode(code).value) for code in COMMUNITIES]
        assert whole == tuple(sum(part, Fraction()) for part in zip(*parts, strict=True))

    await given_history(history, check)


@ANY
@given(
    history=histories(),
    area=areas,
    population=st.sampled_from(list(Population)[:4]),
    sex=st.sampled_from([None, 1, 2]),
    first=st.dates(date(2024, 12, 1), date(2026, 6, 30)),
)
async def test_people_of_an_age_are_what_plain_counting_says(
    given_history: GivenHistory,
    history: History,
    area: str,
    population: Population,
    sex: int | None,
    first: date,
) -> None:
    async def check(tx: Transaction) -> None:
        found = [one for one in counted(history, area, population) if sex in (None, one.sex)]
        asked = {
            "indicator": "population",
            "area": area,
            "population": population,
            "ages": "18-49",
            "sex": None if sex is None else str(sex),
            "first": f"{first:%Y-%m}",
            "last": f"{first.replace(year=first.year + 1):%Y-%m}",
        }
        series = await service.series(tx, EVERYWHERE, SeriesQuestion.model_validate(asked))
        for item in series.items:
            end = item.period.end
            assert item.numerator == str(people(adults(found, end), end)), item.period.code
        deaths = {key: value for key, value in asked.items() if key not in ("first", "last")}
        if population in (Population.REGISTERED, Population.RESIDENT):
            question = deaths | {"indicator": "deaths", "period": "2025"}
            answer = await service.figure(tx, EVERYWHERE, FigureQuestion.model_validate(question))
            within = [one for one in adults(found, date(2025, 12, 31)) if one.on.year == 2025]
            assert answer.numerator == str(sum(one.value for one in within if one.measure == "death"))

    await given_history(history, check)


@ANY
@given(
    history=histories(),
    first=st.sampled_from([202412, 202501, 202506]),
    apart=st.sampled_from([1, 3, 5]),
    bands=st.lists(
        st.sampled_from([(18, 49), (15, 49), (18, 18), (0, 17), (17, 49)]), min_size=2, unique=True
    ),
)
async def test_bands_that_overlap_are_counted_each_in_areas_above_and_beside_each_other(
    given_history: GivenHistory, history: History, first: int, apart: int, bands: list[tuple[int, int]]
) -> None:
    spans = [
        Span(code, (AreaCode(code).interval(),))
        for code in ("340103", "340103001", *COMMUNITIES, "340103002")
    ]
    spans.append(Span("pieces", ((340103001002, 340103001002), (340103002001, 340103002200))))
    under = {"pieces": ["340103001002", "340103002001", "340103002200"]}
    months = [Months(each, each, str(each)) for each in (add_months(first, apart * at) for at in range(6))]

    async def check(tx: Transaction) -> None:
        population = (await current(tx)).indicators["population"]
        asked = [Asked(population, Population.RESIDENT, Sliced(ages=band)) for band in bands]
        found = await compute(tx, asked, spans, months)
        for (number, place, when), outcome in found.items():
            end = parse_month(f"{months[when].last // 100}-{months[when].last % 100:02d}", "").end
            within = [
                one
                for code in under.get(spans[place].code, [spans[place].code])
                for one in counted(history, code, "resident")
            ]
            assert outcome.numerator == people(adults(within, end, bands[number]), end)

    await given_history(history, check)


FLOWS = {"entered": "opening", "born": "birth", "died": "death", "moved_in": "in", "moved_out": "out"}


def account_of(found: list[Line], start: date, end: date) -> dict[str, int]:
    """An account counted straight from its lines."""
    before = date.fromordinal(start.toordinal() - 1)
    flows = {
        name: sum(one.value for one in found if one.measure == measure and start <= one.on <= end)
        for name, measure in FLOWS.items()
    }
    reclassified = {
        f"reclassified_{measure}": sum(
            one.value
            for one in found
            if one.measure == measure and one.detail == AREA_CHANGE and start <= one.on <= end
        )
        for measure in ("in", "out")
    }
    return {"opening": people(found, before), "closing": people(found, end)} | flows | reclassified


@ANY
@given(history=histories(), area=areas, period=periods, population=st.sampled_from(list(Population)[:4]))
async def test_accounts_are_what_plain_counting_says(
    given_history: GivenHistory, history: History, area: str, period: str, population: Population
) -> None:
    """In total, by sex and age, month by month and as a pyramid: however far the cohort stock is kept up."""

    async def check(tx: Transaction) -> None:
        lines = list(counted(history, area, population))
        when = Period.parse(period)
        asked = {"area": area, "population": population, "period": period}
        whole = await accounts.account(tx, EVERYWHERE, AccountQuestion.model_validate(asked))
        names = ("opening", "closing", *FLOWS, "reclassified_in", "reclassified_out")
        assert {name: getattr(whole.total, name) for name in names} == account_of(lines, when.start, when.end)

        by_age = asked | {"by_sex": True, "ages": "year"}
        told = await accounts.account(tx, EVERYWHERE, AccountQuestion.model_validate(by_age))
        assert {name: getattr(told.total, name) for name in names} == account_of(lines, when.start, when.end)
        rows = {(row.sex, row.ages): {name: getattr(row, name) for name in names} for row in told.rows}
        groups: dict[tuple[int, str], list[Line]] = {}
        for one in lines:
            groups.setdefault((one.sex, _age(one, when.end)), []).append(one)
        for group, found in groups.items():
            expected = account_of(found, when.start, when.end)
            assert rows.pop(group, dict.fromkeys(names, 0)) == expected, group
        assert all(not any(row.values()) for row in rows.values())

        months = [Period.month_of(month) for month in when.months()]
        series = SeriesAsked(area=area, population=population, first=str(months[0]), last=str(months[-1]))
        items = (await accounts.series(tx, EVERYWHERE, series)).items
        assert [(one.month, one.opening, one.closing) for one in items] == [
            (
                str(month),
                people(lines, date.fromordinal(month.start.toordinal() - 1)),
                people(lines, month.end),
            )
            for month in months
        ]
        question = PyramidQuestion(area=area, population=population, month=str(months[-1]))
        pyramid = await accounts.pyramid(tx, EVERYWHERE, question)
        assert sum(row.male + row.female + row.other for row in pyramid.rows) == people(lines, when.end)

    await given_history(history, check)


def _age(one: Line, end: date) -> str:
    """The row of an account in which somebody stands at a month's end."""
    if not one.birth_month:
        return "unknown"
    year, month = int(one.birth_month[:4]), int(one.birth_month[5:])
    return str(max(end.year - year - (1 if month > end.month else 0), 0))
