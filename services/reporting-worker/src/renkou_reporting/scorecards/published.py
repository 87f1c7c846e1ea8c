"""Scores from published figures: reckoned from what a version shows, and from nothing besides.

A hidden figure gives no points and takes none, as one that does not exist; places are told to those who may see every
area of the scorecard, for they follow from the figures of all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from renkou_common.codes.area import AreaCode
from renkou_common.database import Reader
from renkou_common.errors import InvalidInput, NotFound, Text
from renkou_common.scope import AreaScope
from renkou_reporting.areas import area_within
from renkou_reporting.figures.domain import Asked, Months, Outcome, Span, in_units
from renkou_reporting.figures.plan import Position
from renkou_reporting.periods import parse_period
from renkou_reporting.published import service as published
from renkou_reporting.published.domain import (
    NOT_IN_VERSION,
    NOT_PUBLISHED,
    OTHER_DEFINITION,
    REASONS,
    Key,
    dims_text,
    read_exact,
    same_computation,
)
from renkou_reporting.published.schemas import FigureRow
from renkou_reporting.published.service import LATEST, ShownFigures
from renkou_reporting.scorecards import answers, service
from renkou_reporting.scorecards.schemas import ExplainedAnswer, ScoreQuestion, ScoresAnswer
from renkou_reporting.scorecards.scores import NOW, ScoreTable


async def scores(
    tx: Reader, areas: AreaScope, district: AreaCode, period: str, version: str, scorecard_id: UUID, number: int | None
) -> tuple[ScoresAnswer, int]:  # fmt: skip
    """Return the scores of the areas that a caller may see, and the number of the version that they are of.

    Raises NotFound, InvalidInput, NotInForce.

    ``version`` is that of the scorecard's own period; the period before is taken as it was published last.
    """
    found, published_as = await _table(tx, areas, district, period, version, scorecard_id, number)
    answer = answers.scores_answer(found, areas)
    if not answer.areas:
        raise NotFound.of("考核单位", "area of the scorecard")
    return answer, published_as


async def explained(
    tx: Reader, areas: AreaScope, district: AreaCode, period: str, version: str, scorecard_id: UUID, number: int | None,
    area: str,
) -> tuple[ExplainedAnswer, int]:  # fmt: skip
    """Return how an area's score comes about, as :func:`scores`; raises NotFound outside ``areas`` too."""
    code = area_within(areas, area)
    found, published_as = await _table(tx, areas, district, period, version, scorecard_id, number)
    row = found.row(code)
    if row is None:
        raise NotFound.of("考核单位", "area of the scorecard")
    return answers.explained_answer(found, row), published_as


async def _table(
    tx: Reader, areas: AreaScope, district: AreaCode, period: str, version: str, scorecard_id: UUID, number: int | None
) -> tuple[ScoreTable, int]:  # fmt: skip
    code = str(parse_period(period, "/path/period"))
    versions: list[int] = []

    async def figures(
        tx: Reader, asked: Sequence[Asked], spans: Sequence[Span], months: Sequence[Months]
    ) -> Mapping[Position, Outcome]:
        """Read the figures of the areas that the caller may see, of no other."""
        if months[NOW].text != code:
            raise _other_period(months[NOW].text)
        codes = [AreaCode.parse(span.code) for span in spans]
        seen = [one for one in codes if areas.covers(*one.interval())]
        indicators = sorted({one.indicator.code for one in asked})
        held: list[ShownFigures | None] = [
            await published.shown(tx, district, code, version, seen, indicators)
        ]
        versions.extend(one.version for one in held if one is not None)
        for each in months[NOW + 1 :]:
            there = await published.newest(tx, district, each.text) is not None
            held.append(
                await published.shown(tx, district, each.text, LATEST, seen, indicators) if there else None
            )
        return {
            (at, place, when): _outcome(one, span.code, held[when])
            for at, one in enumerate(asked)
            for place, span in enumerate(spans)
            for when in range(len(months))
        }

    question = ScoreQuestion(number=number)
    found = await service.table_of(tx, scorecard_id, question, figures, "published")
    whole = all(areas.covers(*row.area.interval()) for row in found.rows)
    return replace(found, source=f"{code} v{versions[0]}", places=found.places if whole else {}), versions[0]


def _outcome(asked: Asked, area: str, held: ShownFigures | None) -> Outcome:
    indicator = asked.indicator
    if held is None:
        return Outcome(0, 0, None, indicator.digits, NOT_PUBLISHED)
    row = held.figures.get(Key(area, asked.population.value, indicator.code, dims_text(asked.sliced)))
    if row is None:
        return Outcome(0, 0, None, indicator.digits, NOT_IN_VERSION)
    if not same_computation(held.definitions[indicator.code], indicator.model_dump(mode="json")):
        return Outcome(0, 0, None, indicator.digits, OTHER_DEFINITION)
    return _of_row(row, indicator.digits)


def _of_row(row: FigureRow, digits: int) -> Outcome:
    """Return a published figure as the engine has figures: exact, and rounded as it was published."""
    reason = None if row.reason is None else REASONS.get(row.reason, Text(row.reason, row.reason))
    if row.numerator is None or row.denominator is None:
        return Outcome(0, 0, None, digits, reason)
    numbers = (in_units(read_exact(row.numerator)), in_units(read_exact(row.denominator)))
    rounded = None if row.value is None else int(Decimal(row.value).scaleb(digits))
    return Outcome(*numbers, rounded, digits, reason)


def _other_period(period: str) -> InvalidInput:
    return InvalidInput.field(
        "/path/period", "scorecard_period", f"该考核表的统计期为 {period}", f"the scorecard is of {period}"
    )
