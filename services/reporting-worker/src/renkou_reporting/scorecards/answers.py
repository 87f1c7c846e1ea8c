"""A table of scores as callers read it: all areas side by side, or one with every point explained."""

from decimal import Decimal

from renkou_common.errors import Text
from renkou_common.scope import AreaScope
from renkou_reporting.figures.domain import Outcome
from renkou_reporting.labels import Label
from renkou_reporting.published.domain import NOT_SHOWN, UNTOLD
from renkou_reporting.scorecards.domain import Total
from renkou_reporting.scorecards.schemas import (
    AreaScore,
    ExplainedAnswer,
    Item,
    ItemExplained,
    ItemHead,
    ItemScore,
    ScoresAnswer,
    TotalAnswer,
)
from renkou_reporting.scorecards.scores import BEFORE, NOW, Cell, Row, ScoreTable, share_text
from renkou_reporting.targets.domain import LIGHT_NAMES
from renkou_reporting.targets.service import goal_answer, label, missing_answer


def scores_answer(found: ScoreTable, areas: AreaScope) -> ScoresAnswer:
    """Return the scores of the areas that a caller may see."""
    rows = [row for row in found.rows if areas.covers(*row.area.interval())]
    return ScoresAnswer(
        scorecard_id=found.scorecard_id,
        number=found.number,
        title=found.document.title,
        period=str(found.period),
        counted_to=found.end,
        before=str(found.before),
        source=found.source,
        ranked=len(found.places),
        items=_heads(found),
        areas=[_area(found, row) for row in rows],
    )


def explained_answer(found: ScoreTable, row: Row) -> ExplainedAnswer:
    """Return how one area's score comes about."""
    heads = _heads(found)
    return ExplainedAnswer(
        scorecard_id=found.scorecard_id,
        number=found.number,
        title=found.document.title,
        period=str(found.period),
        until=found.period.end,
        counted_to=found.end,
        before=str(found.before),
        area=row.area.value,
        area_name=found.names.get(row.area.value),
        office=row.office,
        total=_total(row.totals[NOW]),
        light=row.light,
        light_name=label(LIGHT_NAMES[row.light]),
        rank=found.places.get(row.area),
        ranked=len(found.places),
        total_before=_total(row.totals[BEFORE]),
        items=[
            _explained(heads[number], item, row.cells[NOW][number], row.cells[BEFORE][number])
            for number, item in enumerate(found.document.items)
        ],
    )


def _area(found: ScoreTable, row: Row) -> AreaScore:
    return AreaScore(
        area=row.area.value,
        area_name=found.names.get(row.area.value),
        office=row.office,
        total=_total(row.totals[NOW]),
        light=row.light,
        light_name=label(LIGHT_NAMES[row.light]),
        rank=found.places.get(row.area),
        before=_total(row.totals[BEFORE]),
        items=[_item(cell, before) for cell, before in zip(*row.cells, strict=True)],
    )


def _heads(found: ScoreTable) -> list[ItemHead]:
    heads = []
    for number, item in enumerate(found.document.items):
        indicator = found.rows[0].cells[NOW][number].indicator
        heads.append(
            ItemHead(
                indicator=item.indicator,
                indicator_version=indicator.version if indicator else None,
                name=Label(zh=indicator.zh, en=indicator.en)
                if indicator
                else Label(zh=item.indicator, en=item.indicator),
                unit=indicator.unit if indicator else "",
                population=item.population,
                **item.dimensions._asdict(),
                weight=format(item.weight, "f"),
                office=item.office,
                watched=not item.weight,
            )
        )
    return heads


def _item(cell: Cell, before: Cell) -> ItemScore:
    scored = cell.scored
    value = cell.outcome.value if cell.outcome is not None else None
    return ItemScore(
        goal=goal_answer(cell.goal) if cell.goal else None,
        value=None if value is None else format(value, "f"),
        hidden=_reason(cell) == NOT_SHOWN,
        light=cell.light,
        points=_text(scored.points if scored else None),
        lost=_text(scored.lost if scored else None),
        bonus=_text(scored.bonus if scored else None),
        change=_text(_change(cell, before)),
    )


def _explained(head: ItemHead, item: Item, cell: Cell, before: Cell) -> ItemExplained:
    outcome, earlier = _told(cell), before.outcome
    value = earlier.value if earlier is not None else None
    return ItemExplained(
        **dict(_item(cell, before)),
        head=head,
        numerator=outcome.numerator_text if outcome else None,
        denominator=outcome.denominator_text if outcome else None,
        reason=label(cell.reason) if cell.reason else None,
        rule=item.rule,
        rule_bonus=item.bonus,
        arithmetic=label(cell.scored.why) if cell.scored else None,
        missing=missing_answer(cell.missing),
        value_before=None if value is None else format(value, "f"),
    )


def _reason(cell: Cell) -> Text | None:
    return cell.outcome.reason if cell.outcome is not None else None


def _told(cell: Cell) -> Outcome | None:
    """Return a cell's figure, None where no numerator and denominator are published of it."""
    return None if _reason(cell) in UNTOLD else cell.outcome


def _change(cell: Cell, before: Cell) -> Decimal | None:
    if cell.scored is None or before.scored is None:
        return None
    return cell.scored.points + cell.scored.bonus - before.scored.points - before.scored.bonus


def _total(found: Total) -> TotalAnswer:
    return TotalAnswer(
        score=format(found.score, "f"),
        points=format(found.points, "f"),
        lost=format(found.lost, "f"),
        bonus=format(found.bonus, "f"),
        out_of=format(found.out_of, "f"),
        percent=share_text(found.share),
    )


def _text(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")
