"""From figures as the service holds them to tables for files: live ones, and published versions to the digit."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from renkou_common.clock import SHANGHAI
from renkou_common.codes.area import AreaCode, AreaLevel
from renkou_common.codes.period import Period
from renkou_common.contracts.lines import Population
from renkou_common.database import Reader
from renkou_common.errors import NotFound, Text
from renkou_common.scope import AreaScope
from renkou_reporting.areas import service as areas
from renkou_reporting.figures import service as figures
from renkou_reporting.figures.domain import (
    NEGATIVE_DENOMINATOR,
    NO_DENOMINATOR,
    NOTHING_BEFORE,
    Outcome,
    Sliced,
)
from renkou_reporting.figures.schemas import TableQuestion
from renkou_reporting.indicators.domain import HIGHEST_AGE, Indicator
from renkou_reporting.outputs.domain import (
    HIDDEN,
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
from renkou_reporting.outputs.schemas import PublishedFileQuestion
from renkou_reporting.published import service as published
from renkou_reporting.published.domain import REASON_CODES, SUPPRESSED
from renkou_reporting.published.schemas import FigureRow, VersionQuestion

NOT_IN_VERSION = Text("该公布版本没有这个数", "This version holds no such figure")
_KNOWN = {text.en: text for text in (NO_DENOMINATOR, NEGATIVE_DENOMINATOR, NOTHING_BEFORE)}
_REASONS = {code: _KNOWN[en] for en, code in REASON_CODES.items()}


async def live_table(tx: Reader, scope: AreaScope, question: TableQuestion) -> Table:
    """Return the live figures that are asked for; raises as :func:`renkou_reporting.figures.service.table_of`."""
    found = await figures.table_of(tx, scope, question)
    columns = [Column(one.period, one.end) for one in found.columns]
    until = max(one.end for one in columns)
    places = await named(tx, [found.area.value, *(span.code for span in found.spans)], until)
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
        for row in found.items
        if _wanted(whole, AreaCode.parse(row.area), question.areas)
        and (not question.indicator or row.indicator in question.indicator)
    ]
    if not rows:
        raise NotFound.of("公布数字", "published figure")
    column = Column(Period.parse(found.period), Period.parse(found.period).end)
    codes = [whole.value, *sorted({row.area for row in rows} - {whole.value})]
    return _published(
        rows,
        found.definitions,
        await named(tx, codes, column.end),
        column,
        Origin(found.positions, found.second_signed_at.astimezone(SHANGHAI), found.version, found.hash),
        question.population,
    )


def _published(
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


def _wanted(whole: AreaCode, area: AreaCode, areas: str) -> bool:
    if area == whole:
        return True
    level = {"self": None, "children": whole.level + 1, "communities": AreaLevel.VILLAGE}[areas]
    return area.level == level


def _number(outcome: Outcome) -> Number:
    counted = outcome.reason in (None, NO_DENOMINATOR, NEGATIVE_DENOMINATOR)
    return Number(
        outcome.numerator_text if counted else None,
        outcome.denominator_text if counted else None,
        outcome.value_text,
        _state(outcome.value_text),
        outcome.reason,
    )


def _frozen(row: FigureRow | None) -> Number:
    if row is None:
        return Number(None, None, None, _state(None), NOT_IN_VERSION)
    if row.reason == SUPPRESSED:
        return HIDDEN
    reason = None if row.reason is None else _REASONS.get(row.reason, Text(row.reason, row.reason))
    return Number(row.numerator, row.denominator, row.value, _state(row.value), reason)


def _state(value: str | None) -> State:
    return State.ABSENT if value is None else State.SHOWN
