"""Makes files of tables: checks how large they are, and draws them outside of the event loop."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from types import ModuleType
from typing import Any

import orjson

from renkou_common.codes.area import AreaCode
from renkou_common.database import Reader
from renkou_common.errors import InvalidInput, Text
from renkou_common.scope import AreaScope
from renkou_reporting.areas import service as areas
from renkou_reporting.indicators.service import current
from renkou_reporting.outputs.charting import Aims, check
from renkou_reporting.outputs.charts.scores import MOST_ACROSS, fits
from renkou_reporting.outputs.delimited import csv_of
from renkou_reporting.outputs.domain import Table
from renkou_reporting.outputs.forecasting import Outlook
from renkou_reporting.outputs.form import Form
from renkou_reporting.outputs.schemas import MOST_IN_SHEET, MOST_ON_PAGE, CardForm, TableForm
from renkou_reporting.outputs.sdmx import sdmx_csv
from renkou_reporting.outputs.sources import day_of
from renkou_reporting.outputs.structure import structure
from renkou_reporting.scorecards.schemas import ExplainedAnswer, ScoresAnswer

_thread = ThreadPoolExecutor(1, thread_name_prefix="drawing")
"""One file at a time is made in a process: that bounds what it takes of memory, and of other requests' time."""


async def file_of(table: Table, form: TableForm, head: Form, aims: Aims) -> bytes:
    """Return a table as a file; raises InvalidInput for one that is too large for its form, or makes no chart."""
    match form:
        case TableForm.CSV:
            return await drawn(lambda: csv_of(table))
        case TableForm.SDMX_CSV:
            return await drawn(lambda: sdmx_csv(table))
        case TableForm.XLSX:
            _bounded(len(table.numbers), MOST_IN_SHEET)
            return await drawn(lambda: _workbook(table, head))
        case TableForm.PDF:
            _bounded(len(table.numbers), MOST_ON_PAGE)
            return await drawn(lambda: _drawing().table_page(table, head))
        case TableForm.PNG:
            check(table)
            return await drawn(lambda: _drawing().table_chart(table, aims))


async def trend_file(table: Table, form: CardForm, aims: Aims) -> bytes:
    """Return a table's chart as a page or a picture; raises InvalidInput for one that makes none."""
    check(table)
    return await drawn(lambda: _drawing().chart_file(table, aims, form))


async def pyramid_file(table: Table, form: TableForm, head: Form) -> bytes:
    """Return people by age and sex as a file; its picture is a pyramid."""
    if form is TableForm.PNG:
        return await drawn(lambda: _drawing().pyramid_chart(table))
    return await file_of(table, form, head, {})


async def card_file(found: ScoresAnswer | ExplainedAnswer, notes: Sequence[Text], form: CardForm) -> bytes:
    """Return a scorecard as a file; raises InvalidInput where neither areas nor items fit across."""
    if isinstance(found, ScoresAnswer) and not fits(found):
        raise InvalidInput.field(
            "/query",
            "card_too_large",
            f"区域和指标都多于 {MOST_ACROSS} 个，放不进一页；请用 area 逐个区域下载",
            f"there are more than {MOST_ACROSS} areas and items; ask for one area at a time",
        )
    made = day_of(found.counted_to)
    return await drawn(lambda: _drawing().card(found, notes, form, made))


async def outlook_file(found: Outlook, form: CardForm) -> bytes:
    """Return a forecast's chart."""
    made = day_of(date(found.forecasts[0].base, 12, 31))
    return await drawn(lambda: _drawing().outlook_file(found, form, made))


async def drawn(draw: Callable[[], bytes]) -> bytes:
    """Return what a drawing comes to; the process goes on with other requests meanwhile."""
    return await asyncio.get_running_loop().run_in_executor(_thread, draw)


async def structure_of(tx: Reader, scope: AreaScope, made: datetime) -> bytes:
    """Return the structure message for the indicators in force and the areas of a caller."""
    catalogue, tree = await current(tx), await areas.tree(tx)
    found = {
        code: each.name
        for each in tree.divisions.values()
        if scope.covers(*AreaCode.parse(code := each.code).interval())
    }
    names = {code: Text(one.zh, one.en) for code, one in catalogue.indicators.items()}
    message: dict[str, Any] = structure(names, sorted(found.items()), made)
    return orjson.dumps(message)


def _workbook(table: Table, head: Form) -> bytes:
    from renkou_reporting.outputs.workbook import workbook

    return workbook(table, head)


def _drawing() -> ModuleType:
    from renkou_reporting.outputs import drawing

    return drawing


def _bounded(size: int, most: int) -> None:
    if size > most:
        raise InvalidInput.field(
            "/query",
            "file_too_large",
            f"该格式最多 {most} 个数，本表有 {size} 个；请缩小范围或下载 CSV",
            f"this form holds at most {most} figures, the table has {size}; narrow it, or take .csv",
        )
