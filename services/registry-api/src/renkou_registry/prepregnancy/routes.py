"""HTTP of pre-pregnancy checks. Findings are read for a purpose only, and each reading is logged."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.errors import NotFound
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.http.days import Day
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.audit.domain import What
from renkou_registry.fields import AreaQuery, check_not_future
from renkou_registry.prepregnancy import answers, findings, forms, service
from renkou_registry.prepregnancy.domain import ReadPurpose
from renkou_registry.prepregnancy.forms import Step
from renkou_registry.prepregnancy.schemas import (
    CheckCreate,
    CheckOut,
    CheckPage,
    ConsentCreate,
    Ending,
    FindingCorrection,
    FindingsOut,
    FormOut,
    PersonFindings,
    StepCreate,
)
from renkou_registry.proofs.printing import PDF
from renkou_registry.proofs.printing import answer as printed
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(tags=["prepregnancy 孕前优生"])
Reader = Annotated[Access, Depends(requires(Scope.PREPREGNANCY_READ))]
Writer = Annotated[Access, Depends(requires(Scope.PREPREGNANCY_WRITE))]
Key = Annotated[RequestKey, Depends(request_key)]
Version = Annotated[int, Depends(expected_version)]
Purpose = Annotated[ReadPurpose, Query(description="what the findings are read for")]
_PATH = "/prepregnancy-checks"
_ONE = _PATH + "/{check_id}"


@router.get("/prepregnancy-forms/{form_version}", summary="Read a form 检查表单", response_model=FormOut)
async def read_form(form_version: str, _: Reader) -> FormOut:
    """Read which values each step may hold, with code lists. Needs `prepregnancy:read`."""
    form = forms.form_of(form_version)
    if form is None:
        raise NotFound.of("表单", "form")
    return answers.form(form)


@router.post(_PATH, status_code=201, summary="Register a couple 登记夫妇", response_model=CheckOut)
async def create_check(
    body: CheckCreate, response: Response, runtime: CurrentRuntime, access: Writer, key: Key
) -> CheckOut:
    """Register a couple or one person alone, or record that they declined. Needs `prepregnancy:write`."""
    check_not_future({"/registered_on": body.registered_on}, runtime.clock.today())
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.register(
                runtime,
                tx,
                access.areas,
                body.person_ids,
                body.registered_on,
                declined=body.declined,
                recorded_by=access.subject,
            )

        check_id, _ = await once(tx, access.subject, key, create)
        found = await service.find(tx, check_id, access.areas)
    response.headers["Location"] = f"{_PATH}/{check_id}"
    return _answer(response, found)


@router.get(_PATH, summary="List an area's checks 检查列表", response_model=CheckPage)
async def list_checks(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    first_day: Annotated[Day | None, Query(alias="from", description="first day")] = None,
    last_day: Annotated[Day | None, Query(alias="to", description="last day")] = None,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CheckPage:
    """List the checks that couples take part in, by area and day of registration; never by what was found,
    nor who declined. Needs `prepregnancy:read`."""
    position = decode_cursor(after, int, date, UUID)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(tx, access.areas, area, (first_day, last_day), position, limit + 1)
    rows = found[:limit]
    shown = {each for row in rows for each in answers.summary(row).person_ids}
    await runtime.readings.record(access, What.PREPREGNANCY, shown)
    following = None
    if len(found) > limit:
        following = encode_cursor(rows[-1]["area"], rows[-1]["registered_on"], str(rows[-1]["id"]))
    return CheckPage(items=[answers.summary(row) for row in rows], next=following)


@router.get(_ONE, summary="Read a check 检查详情", response_model=CheckOut)
async def read_check(check_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader) -> CheckOut:
    """Read how far a check has come, findings sealed. Needs `prepregnancy:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.find(tx, check_id, access.areas)
    await runtime.readings.record(access, What.PREPREGNANCY, [each.id for each in found.couple])
    return _answer(response, found)


@router.post(f"{_ONE}/consents", summary="Record a consent 登记单独同意", response_model=CheckOut)
async def create_consent(
    check_id: UUID,
    body: ConsentCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> CheckOut:
    """Record a person's separate consent; no step is recorded without it. Needs `prepregnancy:write`."""
    check_not_future({"/given_on": body.given_on}, runtime.clock.today())
    async with runtime.database.transaction(access.areas) as tx:
        found = await service.consent(
            runtime, tx, access, check_id, version, body.person_id, body.given_on, body.given_how
        )
    return _answer(response, found)


@router.post(f"{_ONE}/steps/{{step}}", summary="Record a step 登记检查步骤", response_model=CheckOut)
async def create_step(
    check_id: UUID,
    step: Step,
    body: StepCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> CheckOut:
    """Record the next step for each person whom it concerns, sealed. Needs `prepregnancy:write`."""
    check_not_future({"/done_on": body.done_on}, runtime.clock.today())
    values = {each.person_id: each.values for each in body.persons}
    async with runtime.database.transaction(access.areas) as tx:
        found = await service.record_step(runtime, tx, access, check_id, version, step, body.done_on, values)
    return _answer(response, found)


@router.post(f"{_ONE}/corrections", summary="Correct a finding 更正检查结果", response_model=CheckOut)
async def correct_finding(
    check_id: UUID,
    body: FindingCorrection,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> CheckOut:
    """Put right what a step found in one person. Needs `prepregnancy:write`."""
    async with runtime.database.transaction(access.areas) as tx:
        found = await service.correct(
            runtime, tx, access, check_id, version, body.step, body.person_id, body.values, body.reason
        )
    return _answer(response, found)


@router.post(f"{_ONE}/closure", summary="Close a check 结案", response_model=CheckOut)
async def close_check(
    check_id: UUID,
    body: Ending,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> CheckOut:
    """Close a check of which the couple was informed; follow-up is an offer. Needs `prepregnancy:write`."""
    today = runtime.clock.today()
    on = body.on or today
    check_not_future({"/on": on}, today)
    async with runtime.database.transaction(access.areas) as tx:
        found = await service.close(runtime, tx, access, check_id, version, on)
    return _answer(response, found)


@router.post(f"{_ONE}/withdrawal", summary="Withdraw 退出检查", response_model=CheckOut)
async def withdraw_check(
    check_id: UUID,
    body: Ending,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> CheckOut:
    """Record that the couple withdraws, at any time: findings are deleted, nothing counts. Needs
    `prepregnancy:write`."""
    today = runtime.clock.today()
    on = body.on or today
    check_not_future({"/on": on}, today)
    async with runtime.database.transaction(access.areas) as tx:
        found = await service.withdraw(runtime, tx, access, check_id, version, on)
    return _answer(response, found)


@router.get(f"{_ONE}/findings", summary="Read findings 查看检查结果", response_model=FindingsOut)
async def read_findings(
    check_id: UUID, runtime: CurrentRuntime, access: Reader, purpose: Purpose
) -> FindingsOut:
    """Read what was found, in the clear; the reading is logged for each person. Needs `prepregnancy:read`."""
    async with runtime.database.transaction(access.areas) as tx:
        found = await service.find(tx, check_id, access.areas)
        read = await findings.read(runtime, tx, access, found.steps, purpose)
    return FindingsOut(
        check_id=check_id,
        purpose=purpose,
        form_version=found.form.version,
        persons=[PersonFindings(person_id=each, steps=steps) for each, steps in read.items()],
    )


@router.get(
    f"{_ONE}/result.pdf",
    summary="Print the result 打印结果单",
    responses={200: {"content": PDF}},
    response_class=Response,
)
async def print_result(check_id: UUID, runtime: CurrentRuntime, access: Reader, purpose: Purpose) -> Response:
    """Print the couple's result sheet; the reading is logged for each person. Needs `prepregnancy:read`."""
    async with runtime.database.transaction(access.areas) as tx:
        found = await service.find(tx, check_id, access.areas)
        read = await findings.read(runtime, tx, access, found.steps, purpose)
        sheet = await answers.sheet(runtime, tx, access.areas, found, read)
    return await printed(runtime, sheet)


def _answer(response: Response, found: service.Check) -> CheckOut:
    response.headers["ETag"] = etag(found.row["version"])
    return answers.check(found)
