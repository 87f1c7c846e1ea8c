"""Which chart a table makes: a trend, areas compared, small multiples, or a pyramid. No I/O.

Several periods make a trend (up to six lines) or a panel for each area; one period makes bars. A chart has one unit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from renkou_common.codes.period import PeriodKind
from renkou_common.errors import InvalidInput, Text
from renkou_reporting.outputs.charts.compared import MOST_BARS, Bar, compared
from renkou_reporting.outputs.charts.data import Aim, Point, Series
from renkou_reporting.outputs.charts.frame import Caption
from renkou_reporting.outputs.charts.multiples import MOST_PANELS, multiples
from renkou_reporting.outputs.charts.trend import MOST_PERIODS, MOST_SERIES, trend
from renkou_reporting.outputs.domain import Column, Heading, Position, Table, by_year
from renkou_reporting.outputs.scene import Lettering, Scene

type Aims = Mapping[Position, Aim]


def chart(lettering: Lettering, table: Table, aims: Aims) -> Scene:
    """Return the chart of a table that :func:`check` has found nothing wrong with."""
    drawn, aims = _narrowed(table, aims)
    areas, headings = len(drawn.areas), range(len(drawn.headings))
    unit, caption = drawn.headings[0].unit, _caption(drawn)
    if len(drawn.columns) == 1:
        return compared(lettering, caption, _bars(drawn, aims), unit, ranked=areas > 1)
    series = [_series(drawn, number, place, aims) for place in range(areas) for number in headings]
    if len(series) <= MOST_SERIES:
        return trend(lettering, caption, _periods(drawn.columns), series, unit)
    ends = (drawn.columns[0].label.zh, drawn.columns[-1].label.zh)
    return multiples(lettering, caption, ends, series, unit)


def check(table: Table) -> None:
    """Raise InvalidInput for a table that makes no chart, saying what would."""
    if not table.headings:
        raise _refused("no_figures", "没有可以画图的指标", "there is no figure to draw")
    headings = _headings(table)
    units = {table.headings[number].unit for number in headings}
    if len(units) > 1:
        raise _refused(
            "chart_units",
            f"一张图只能有一种计量单位，本表有 {'、'.join(sorted(units))}；请用 indicator 选择指标",
            f"a chart has one unit, the table has {', '.join(sorted(units))}; choose with indicator",
        )
    areas, columns = len(table.areas), len(table.columns)
    if areas > 1 and len(headings) > 1 and areas * len(headings) > (MOST_SERIES if columns > 1 else 0):
        raise _refused(
            "chart_indicators", "多个区划的图只能有一个指标", "a chart of several areas has one indicator"
        )
    if columns > MOST_PERIODS:
        raise _too_many("统计期", "periods", MOST_PERIODS, columns)
    if columns > 1 and areas * len(headings) > MOST_PANELS:
        raise _too_many("区划", "areas", MOST_PANELS, areas)
    if areas * len(headings) > MOST_BARS:
        raise _too_many("区划", "areas", MOST_BARS, areas)


def _headings(table: Table) -> Sequence[int]:
    """Return which headings are drawn: of one indicator asked for by areas, the one that is not told apart."""
    numbers = range(len(table.headings))
    one = len({each.indicator for each in table.headings}) == 1
    if one and len(table.areas) > 1 and not table.headings[0].dims.label.zh:
        return numbers[:1]
    return numbers


def _narrowed(table: Table, aims: Aims) -> tuple[Table, Aims]:
    """Return the table and targets of those headings that are drawn."""
    chosen = _headings(table)
    place = {number: at for at, number in enumerate(chosen)}

    def moved[T](found: Mapping[Position, T]) -> dict[Position, T]:
        return {
            at._replace(heading=place[at.heading]): one for at, one in found.items() if at.heading in place
        }

    headings = [table.headings[number] for number in chosen]
    return replace(table, headings=headings, numbers=moved(table.numbers)), moved(aims)


def _caption(table: Table) -> Caption:
    population, period, place = table.population_name, table.period, table.area.name
    one = table.headings[0].label if len(table.headings) == 1 else table.headings[0].name
    if len({each.indicator for each in table.headings}) > 1:
        one = Text("考核指标", "figures")
    title = Text(
        f"{place}{one.zh}（{population.zh}）  {period.zh}",
        f"{one.en}, {place} ({population.en}), {period.en}",
    )
    return Caption(title, table.notes)


def _bars(table: Table, aims: Aims) -> list[Bar]:
    several = len(table.areas) > 1
    return [
        Bar(
            area.name if several else _short(table.headings[number], table),
            Point.of(table, table.numbers[at := Position(number, place, 0)]),
            aims.get(at),
            whole=several and place == 0,
        )
        for place, area in enumerate(table.areas)
        for number in range(len(table.headings))
    ]


def _series(table: Table, number: int, place: int, aims: Aims) -> Series:
    positions = [Position(number, place, when) for when in range(len(table.columns))]
    names = [table.areas[place].name] if len(table.areas) > 1 else []
    if len(table.headings) > 1:
        names.append(_short(table.headings[number], table))
    points = [Point.of(table, table.numbers[at]) for at in positions]
    return Series("·".join(names), points, [aims.get(at) for at in positions])


def _short(heading: Heading, table: Table) -> str:
    """Return a heading without the indicator's name where all are of the same."""
    if len({one.indicator for one in table.headings}) > 1:
        return heading.label.zh
    return heading.dims.label.zh or "合计"


def _periods(columns: Sequence[Column]) -> list[tuple[str, str]]:
    if by_year(columns):
        years = [one.period.year for one in columns]
        return [
            (
                one.short.zh,
                f"{one.period.year}年" if number == 0 or years[number - 1] != one.period.year else "",
            )
            for number, one in enumerate(columns)
        ]
    kinds = {one.period.kind for one in columns}
    plain = kinds == {PeriodKind.YEAR} or kinds == {PeriodKind.STATISTICAL_YEAR}
    return [(one.label.zh if plain else str(one.period), "") for one in columns]


def _too_many(zh: str, en: str, most: int, found: int) -> InvalidInput:
    return _refused(
        "chart_too_large",
        f"图中最多 {most} 个{zh}，本表有 {found} 个",
        f"a chart has at most {most} {en}, not {found}",
    )


def _refused(code: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput.field("/query", code, zh, en)
