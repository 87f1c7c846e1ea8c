"""Tables and charts of figures as files: one address each, which ends like the file."""

from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common import database
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_reporting.disclosure.access import exact_figures
from renkou_reporting.outputs import service
from renkou_reporting.outputs.charting import Aims, check
from renkou_reporting.outputs.domain import Table
from renkou_reporting.outputs.frozen import published_card, published_table, published_trend
from renkou_reporting.outputs.schemas import (
    MEDIA_TYPES,
    CardFileQuestion,
    CardForm,
    OutlookQuestion,
    PublishedCardQuestion,
    PublishedFileQuestion,
    PublishedTrendQuestion,
    PyramidFileQuestion,
    TableFileQuestion,
    TableForm,
)
from renkou_reporting.outputs.sources import (
    aims_of,
    card,
    live_table,
    outlook_of,
    pyramid_table,
)
from renkou_reporting.outputs.structure import STRUCTURE_TYPE
from renkou_reporting.published.routes import VersionName
from renkou_reporting.returns.completeness import duty
from renkou_reporting.runtime import CurrentRuntime

router = APIRouter(tags=["outputs 报表输出"])
Reader = Annotated[Access, Depends(requires(Scope.FIGURE_READ))]
Exact = Annotated[Access, Depends(exact_figures)]
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file 文件",
        "content": {
            media.split(";")[0]: {"schema": {"type": "string", "format": "binary"}}
            for media in MEDIA_TYPES.values()
        },
    }
}


@router.get(
    "/figures/table.{form}",
    summary="A table of live figures as a file 统计表文件",
    response_class=Response,
    responses=_FILE,
)
async def get_table_file(
    form: TableForm,
    question: Annotated[TableFileQuestion, Query()],
    access: Exact,
    runtime: CurrentRuntime,
) -> Response:
    """Return a table as CSV, SDMX-CSV 2.0 or the sheet of a statistical return. Needs `figure:exact`."""
    async with runtime.database.reading(access.areas) as tx:
        table = await live_table(tx, access.areas, question, duty(runtime))
        aims = await _aims(tx, table, form)
    return _answer(table, form, await service.file_of(table, form, question.form, aims))


@router.get(
    "/published/{period}/{version}/table.{form}",
    summary="Published figures as a file 公布数文件",
    response_class=Response,
    responses=_FILE,
)
async def get_published_file(
    period: str,
    version: VersionName,
    form: TableForm,
    question: Annotated[PublishedFileQuestion, Query()],
    access: Reader,
    runtime: CurrentRuntime,
) -> Response:
    """Return published figures to the digit; hidden ones are marked …, never shown. Needs `figure:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        table = await published_table(tx, access.areas, runtime.district, period, version, question)
        aims = await _aims(tx, table, form)
    return _answer(table, form, await service.file_of(table, form, question.form, aims))


@router.get(
    "/published/trend.{form}",
    summary="A published figure over time as a chart 公布数趋势图",
    response_class=Response,
    responses=_FILE,
)
async def get_published_trend(
    form: CardForm,
    question: Annotated[PublishedTrendQuestion, Query()],
    access: Reader,
    runtime: CurrentRuntime,
) -> Response:
    """Return each period as it was published last, with its target; hidden ones are gaps. Needs `figure:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        table = await published_trend(tx, access.areas, runtime.district, question)
        aims = await aims_of(tx, table)
    name = f"trend-{table.area.code}-{question.indicator}-{table.columns[-1].period}"
    return file_answer(name, table.title.zh, form, await service.trend_file(table, form, aims))


@router.get(
    "/published/{period}/{version}/scorecards/{scorecard_id}/scores.{form}",
    summary="A scorecard of published figures as a page or a picture 公布数考核表文件",
    response_class=Response,
    responses=_FILE,
)
async def get_published_card(
    period: str,
    version: VersionName,
    scorecard_id: UUID,
    form: CardForm,
    question: Annotated[PublishedCardQuestion, Query()],
    access: Reader,
    runtime: CurrentRuntime,
) -> Response:
    """Return scores reckoned from what a version of the scorecard's period shows. Needs `figure:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found, notes = await published_card(
            tx, access.areas, runtime.district, period, version, scorecard_id, question
        )
    content = await service.card_file(found, notes, form)
    name = f"published-scores-{question.area or 'all'}-{found.period}"
    return file_answer(name, found.title, form, content)


@router.get(
    "/accounts/pyramid.{form}",
    summary="People by age and sex as a file 人口金字塔文件",
    response_class=Response,
    responses=_FILE,
)
async def get_pyramid_file(
    form: TableForm,
    question: Annotated[PyramidFileQuestion, Query()],
    access: Exact,
    runtime: CurrentRuntime,
) -> Response:
    """Return people by age and sex at a month's end; .png is the pyramid. Needs `figure:exact`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        table = await pyramid_table(tx, access.areas, question)
    return _answer(table, form, await service.pyramid_file(table, form, question.form))


@router.get(
    "/scorecards/{scorecard_id}/scores.{form}",
    summary="A scorecard as a page or a picture 考核表文件",
    response_class=Response,
    responses=_FILE,
)
async def get_card_file(
    scorecard_id: UUID,
    form: CardForm,
    question: Annotated[CardFileQuestion, Query()],
    access: Exact,
    runtime: CurrentRuntime,
) -> Response:
    """Return all areas side by side with their lights, or one area with every point. Needs `figure:exact`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found, notes = await card(tx, access.areas, scorecard_id, question, duty(runtime))
    content = await service.card_file(found, notes, form)
    return file_answer(f"scores-{question.area or 'all'}-{found.period}", found.title, form, content)


@router.get(
    "/figures/structure.sdmx.json",
    summary="The SDMX structure of figures 数据结构定义",
    response_class=Response,
    responses={200: {"content": {STRUCTURE_TYPE.split(";")[0]: {"schema": {"type": "object"}}}}},
)
async def get_structure(access: Reader, runtime: CurrentRuntime) -> Response:
    """Return dataflow, data structure, concepts and code lists of the SDMX-CSV files. Needs `figure:read`."""
    async with runtime.database.reading(access.areas) as tx:
        content = await service.structure_of(tx, access.areas, runtime.clock.now())
    return Response(content, media_type=STRUCTURE_TYPE)


@router.get(
    "/forecasts/chart.{form}",
    summary="Forecasts side by side as a chart 人口预测图",
    response_class=Response,
    responses=_FILE,
)
async def get_outlook_file(
    form: CardForm, question: Annotated[OutlookQuestion, Query()], access: Exact, runtime: CurrentRuntime
) -> Response:
    """Return what was counted and the years to come under each scenario. Needs `figure:exact`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await outlook_of(tx, access.areas, runtime.clock, runtime.district, question)
    content = await service.outlook_file(found, form)
    return file_answer(f"forecast-{found.area.code}", f"{found.area.name}人口预测", form, content)


async def _aims(tx: database.Reader, table: Table, form: TableForm) -> Aims:
    """Return the targets that a chart shows; no other form has them."""
    if form is not TableForm.PNG:
        return {}
    check(table)
    return await aims_of(tx, table)


def _answer(table: Table, form: str, content: bytes) -> Response:
    return file_answer(f"figures-{table.area.code}-{table.columns[-1].period}", table.title.zh, form, content)


def file_answer(name: str, title: str, form: str, content: bytes) -> Response:
    """Return a file under a plain name and under its title."""
    titled = quote(f"{title}.{form}", safe="")
    disposition = f"attachment; filename=\"{name}.{form}\"; filename*=UTF-8''{titled}"
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
    return Response(content, media_type=MEDIA_TYPES[form], headers=headers)
