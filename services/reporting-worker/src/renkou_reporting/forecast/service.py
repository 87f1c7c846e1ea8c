"""Answers with forecasts: made anew from the cells each time, so that they never differ from the figures."""

import tomllib
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from renkou_common.clock import Clock
from renkou_common.codes.area import AreaCode, AreaLevel
from renkou_common.contracts.lines import Population
from renkou_common.database import Reader, Transaction
from renkou_common.errors import InvalidInput
from renkou_common.identity.principal import Access
from renkou_common.ids import new_id
from renkou_common.scope import AreaScope
from renkou_reporting.areas import area_within
from renkou_reporting.figures.domain import round_value
from renkou_reporting.forecast import repository
from renkou_reporting.forecast.domain import (
    AGES,
    FEMALE,
    MALE,
    OLDEST,
    RATE,
    SEXES,
    UNIT,
    Error,
    History,
    ProjectedYear,
    Rates,
    Scenario,
    Standard,
    hindcast,
    history_of,
    project,
    rates_of,
)
from renkou_reporting.forecast.errors import ScenarioExists, TooLittleHistory
from renkou_reporting.forecast.schemas import (
    Band,
    ErrorRow,
    ForecastAnswer,
    ForecastQuestion,
    ForecastYear,
    PastYear,
    RatesAnswer,
    ScenarioAddition,
    ScenarioAnswer,
    ScenarioList,
)
from renkou_reporting.labels import Label
from renkou_reporting.populations import POPULATION_NAMES
from renkou_reporting.texts import text_errors

HORIZONS = 5
_FILE = Path(__file__).with_name("standards.toml")


@cache
def packaged() -> dict[str, Any]:
    """Return standards and scenarios that come with the program."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


@cache
def standard() -> Standard:
    """Return the shapes of mortality and fertility."""
    mortality, fertility = packaged()["mortality"], packaged()["fertility"]
    shares = [0] * fertility["youngest"] + fertility["shares"]
    return Standard(
        dying={MALE: mortality["male"], FEMALE: mortality["female"]},
        fertility=tuple(shares + [0] * (AGES - len(shares))),
    )


async def scenarios(tx: Reader) -> dict[str, tuple[Scenario, bool]]:
    """Return every scenario by code, and whether it came with the program."""
    found = {code: (Scenario.model_validate(given), True) for code, given in packaged()["scenario"].items()}
    for code, definition in await repository.scenarios(tx):
        found.setdefault(code, (Scenario.model_validate(definition), False))
    return found


async def list_scenarios(tx: Reader) -> ScenarioList:
    """Return every scenario."""
    return ScenarioList(
        items=[
            ScenarioAnswer(**dict(one), code=code, packaged=came)
            for code, (one, came) in (await scenarios(tx)).items()
        ]
    )


async def add_scenario(tx: Transaction, access: Access, clock: Clock, given: ScenarioAddition) -> UUID:
    """Store a district's own assumptions; raises ScenarioExists, InvalidInput for a long number in its text."""
    texts = ("zh", "en", "text_zh", "text_en")
    if found := [error for name in texts for error in text_errors(f"/{name}", getattr(given, name))]:
        raise InvalidInput.fields(found)
    definition = given.model_dump(mode="json", exclude={"code"})
    scenario_id = new_id()
    taken = given.code in packaged()["scenario"]
    if taken or not await repository.add_scenario(
        tx, scenario_id, given.code, definition, access.subject, clock.now()
    ):
        raise ScenarioExists(given.code)
    return scenario_id


