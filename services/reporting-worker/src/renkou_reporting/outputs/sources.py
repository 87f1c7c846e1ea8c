"""From live figures as the service holds them to tables for files; :mod:`.frozen` has the published ones."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from uuid import UUID

from renkou_common.clock import SHANGHAI, Clock
from renkou_common.codes.area import AreaCode
from renkou_common.codes.period import Period, PeriodKind
from renkou_common.database import Reader, Transaction
from renkou_common.errors import Text
from renkou_common.scope import AreaScope
from renkou_reporting.accounts import service as accounts
from renkou_reporting.accounts.schemas import PyramidQuestion
from renkou_reporting.areas import service as areas
from renkou_reporting.figures import service as figures
from renkou_reporting.figures.domain import (
    NEGATIVE_DENOMINATOR,
    NO_DENOMINATOR,
    Outcome,
    Sliced,
)
from renkou_reporting.figures.schemas import TableQuestion
from renkou_reporting.forecast import service as forecasts
from renkou_reporting.forecast.schemas import ForecastQuestion
from renkou_reporting.indicators.domain import HIGHEST_AGE, Indicator
from renkou_reporting.outputs.charts.data import Aim
from renkou_reporting.outputs.domain import (
    Column,
    Dims,
    Heading,
    Number,
    Origin,
    Place,
    Position,
    State,
    Table,
)
from renkou_reporting.outputs.forecasting import Outlook
from renkou_reporting.outputs.schemas import (
    MOST_SCENARIOS,
    CardFileQuestion,
    OutlookQuestion,
)
from renkou_reporting.returns.completeness import Duty
from renkou_reporting.scorecards import service as scorecards
from renkou_reporting.scorecards.schemas import ExplainedAnswer, ScoreQuestion, ScoresAnswer
from renkou_reporting.targets import service as targets
from renkou_reporting.targets.domain import Dimensions

CARD_NOTE = Text(
    "得分按实时数计算；名次只排区域，不排个人；谢绝服务不影响得分。",
    "Scores are of live figures; places are of areas, never of people; declining a service costs no points.",
)


async def live_table(
    tx: Reader, scope: AreaScope, question: TableQuestion, duty: Duty | None = None
) -> Table:
    """Return the live figures that are asked for; raises as :func:`renkou_reporting.figures.service.table_of`."""
    found = await figures.table_of(tx, scope, question, duty)
    columns = [Column(one.period, one.end) for one in found.columns]
    until = max(one.end for one in columns)
    places = await named(tx, [found.area.value, *(span.code for span in found.spans)], found.named_on)
    numbers = {Position(*at): _number(outcome) for at, outcome in found.outcomes.items()}
    return Table(
        area=places[0],
        population=found.population,
        headings=[heading_of(row.newest, _dims(row.sliced)) for row in found.rows],
        areas=places[1:],
        columns=columns,
        numbers=numbers,
        origin=Origin(found.as_of, day_of(until), boundaries=found.boundaries),
    )


async def pyramid_table(tx: Transaction, scope: AreaScope, question: PyramidQuestion) -> Table:
    """Return people by age and sex at a month's end; raises as the live table."""
    found = await accounts.pyramid(tx, scope, question)
    asked = TableQuestion(
        area=found.area, population=found.population, period=[found.month], indicator=["population"]
    )
    whole = await live_table(tx, scope, asked)
    rows = [row for row in found.rows if row.ages != "unknown"]
    counts: dict[Dims, int] = {Dims(): 0, Dims("1"): 0, Dims("2"): 0}
    for row in rows:
        for sex, number in ((None, row.male + row.female), ("1", row.male), ("2", row.female)):
            counts[Dims(sex, ages=row.ages)] = number
            counts[Dims(sex)] += number
    others = sum(row.other for row in rows) + sum(
        row.male + row.female + row.other for row in found.rows if row.ages == "unknown"
    )
    return replace(
        whole,
        headings=[replace(whole.headings[0], dims=dims) for dims in counts],
        numbers={
            Position(number, 0, 0): Number(str(count), "1", str(count))
            for number, count in enumerate(counts.values())
        },
        subject=Text("人口年龄性别", "People by age and sex"),
        remarks=[_unplaced(others)] if others else [],
    )


def _unplaced(number: int) -> Text:
    return Text(
        f"另有 {number} 人年龄或性别不详，不在表内。",
        f"Not in the table: {number} people whose age or sex is not known.",
    )


