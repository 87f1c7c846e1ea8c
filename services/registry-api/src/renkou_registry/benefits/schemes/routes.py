"""HTTP of benefit schemes: definitions, and what they say about people."""

from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Path, Query, Response

from renkou_common.codes.masking import mask_name
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_cursor, decode_key, encode_cursor
from renkou_common.http.days import Day
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.audit.domain import What
from renkou_registry.benefits import eligibility
from renkou_registry.benefits.schemes import service
from renkou_registry.benefits.schemes.answers import finding_out
from renkou_registry.benefits.schemes.samples import sample
from renkou_registry.benefits.schemes.schemas import (
    CandidateOut,
    CandidatePage,
    EligibilityOut,
    FromSample,
    SchemeCreate,
    SchemeOut,
    SchemePage,
    SchemeSummary,
    VersionCreate,
    VersionOut,
)
from renkou_registry.fields import AreaQuery, area_code
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(prefix="/benefit-schemes", tags=["benefits 奖扶"])
Reader = Annotated[Access, Depends(requires(Scope.BENEFIT_READ))]
Manager = Annotated[Access, Depends(requires(Scope.SCHEME_MANAGE))]
Key = Annotated[RequestKey, Depends(request_key)]


def _out(row: asyncpg.Record, versions: list[asyncpg.Record]) -> SchemeOut:
    names = VersionOut.model_fields
    return SchemeOut(
        id=row["id"],
        code=row["code"],
        versions=[VersionOut(**{name: each[name] for name in names}) for each in versions],
    )


def _proposal(body: VersionCreate) -> service.Proposal:
    return service.Proposal(
        body.name_zh,
        body.name_en,
        body.legal_basis,
        body.source,
        body.valid_from,
        body.valid_to,
        body.definition,
    )


@router.post("", status_code=201, summary="Propose a scheme 新建奖扶项目", response_model=SchemeOut)
async def create_scheme(
    body: SchemeCreate, response: Response, runtime: CurrentRuntime, access: Manager, key: Key
) -> SchemeOut:
    """Propose a scheme as data; another person activates it. Needs `scheme:manage`."""
    return await _create(runtime, access, key, response, body.code, _proposal(body))


@router.post(
    "/from-sample",
    status_code=201,
    summary="Propose an example 采用示例项目",
    response_model=SchemeOut,
)
async def create_from_sample(
    body: FromSample, response: Response, runtime: CurrentRuntime, access: Manager, key: Key
) -> SchemeOut:
    """Propose an example that comes with the program; its conditions, amounts and dates are to be replaced by
    the office's own. Needs `scheme:manage`."""
    return await _create(runtime, access, key, response, *sample(body.sample))


async def _create(
    runtime: CurrentRuntime,
    access: Access,
    key: RequestKey,
    response: Response,
    code: str,
    proposal: service.Proposal,
) -> SchemeOut:
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.propose(runtime, tx, code, proposal, access.subject)

        scheme_id, _ = await once(tx, access.subject, key, create)
        row, versions = await service.read(tx, scheme_id)
    response.headers["Location"] = f"/benefit-schemes/{scheme_id}"
    return _out(row, versions)


@router.get("", summary="List schemes 奖扶项目列表", response_model=SchemePage)
async def list_schemes(
    runtime: CurrentRuntime,
    access: Reader,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> SchemePage:
    """List schemes by code with their newest version. Needs `benefit:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(tx, decode_key(after, str) or "", limit + 1)
    following = encode_cursor(found[limit - 1]["code"]) if len(found) > limit else None
    return SchemePage(items=[SchemeSummary(**dict(row)) for row in found[:limit]], next=following)


@router.get("/{scheme_id}", summary="Read a scheme 奖扶项目详情", response_model=SchemeOut)
async def read_scheme(scheme_id: UUID, runtime: CurrentRuntime, access: Reader) -> SchemeOut:
    """Read a scheme with all versions. Needs `benefit:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return _out(*await service.read(tx, scheme_id))


@router.post(
    "/{scheme_id}/versions", status_code=201, summary="Propose a version 新版本", response_model=SchemeOut
)
async def create_version(
    scheme_id: UUID, body: VersionCreate, runtime: CurrentRuntime, access: Manager, key: Key
) -> SchemeOut:
    """Propose a new version; what is paid for and how often stays. Needs `scheme:manage`."""
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.propose_version(runtime, tx, scheme_id, _proposal(body), access.subject)

        await once(tx, access.subject, key, create)
        return _out(*await service.read(tx, scheme_id))


@router.post(
    "/{scheme_id}/versions/{number}/activation",
    summary="Put a version into force 启用版本",
    response_model=SchemeOut,
)
async def activate_version(
    scheme_id: UUID,
    number: Annotated[int, Path(ge=1, le=2**31 - 1)],
    response: Response,
    runtime: CurrentRuntime,
    access: Manager,
    expected: Annotated[int, Depends(expected_version)],
) -> SchemeOut:
    """Activate a draft as somebody other than its proposer; an open version before it ends the day before.

    Needs `scheme:manage`.
    """
    async with runtime.database.transaction(access.areas) as tx:
        await service.activate(runtime, tx, scheme_id, number, expected, access.subject)
        row, versions = await service.read(tx, scheme_id)
    response.headers["ETag"] = etag(next(each["version"] for each in versions if each["number"] == number))
    return _out(row, versions)


@router.get(
    "/{scheme_id}/eligibility",
    summary="Is a person entitled, and why 资格核查",
    response_model=EligibilityOut,
)
async def read_eligibility(
    scheme_id: UUID,
    person_id: UUID,
    runtime: CurrentRuntime,
    access: Reader,
    on: Annotated[Day | None, Query(description="as of this day; today unless given")] = None,
) -> EligibilityOut:
    """Evaluate the conditions on the record as of a day, each explained. Needs `benefit:read`."""
    day = on or runtime.clock.today()
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        version, finding = await eligibility.of_person(runtime, tx, access.areas, scheme_id, person_id, day)
    await runtime.readings.record(access, What.BENEFITS, [person_id])
    return EligibilityOut(
        scheme_id=scheme_id,
        scheme_version=version.number,
        person_id=person_id,
        on=day,
        result=finding.answer,
        finding=finding_out(finding),
    )


@router.get(
    "/{scheme_id}/candidates", summary="Who may be entitled 可能符合条件者", response_model=CandidatePage
)
async def list_candidates(
    scheme_id: UUID,
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    on: Annotated[Day | None, Query(description="as of this day; today unless given")] = None,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CandidatePage:
    """List people of an area who may be entitled, so that they can be told: an offer, without any follow-up.

    Each request looks through 500 persons at most. Needs `benefit:read`.
    """
    day = on or runtime.clock.today()
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found, following = await eligibility.candidates(
            runtime, tx, access.areas, scheme_id, area, day, decode_cursor(after, int, int, UUID), limit
        )
    items = [
        CandidateOut(
            person_id=each.person["id"],
            name_masked=mask_name(each.person["name"]),
            area=area_code(each.person["listed_area"]),
            result=each.finding.answer,
            open_conditions=[finding_out(one) for one in eligibility.not_met(each.finding)],
        )
        for each in found
    ]
    await runtime.readings.record(access, What.BENEFITS, [each.person["id"] for each in found])
    next_page = encode_cursor(following[0], following[1], str(following[2])) if following else None
    return CandidatePage(items=items, next=next_page)
