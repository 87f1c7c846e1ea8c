"""A forecast as a chart: what was counted, and the years to come under each scenario. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from renkou_common.errors import Text
from renkou_reporting.forecast.schemas import ForecastAnswer
from renkou_reporting.outputs.charts.data import Point, Series
from renkou_reporting.outputs.charts.frame import Caption
from renkou_reporting.outputs.charts.trend import trend
from renkou_reporting.outputs.domain import Place
from renkou_reporting.outputs.scene import Lettering, Scene

_NOTHING = Point(None, "")
_SOURCE = Text(
    "资料来源：本区登记的人口、出生、死亡和迁移，队列要素法；预测不是公布数。",
    "Source: the district's own counts, by the cohort-component method; a forecast is no published figure.",
)


@dataclass(frozen=True, slots=True)
class Outlook:
    """Forecasts of one area from one base year, by scenario; drawn are people or births."""

    area: Place
    forecasts: Sequence[ForecastAnswer]
    births: bool = False


def outlook(lettering: Lettering, found: Outlook) -> Scene:
    """Return the chart of up to five scenarios."""
    first = found.forecasts[0]
    years = [*(one.year for one in first.past), *(one.year for one in first.items)]
    counted = {one.year: one.born if found.births else one.closing for one in first.past}
    past = {year: Decimal(value) for year, value in counted.items()}
    lines = [Series("已统计 counted", _points(years, past), _none(years))]
    for one in found.forecasts:
        values = {each.year: Decimal(each.born if found.births else each.closing) for each in one.items}
        if one.base in counted:
            values[one.base] = Decimal(counted[one.base])
        name = f"{one.scenario_name.zh} {one.scenario_name.en}"
        lines.append(Series(name, _points(years, values), _none(years)))
    return trend(lettering, _caption(found, years), [(str(year), "") for year in years], lines, "人")


def _points(years: Sequence[int], values: dict[int, Decimal]) -> list[Point]:
    return [
        Point(float(values[year]), f"{values[year]:,.0f}") if year in values else _NOTHING for year in years
    ]


def _none(years: Sequence[int]) -> list[None]:
    return [None for _ in years]


def _caption(found: Outlook, years: Sequence[int]) -> Caption:
    first = found.forecasts[0]
    what = Text("出生人数", "births") if found.births else Text("年末人口", "population at the year's end")
    title = Text(
        f"{found.area.name}{what.zh}预测（{first.population_name.zh}）  {years[0]}—{years[-1]}年",
        f"Forecast: {what.en}, {found.area.name} ({first.population_name.en}), {years[0]} to {years[-1]}",
    )
    notes = [Text(f"{one.scenario_name.zh}：{one.scenario_text.zh}", f"{one.scenario_name.en}: {one.scenario_text.en}")
             for one in found.forecasts]  # fmt: skip
    return Caption(title, [*notes, *_errors(first, births=found.births), _SOURCE])


def _errors(first: ForecastAnswer, *, births: bool) -> list[Text]:
    """Return how far forecasts of past years were off."""
    told = [
        (one.horizon, error)
        for one in first.errors
        if (error := one.births if births else one.population) is not None
    ]
    if not told:
        return []
    zh = "、".join(f"{horizon} 年 {error}%" for horizon, error in told)
    en = ", ".join(f"{horizon} years {error}%" for horizon, error in told)
    return [
        Text(
            f"以往年份作同样预测的平均误差：{zh}",
            f"Mean error of such forecasts of past years: {en}",
        )
    ]