async def forecast(
    tx: Transaction, areas: AreaScope, clock: Clock, district: AreaCode, question: ForecastQuestion
) -> ForecastAnswer:
    """Return a forecast; raises NotFound outside ``areas``, InvalidInput, TooLittleHistory."""
    area = area_within(areas, question.area)
    base = _base(question.base, clock)
    known = await scenarios(tx)
    if question.scenario not in known:
        allowed = ", ".join(known)
        raise InvalidInput.field(
            "/query/scenario", "scenario_unknown", f"没有此方案，可用: {allowed}", f"is none of {allowed}"
        )
    scenario = known[question.scenario][0]
    history, own = await _histories(tx, area, district, question.population, base)
    years = history.reference_years(base, question.reference_years)
    if not years:
        raise TooLittleHistory(base)
    rates = rates_of(history, own, years, standard())
    projected = project(own.stocks[base], base, rates, scenario, question.years)
    errors = hindcast(history, own, standard(), scenario, question.reference_years, HORIZONS)
    with_ages = area.level < AreaLevel.VILLAGE
    zh, en = POPULATION_NAMES[Population(question.population)]
    return ForecastAnswer(
        area=area.value,
        population=question.population,
        population_name=Label(zh=zh, en=en),
        base=base,
        scenario=question.scenario,
        scenario_name=Label(zh=scenario.zh, en=scenario.en),
        scenario_text=Label(zh=scenario.text_zh, en=scenario.text_en),
        rates=_rates(rates, years),
        left_out=own.left_out,
        past=_past(own),
        items=[_year(one, with_ages=with_ages) for one in projected],
        errors=[_error(one) for one in errors],
    )


async def _histories(
    tx: Reader, area: AreaCode, district: AreaCode, population: str, base: int
) -> tuple[History, History]:
    """Return what was counted in the district, whose rates are used, and in the area, over the same years."""
    sums = await repository.year_sums(tx, [district.interval()], population, base)
    history = history_of(sums, base)
    if not district.contains(area) or area == district:
        return history, history
    own = await repository.year_sums(tx, [area.interval()], population, base)
    return history, history_of(own, base, history.first_year)


def _base(given: int | None, clock: Clock) -> int:
    last = clock.today().year - 1
    if given is not None and given > last:
        raise InvalidInput.field(
            "/query/base", "future", f"基年最迟为 {last} 年", f"{last} is the last year that is over"
        )
    return last if given is None else given


def _rates(rates: Rates, years: list[int]) -> RatesAnswer:
    sources = packaged()
    mortality, fertility = (
        Label(zh=sources[name]["source_zh"], en=sources[name]["source_en"])
        for name in ("mortality", "fertility")
    )
    return RatesAnswer(
        years=years,
        total_fertility=format(round_value(rates.total_fertility, 2), "f"),
        boys_per_hundred_girls=format(round_value(Fraction(rates.boys * 100, RATE - rates.boys), 1), "f"),
        fertility_source=fertility,
        mortality_source=mortality,
    )


def _past(own: History) -> list[PastYear]:
    return [
        PastYear(
            year=year,
            closing=sum(sum(ages) for ages in stock.values()),
            born=sum(sum(ages) for ages in own.flows[year]["birth"].values()),
        )
        for year, stock in own.stocks.items()
    ]


def _year(one: ProjectedYear, *, with_ages: bool) -> ForecastYear:
    numbers = {
        name: _text(getattr(one, name))
        for name in ("opening", "born", "died", "moved_in", "moved_out", "closing")
    }
    people = []
    for age in range(0, AGES, 5) if with_ages else ():
        male, female = (_text(sum(one.people[sex][age : age + 5])) for sex in SEXES)
        ages = f"{age}-{age + 4}" if age < OLDEST else f"{OLDEST}+"
        people.append(Band(ages=ages, male=male, female=female))
    return ForecastYear(year=one.year, **numbers, people=people)


def _text(number: int) -> str:
    return f"{number // UNIT}.{number % UNIT:03d}"


def _error(one: Error) -> ErrorRow:
    population, births, ages = (
        None if value is None else format(round_value(value, 2), "f") for value in one[2:]
    )
    return ErrorRow(horizon=one.horizon, bases=one.bases, population=population, births=births, ages=ages)
