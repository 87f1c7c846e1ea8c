"""From published figures to tables for files: to the digit, and nothing but what a version shows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from renkou_common.clock import SHANGHAI
from renkou_common.codes.area import AreaCode, AreaLevel
from renkou_common.codes.period import Period, PeriodKind
from renkou_common.contracts.lines import Population
from renkou_common.database import Reader
from renkou_common.errors import InvalidInput, NotFound, Text
from renkou_common.scope import AreaScope
from renkou_reporting.areas import area_within
from renkou_reporting.indicators.domain import Indicator
from renkou_reporting.outputs.charts.trend import MOST_PERIODS
from renkou_reporting.outputs.domain import (
    HIDDEN,
    HIDDEN_NOTE,
    Column,
    Number,
    Origin,
    Place,
    Position,
    State,
    Table,
)
from renkou_reporting.outputs.schemas import (
    PublishedCardQuestion,
    PublishedFileQuestion,
    PublishedTrendQuestion,
)
from renkou_reporting.outputs.sources import heading_of, named, read_dims
from renkou_reporting.periods import parse_period, steps_of
from renkou_reporting.published import service as published
from renkou_reporting.published.domain import (
    NOT_IN_VERSION,
    NOT_PUBLISHED,
    REASONS,
    SUPPRESSED,
    same_computation,
)
from renkou_reporting.published.schemas import FigureRow, VersionAnswer, VersionQuestion
from renkou_reporting.scorecards import published as scorecards
from renkou_reporting.scorecards.schemas import ExplainedAnswer, ScoresAnswer

OTHER_UNIT = Text("当时的计量单位不同", "Its unit was another then")
_CARD_NOTE = Text(
    "得分按公布数计算，不予显示的数不计分；名次只排区域，不排个人；谢绝服务不影响得分。",
    "Scores are of published figures, what is not shown does not count; places are of areas, never of people;"
    " declining a service costs no points.",
)
_PART_NOTE = Text(
    "名次由全部考核区域的数得出，只对可查看全部区域者显示。",
    "Places follow from the figures of all areas: told to those who may see them all.",
)


async def published_table(
    tx: Reader,
    scope: AreaScope,
    district: AreaCode,
    period: str,
    version: str,
    question: PublishedFileQuestion,
) -> Table:
    """Return figures as they were published; raises NotFound outside ``scope``, or for what was not published."""
    asked = VersionQuestion(area=question.area, population=question.population)
    found = await published.version(tx, scope, district, period, version, asked)
    whole = AreaCode.parse(question.area or district.value)
    rows = [
        row
        for row in _wanted(whole, question.areas, found.items)
        if not question.indicator or row.indicator in question.indicator
    ]
    if not rows:
        raise NotFound.of("公布数字", "published figure")
    column = _column(Period.parse(found.period))
    return _table(
        rows,
        found.definitions,
        await _places(tx, whole, rows, column),
        column,
        Origin(found.positions, found.second_signed_at.astimezone(SHANGHAI), found.version, found.hash),
        question.population,
    )


async def published_trend(
    tx: Reader, scope: AreaScope, district: AreaCode, question: PublishedTrendQuestion
) -> Table:
    """Return an indicator over periods, each as it was published last; what is not published or shown is a gap.

    Raises NotFound outside ``scope`` or where none of it was ever published, InvalidInput for wrong periods.
    """
    whole = area_within(scope, question.area or district.value)
    columns = _columns(question)
    asked = VersionQuestion(area=whole.value, population=question.population, indicator=question.indicator)
    held = [await published.latest(tx, scope, district, str(one.period), asked) for one in columns]
    shown = [
        None if one is None
        else {row.area: row for row in _wanted(whole, question.areas, one.items) if row.dims == question.dims}
        for one in held
    ]  # fmt: skip
    there = [one for one in held if one is not None]
    rows = [row for each in shown if each is not None for row in each.values()]
    if not rows:
        raise NotFound.of("公布数字", "published figure")
    newest = next(one for one in reversed(there) if question.indicator in one.definitions)
    definition = newest.definitions[question.indicator]
    heading = heading_of(Indicator.model_validate(definition), read_dims(question.dims))
    places = await _places(tx, whole, rows, columns[-1])

    def number(at: Position) -> Number:
        answer, figures = held[at.column], shown[at.column]
        if answer is None or figures is None:
            return Number(None, None, None, State.ABSENT, NOT_PUBLISHED)
        if answer.definitions.get(question.indicator, definition)["unit"] != heading.unit:
            return Number(None, None, None, State.ABSENT, OTHER_UNIT)
        return _frozen(figures.get(places[at.area].code))

    positions = [Position(0, place, when) for place in range(len(places)) for when in range(len(columns))]
    return Table(
        places[0],
        question.population,
        [heading],
        places,
        columns,
        {at: number(at) for at in positions},
        Origin(
            {},
            max(one.second_signed_at for one in there).astimezone(SHANGHAI),
            versions={one.period: one.version for one in there},
        ),
        remarks=_changed(there, question.indicator, definition),
    )


async def published_card(
    tx: Reader,
    scope: AreaScope,
    district: AreaCode,
    period: str,
    version: str,
    scorecard_id: UUID,
    question: PublishedCardQuestion,
) -> tuple[ScoresAnswer | ExplainedAnswer, list[Text]]:
    """Return a scorecard's scores of published figures, or one area's, and notes; raises as the scores."""
    found: ScoresAnswer | ExplainedAnswer
    of = (period, version, scorecard_id, question.number)
    if question.area is None:
        found, published_as = await scorecards.scores(tx, scope, district, *of)
        items = [item for one in found.areas for item in one.items]
    else:
        found, published_as = await scorecards.explained(tx, scope, district, *of, question.area)
        items = list(found.items)
    notes = [HIDDEN_NOTE] if any(one.hidden for one in items) else []
    notes += [_CARD_NOTE] if found.ranked else [_CARD_NOTE, _PART_NOTE]
    of_card, of_figures = f"第 {found.number} 版", f"{found.period} 公布数第 {published_as} 版"
    in_english = (
        f"Scorecard version {found.number}; published figures of {found.period}, version {published_as}"
    )
    notes.append(
        Text(
            f"考核表{of_card}；{of_figures}，上期 {found.before} 为其最新公布数",
            f"{in_english}; of {found.before}, the newest version",
        )
    )
    return found, notes


def _columns(question: PublishedTrendQuestion) -> list[Column]:
    periods: list[Period] = []
    for text in question.period:
        period = parse_period(text)
        by = question.by
        periods += [period] if by is None else steps_of(PeriodKind(by), period.start, period.end)
    found = list(dict.fromkeys(periods))
    if len(found) > MOST_PERIODS:
        raise InvalidInput.field(
            "/query/period",
            "too_many_periods",
            f"最多 {MOST_PERIODS} 个统计期",
            f"at most {MOST_PERIODS} periods",
        )
    return [_column(one) for one in found]


def _column(period: Period) -> Column:
    return Column(period, period.end)


def _changed(there: Sequence[VersionAnswer], indicator: str, definition: Mapping[str, Any]) -> list[Text]:
    """Return a remark where earlier periods were computed by another definition than the last."""
    others = [
        one.period for one in there
        if indicator in one.definitions and not same_computation(one.definitions[indicator], definition)
    ]  # fmt: skip
    if not others:
        return []
    periods = "、".join(others)
    return [
        Text(
            f"指标定义有变：{periods} 按当时的定义计算。",
            f"The definition has changed: {', '.join(others)} by that of their time.",
        )
    ]


def _table(
    rows: Sequence[FigureRow],
    definitions: Mapping[str, Any],
    places: Sequence[Place],
    column: Column,
    origin: Origin,
    population: Population,
) -> Table:
    order = {code: number for number, code in enumerate(definitions)}
    keys = sorted({(order[row.indicator], row.indicator, row.dims) for row in rows})
    by_key = {(row.indicator, row.dims, row.area): row for row in rows}
    numbers = {
        Position(number, place, 0): _frozen(by_key.get((indicator, dims, area.code)))
        for number, (_, indicator, dims) in enumerate(keys)
        for place, area in enumerate(places)
    }
    headings = [
        heading_of(Indicator.model_validate(definitions[indicator]), read_dims(dims))
        for _, indicator, dims in keys
    ]
    return Table(places[0], population, headings, places, [column], numbers, origin)


async def _places(tx: Reader, whole: AreaCode, rows: Iterable[FigureRow], column: Column) -> list[Place]:
    codes = [whole.value, *sorted({row.area for row in rows} - {whole.value})]
    return await named(tx, codes, column.end)


def _wanted(whole: AreaCode, areas: str, rows: Iterable[FigureRow]) -> Iterable[FigureRow]:
    """Return the rows of an area, and of those below it that are asked for."""
    level = {"self": None, "children": whole.level + 1, "communities": AreaLevel.VILLAGE}[areas]
    for row in rows:
        area = AreaCode.parse(row.area)
        if area == whole or area.level == level:
            yield row


def _frozen(row: FigureRow | None) -> Number:
    if row is None:
        return Number(None, None, None, State.ABSENT, NOT_IN_VERSION)
    if row.reason == SUPPRESSED:
        return HIDDEN
    reason = None if row.reason is None else REASONS.get(row.reason, Text(row.reason, row.reason))
    state = State.ABSENT if row.value is None else State.SHOWN
    return Number(row.numerator, row.denominator, row.value, state, reason)
