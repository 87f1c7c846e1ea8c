"""A reporting error as it was published: the first and the last version, and which figures differ between them.

Whoever sees exact figures sees every number; others see what the versions show, and of a figure that one of the two
hides neither that it differs nor by how much.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from renkou_common.database import Transaction
from renkou_common.errors import InvalidInput, Text
from renkou_common.scope import AreaScope
from renkou_reporting.explain.made import Made, ends, versions_of
from renkou_reporting.explain.restatement_schemas import (
    PublishedDifference,
    PublishedMember,
    PublishedNumbers,
    Restated,
    RestatementAnswer,
    RestatementQuestion,
)
from renkou_reporting.figures.domain import NOT_PUBLISHED, Outcome, reporting_error
from renkou_reporting.figures.service import Table, figure_members, figure_of
from renkou_reporting.indicators.domain import Indicator, IndicatorKind
from renkou_reporting.indicators.service import current
from renkou_reporting.labels import Label
from renkou_reporting.published import service as published
from renkou_reporting.published.domain import (
    SUPPRESSED,
    Cell,
    Key,
    dims_text,
    exact_text,
    read_exact,
    same_computation,
)

HIDDEN = Text("含未满 5 人的数字, 不予公布", "Suppressed: it would tell of fewer than 5 people")
_FRAME = ("population", "population_name", "area", "period", "indicator", "name", "unit")
type Place = tuple[str, str]
"""Area and dimensions of a published figure."""


async def show(
    tx: Transaction, areas: AreaScope, exact: AreaScope, question: RestatementQuestion
) -> RestatementAnswer:
    """Return what an error is made of; ``exact``: where the caller sees exact figures.

    Raises NotFound outside ``areas``, and InvalidInput for an indicator that is no error.
    """
    found = await figure_of(tx, areas, question)
    (asked,) = found.asked.values()
    if asked.indicator.kind is not IndicatorKind.ERROR:
        raise InvalidInput.field(
            "/query/indicator",
            "not_an_error",
            "应为统计误差类指标 (kind 为 error)",
            "must be a reporting error (an indicator of kind error)",
        )
    catalogue = await current(tx)
    of = catalogue.indicators[asked.indicator.of or ""]
    versions = await versions_of(tx, found, of.code, catalogue.measures)
    all_shown = exact.covers(*found.area.interval())
    two = ends(versions, hidden=not all_shown)
    error = _error(asked.indicator, two, all_shown=all_shown)
    head = figure_members(found)
    return RestatementAnswer(
        **{name: head[name] for name in _FRAME},
        of=of.code,
        of_name=Label(zh=of.zh, en=of.en),
        of_unit=of.unit,
        dims=dims_text(asked.sliced),
        numerator=None if error.reason is HIDDEN else error.numerator_text,
        denominator=None if error.reason is HIDDEN else error.denominator_text,
        value=error.value_text,
        reason=None if error.reason is None else Label(zh=error.reason.zh, en=error.reason.en),
        figures=[_member(one, all_shown=all_shown) for one in two],
        restatements=[_restated(one) for one in versions if two and _after(two[0], one)],
        items=await _differences(tx, found, two, all_shown=all_shown) if two else [],
    )


def _error(indicator: Indicator, two: list[Made], *, all_shown: bool) -> Outcome:
    if not two:
        return Outcome(0, 0, None, indicator.digits, NOT_PUBLISHED)
    if not all_shown and any(_hidden(one) for one in two):
        return Outcome(0, 0, None, indicator.digits, HIDDEN)
    first, last = (one.state.value for one in two)
    return reporting_error(indicator, first, last)


def _hidden(made: Made) -> bool:
    return made.version is not None and made.version.hidden


def _after(first: Made, one: Made) -> bool:
    return (one.published or 0) > (first.published or 0)


def _member(made: Made, *, all_shown: bool) -> PublishedMember:
    assert made.figure is not None
    assert made.published is not None
    outcome = made.outcome
    cell = Cell(
        Key("", "", "", ""),
        exact_text(outcome.numerator),
        exact_text(outcome.denominator),
        outcome.value_text,
        None,
        hidden=_hidden(made) and not all_shown,
    )
    return PublishedMember(
        figure=made.figure,
        published=made.published,
        version=made.asked.indicator.version,
        **_numbers(cell).model_dump(),
    )


def _restated(made: Made) -> Restated:
    assert made.version is not None
    assert made.published is not None
    head = made.version.head
    return Restated(published=made.published, signed_at=head["second_signed_at"], reason=head["reason"])


async def _differences(
    tx: Transaction, found: Table, two: list[Made], *, all_shown: bool
) -> list[PublishedDifference]:
    """Return the published figures that differ between two versions, of an area and everything below."""
    (asked,) = found.asked.values()
    wanted = set(filter(None, dims_text(asked.sliced).split(";")))
    code = two[0].asked.indicator.code
    cells: list[dict[Place, Cell]] = []
    definitions = []
    for made in two:
        assert made.version is not None
        rows = await published.figures_of(tx, made.version.head["id"], found.area, asked.population, code)
        cells.append(
            {(row.key.area, row.key.dims): row for row in rows if wanted <= set(row.key.dims.split(";"))}
        )
        definitions.append(made.version.head["definitions"][code])
    changed = not same_computation(*definitions)
    return list(_compared(cells[0], cells[1], definition_changed=changed, all_shown=all_shown))


def _compared(
    before: Mapping[Place, Cell], after: Mapping[Place, Cell], *, definition_changed: bool, all_shown: bool
) -> Iterator[PublishedDifference]:
    for place in sorted(before.keys() | after.keys()):
        old, new = before.get(place), after.get(place)
        hidden = any(cell is not None and cell.hidden for cell in (old, new))
        if (hidden and not all_shown) or (old is not None and new is not None and old.same_numbers(new)):
            continue
        yield PublishedDifference(
            area=place[0],
            dims=place[1],
            before=None if old is None else _numbers(old, all_shown=True),
            after=None if new is None else _numbers(new, all_shown=True),
            **_changes(old, new),
            definition_changed=definition_changed,
            hidden=hidden,
        )


def _numbers(cell: Cell, *, all_shown: bool = False) -> PublishedNumbers:
    if cell.hidden and not all_shown:
        return PublishedNumbers(numerator=None, denominator=None, value=None, reason=SUPPRESSED)
    return PublishedNumbers(
        numerator=cell.numerator, denominator=cell.denominator, value=cell.value, reason=cell.reason
    )


def _changes(old: Cell | None, new: Cell | None) -> dict[str, str | None]:
    if old is None or new is None:
        return dict.fromkeys(("numerator_change", "denominator_change", "value_change"))
    valued = old.value is not None and new.value is not None
    return {
        "numerator_change": exact_text(read_exact(new.numerator) - read_exact(old.numerator)),
        "denominator_change": exact_text(read_exact(new.denominator) - read_exact(old.denominator)),
        "value_change": str(Decimal(new.value or 0) - Decimal(old.value or 0)) if valued else None,
    }
