"""Draws tables, charts and scorecards. Imported by the thread that draws: fonts and Pillow take a while to load."""

from collections.abc import Sequence
from datetime import datetime

from renkou_common.errors import InvalidInput, Text
from renkou_reporting.outputs.charting import Aims, chart
from renkou_reporting.outputs.charts import scores
from renkou_reporting.outputs.charts.frame import Caption
from renkou_reporting.outputs.charts.pyramid import Band, pyramid
from renkou_reporting.outputs.domain import State, Table
from renkou_reporting.outputs.forecasting import Outlook, outlook
from renkou_reporting.outputs.form import Form
from renkou_reporting.outputs.lettering import FontLettering
from renkou_reporting.outputs.page import TooLarge, choices, page
from renkou_reporting.outputs.painting import png_of
from renkou_reporting.outputs.paper import on_paper, pdf_of
from renkou_reporting.outputs.scene import Scene
from renkou_reporting.outputs.schemas import CardForm
from renkou_reporting.scorecards.schemas import ExplainedAnswer, ScoresAnswer

_lettering = FontLettering()


def table_page(table: Table, form: Form) -> bytes:
    """Return a table as one page of PDF; raises InvalidInput for one that does not fit."""
    try:
        return pdf_of(page(_lettering, table, form), table.origin.made)
    except TooLarge:
        raise _too_large(table) from None


def _too_large(table: Table) -> InvalidInput:
    """Return the refusal of a table that fits on no page, with how much of it would."""
    areas, columns, headings = choices(_lettering, table)
    zh, en = [], []
    if columns:
        zh.append(f"统计期减到 {columns} 个")
        en.append(f"{columns} of its {len(table.columns)} periods")
    if areas:
        zh.append(f"区划减到 {areas} 个（用 area 选下级区划，或 areas=children）")
        en.append(f"{areas} of its {len(table.areas)} areas (area of a subdistrict, or areas=children)")
    if headings:
        zh.append(f"指标减到 {headings} 个")
        en.append(f"{headings} of its {len(table.headings)} indicators")
    would_zh = f"其余不变，{'，或'.join(zh)}即可放下" if zh else "请同时减少区划、统计期和指标"
    would_en = f"it would with {', or '.join(en)}" if en else "ask for fewer areas, periods and indicators"
    return InvalidInput.field(
        "/query",
        "page_too_large",
        f"本表放不进一页 A3；{would_zh}；或下载 .xlsx 分页打印",
        f"the table does not fit on one page of A3; {would_en}; or print the .xlsx",
    )


def table_chart(table: Table, aims: Aims) -> bytes:
    """Return a table's chart as PNG."""
    return chart_file(table, aims, CardForm.PNG)


def chart_file(table: Table, aims: Aims, form: CardForm) -> bytes:
    """Return a table's chart as PNG, or as one page of PDF."""
    scene = chart(_lettering, table, aims)
    return png_of(scene) if form is CardForm.PNG else pdf_of(on_paper(scene), table.origin.made)


def pyramid_chart(table: Table) -> bytes:
    """Return the chart of a pyramid's table as PNG."""
    return png_of(pyramid_scene(table))


def pyramid_scene(table: Table) -> Scene:
    """Return the pyramid of a table by age and sex."""
    numbers = {
        (table.headings[at.heading].dims.ages, table.headings[at.heading].dims.sex): one
        for at, one in table.numbers.items()
    }
    ages = dict.fromkeys(age for age, _ in numbers if age is not None)

    def count(age: str, sex: str) -> int | None:
        one = numbers[age, sex]
        return None if one.state is State.HIDDEN or one.value is None else int(one.value)

    bands = [Band(age, count(age, "1"), count(age, "2")) for age in ages]
    place, population, period = table.area.name, table.population_name, table.period
    title = Text(
        f"{place}人口金字塔（{population.zh}）  {period.zh}",
        f"People by age and sex, {place} ({population.en}), {period.en}",
    )
    return pyramid(_lettering, Caption(title, table.notes), bands)


def outlook_file(found: Outlook, form: CardForm, made: datetime) -> bytes:
    """Return a forecast's chart as PNG, or as one page of PDF."""
    scene = outlook(_lettering, found)
    return png_of(scene) if form is CardForm.PNG else pdf_of(on_paper(scene), made)


def card(
    found: ScoresAnswer | ExplainedAnswer, notes: Sequence[Text], form: CardForm,
    made: datetime,
) -> bytes:  # fmt: skip
    """Return a scorecard as one page of PDF or as PNG: all areas side by side, or one explained."""
    counted = f"截至 {found.counted_to}"
    if isinstance(found, ExplainedAnswer):
        place = f"{found.office}（{found.area_name or found.area}）"
        title = Text(
            f"{found.title}：{place}", f"Scorecard, period {found.period}, counted to {found.counted_to}"
        )
        scene = scores.explained(_lettering, Caption(title, notes), found)
    else:
        title = Text(
            f"{found.title}  {counted}", f"Scores, period {found.period}, counted to {found.counted_to}"
        )
        scene = scores.overview(_lettering, Caption(title, notes), found)
    return png_of(scene) if form is CardForm.PNG else pdf_of(on_paper(scene), made)