async def aims_of(tx: Reader, table: Table) -> dict[Position, Aim]:
    """Return the targets in force for a table's figures: of the period, else of the year that it ends in."""
    codes = [AreaCode.parse(area.code) for area in table.areas]
    periods = {column.period for column in table.columns}
    years = {Period(PeriodKind.YEAR, column.end.year) for column in table.columns}
    held = {period: await targets.in_force(tx, period, codes) for period in sorted(periods | years, key=str)}
    aims = {}
    for at in table.numbers:
        heading, column = table.headings[at.heading], table.columns[at.column]
        key = (codes[at.area], (heading.indicator, table.population, Dimensions(*heading.dims)))
        of_year = held[Period(PeriodKind.YEAR, column.end.year)]
        found = held[column.period].get(key) or of_year.get(key)
        if found is not None:
            goal = targets.goal_answer(found.goal)
            aims[at] = Aim(goal.low, goal.high)
    return aims


async def outlook_of(
    tx: Transaction, scope: AreaScope, clock: Clock, district: AreaCode, question: OutlookQuestion
) -> Outlook:
    """Return the forecasts under the scenarios named, or the packaged ones; raises as a forecast."""
    chosen = question.scenario or [
        one.code for one in (await forecasts.list_scenarios(tx)).items if one.packaged
    ]
    plain = question.model_dump(exclude={"of", "scenario"})
    found = [
        await forecasts.forecast(tx, scope, clock, district, ForecastQuestion(**plain, scenario=one))
        for one in list(dict.fromkeys(chosen))[:MOST_SCENARIOS]
    ]
    (place,) = await named(tx, [found[0].area], date(found[0].base, 12, 31))
    return Outlook(place, found, births=question.of == "births")


async def card(
    tx: Reader, scope: AreaScope, scorecard_id: UUID, question: CardFileQuestion, duty: Duty
) -> tuple[ScoresAnswer | ExplainedAnswer, list[Text]]:
    """Return a scorecard's scores, or one area with every point, and notes; raises as the scores."""
    asked = ScoreQuestion(through=question.through, number=question.number)
    found: ScoresAnswer | ExplainedAnswer
    if question.area is None:
        found = await scorecards.scores(tx, scope, scorecard_id, asked, duty)
    else:
        found = await scorecards.explained(tx, scope, scorecard_id, question.area, asked, duty)
    version = Text(
        f"考核表第 {found.number} 版，数据截至 {found.counted_to}",
        f"Scorecard version {found.number}, counted to {found.counted_to}",
    )
    return found, [CARD_NOTE, version]


def heading_of(indicator: Indicator, dims: Dims) -> Heading:
    """Return an indicator's heading."""
    return Heading(
        indicator=indicator.code,
        version=indicator.version,
        name=Text(indicator.zh, indicator.en),
        unit=indicator.unit,
        digits=indicator.digits,
        dims=dims,
        meaning=Text(indicator.meaning_zh, indicator.meaning_en),
        source=Text(indicator.source_zh, indicator.source_en),
    )


async def named(tx: Reader, codes: Sequence[str], on: date) -> list[Place]:
    """Return areas with their names on a day; one that the tree does not know is called by its code."""
    names = await areas.names(tx, codes, on)
    return [Place(code, names.get(code, code)) for code in codes]


def day_of(day: date) -> datetime:
    """Return the instant that files of a day's figures are dated with."""
    return datetime.combine(day, time(), SHANGHAI)


def read_dims(text: str) -> Dims:
    """Return dimensions of text such as ``sex=1;parity=3+``."""
    given = dict(part.split("=", 1) for part in text.split(";") if part)
    return Dims(given.get("sex"), given.get("parity"), _ages(given.get("ages")), given.get("detail"))


def _dims(sliced: Sliced) -> Dims:
    return Dims(
        None if sliced.sex is None else str(sliced.sex),
        sliced.parity.text if sliced.parity else None,
        _ages(f"{sliced.ages[0]}-{sliced.ages[1]}") if sliced.ages else None,
        sliced.detail,
    )


def _ages(text: str | None) -> str | None:
    """Return an age band as people write it: ``65+`` for 65 and older, ``30`` for one age."""
    low, _, high = (text or "").partition("-")
    if text is None or not high:
        return text
    if int(high) == HIGHEST_AGE:
        return f"{low}+"
    return low if low == high else text


def _number(outcome: Outcome) -> Number:
    counted = outcome.reason in (None, NO_DENOMINATOR, NEGATIVE_DENOMINATOR)
    return Number(
        outcome.numerator_text if counted else None,
        outcome.denominator_text if counted else None,
        outcome.value_text,
        _state(outcome.value_text),
        outcome.reason,
    )


def _state(value: str | None) -> State:
    return State.ABSENT if value is None else State.SHOWN
