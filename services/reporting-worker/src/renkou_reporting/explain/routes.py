"""GET /figures/cells, /figures/facts, /figures/change and /figures/restatement; POST /figures/cases."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from renkou_common.identity.http import granted, requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_reporting.disclosure.access import exact_areas
from renkou_reporting.explain import cases, changes, restated, service
from renkou_reporting.explain.restatement_schemas import RestatementAnswer, RestatementQuestion
from renkou_reporting.explain.schemas import (
    CasesAnswer,
    CasesRequest,
    CellsAnswer,
    CellsQuestion,
    ChangeAnswer,
    ChangeQuestion,
    FactsAnswer,
    FactsQuestion,
    VersionsChangeQuestion,
)
from renkou_reporting.returns.completeness import duty
from renkou_reporting.runtime import CurrentRuntime

router = APIRouter(prefix="/figures", tags=["figures"])
Reader = Annotated[Access, Depends(requires(Scope.FIGURE_EXACT))]


@router.get("/cells", summary="What a figure is the sum of 汇总格")
async def get_cells(
    question: Annotated[CellsQuestion, Query()], access: Reader, runtime: CurrentRuntime
) -> CellsAnswer:
    """Return a figure's terms, and its cells by area below, month, measure, sex, parity and detail.

    Over all pages `counts` add up to the numerator and the denominator exactly: of a growth to those of this period
    and of the year before, each in `figures`; of a reporting error to what the version published last has more than
    the first. Needs `figure:exact`.
    """
    async with service.snapshot(runtime, access.areas) as tx:
        return await service.cells(tx, access.areas, question, duty(runtime))


@router.get("/facts", summary="The facts behind a figure 统计事实")
async def get_facts(
    question: Annotated[FactsQuestion, Query()], access: Reader, runtime: CurrentRuntime
) -> FactsAnswer:
    """Return the facts of a figure, or of one cell: which event counted what, when it was recorded, whether it
    corrects or came late. Of a reporting error those taken in between its two versions. Names nobody; the cases are
    `POST /figures/cases`. Needs `figure:exact`.
    """
    async with service.snapshot(runtime, access.areas) as tx:
        return await service.facts(tx, access.areas, question, duty(runtime))


@router.post("/cases", summary="The cases behind facts 统计个案")
async def show_cases(
    body: CasesRequest, request: Request, response: Response, access: Reader, runtime: CurrentRuntime
) -> CasesAnswer:
    """Show the records behind facts, as registry-api and migrant-api show them to this caller; nothing is kept here.

    Each service decides by its own rights and areas and logs the reading with its purpose. What the caller may
    not read and what is unknown is counted; where a service refuses a caller altogether, `sources` says why. Needs
    `figure:exact`, and there the right to the records.
    """
    rights = await granted(request, [Scope.RETURN_READ])
    response.headers["Cache-Control"] = "no-store"
    return await cases.show(runtime, access, rights.get(Scope.RETURN_READ), body)


@router.get("/change", summary="Why a figure is another than before 变动原因")
async def get_change(
    question: Annotated[ChangeQuestion, Query()], access: Reader, runtime: CurrentRuntime
) -> ChangeAnswer:
    """Return what by measure, area and cause makes a figure another than that of the period `against`.

    All `change` of a side add up to its change, all `on_value` to that of the value, exactly. Needs
    `figure:exact`.
    """
    async with service.snapshot(runtime, access.areas) as tx:
        return await changes.against_period(tx, access.areas, question, duty(runtime))


@router.get("/change/versions", summary="Why a published figure was restated 更正原因")
async def get_change_of_versions(
    question: Annotated[VersionsChangeQuestion, Query()], access: Reader, runtime: CurrentRuntime
) -> ChangeAnswer:
    """Return what made a figure another from one published version to a later one, as `GET /figures/change`.

    Needs `figure:exact`.
    """
    async with service.snapshot(runtime, access.areas) as tx:
        return await changes.between_versions(tx, access.areas, question)


@router.get("/restatement", summary="What a reporting error is made of 统计误差构成")
async def get_restatement(
    question: Annotated[RestatementQuestion, Query()],
    request: Request,
    access: Annotated[Access, Depends(requires(Scope.FIGURE_READ))],
    runtime: CurrentRuntime,
) -> RestatementAnswer:
    """Return what was published first and last, which published figures below differ and by how much, and why each
    version was signed; what is published as suppressed is left out without `figure:exact`. Needs `figure:read`.
    """
    exact = await exact_areas(request)
    async with service.snapshot(runtime, access.areas) as tx:
        return await restated.show(tx, access.areas, exact, question)
