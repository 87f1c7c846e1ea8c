"""HTTP of substitutions: given by whose duties they are, or by an administrator."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from renkou_common.codes.area import AreaCode, AreaCodeError
from renkou_common.database import Transaction
from renkou_common.errors import Forbidden, InvalidInput
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import granted, requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.runtime import CurrentRuntime, Runtime
from renkou_registry.staff import service as staff
from renkou_registry.staff.domain import RoleInArea
from renkou_registry.substitutions import service
from renkou_registry.substitutions.domain import Substitution
from renkou_registry.substitutions.schemas import (
    DutyIn,
    SubstitutionCreate,
    SubstitutionOut,
    SubstitutionPage,
)
from renkou_registry.substitutions.service import WantedSubstitution

router = APIRouter(prefix="/substitutions", tags=["substitutions 请假代理"])
Member = Annotated[Access, Depends(requires(Scope.AREA_READ))]


async def _seen_of(request: Request, access: Member) -> UUID | None:
    """Return whose substitutions the caller may see: all (None) as an administrator, else the own."""
    manages = await granted(request, [Scope.STAFF_MANAGE])
    return None if manages else access.subject


SeenOf = Annotated[UUID | None, Depends(_seen_of)]


def _duties(given: list[DutyIn] | None) -> tuple[RoleInArea, ...] | None:
    if given is None:
        return None
    duties = []
    for index, each in enumerate(given):
        try:
            duties.append(RoleInArea(each.role, AreaCode.parse(each.area)))
        except AreaCodeError as error:
            raise InvalidInput.field(f"/duties/{index}/area", error.code, error.zh, error.en) from error
    return tuple(duties)


async def _answer(
    tx: Transaction, runtime: Runtime, one: Substitution, response: Response
) -> SubstitutionOut:
    response.headers["ETag"] = etag(one.version)
    names = await staff.names_of(tx, [one.holder_id, one.substitute_id])
    return SubstitutionOut.of(one, names, runtime.clock.now())


@router.post("", status_code=201, summary="Hand duties over 设置代理", response_model=SubstitutionOut)
async def give_substitution(
    body: SubstitutionCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Member,
    seen_of: SeenOf,
    key: Annotated[RequestKey, Depends(request_key)],
) -> SubstitutionOut:
    """Hand one's duties to a colleague from a day to a day; an administrator may do it for anybody.

    Managing accounts and auditing are never exercised for another. Needs `area:read`.
    """
    holder = body.holder_id or access.subject
    if seen_of not in (None, holder):
        raise Forbidden("not_own_duties", "只能交出自己的职责", "Only one's own duties can be handed over")
    if access.subject == body.substitute_id != holder:
        raise Forbidden(
            "own_advantage",
            "不能把他人的职责交给自己; 请由本人或另一名管理员设置",
            "Nobody hands another's duties to themselves; the holder or another administrator does",
        )
    wanted = WantedSubstitution(
        holder, body.substitute_id, body.first_day, body.last_day, _duties(body.duties), body.reason
    )
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.give(tx, runtime, wanted, access.subject)

        found, _ = await once(tx, access.subject, key, create)
        response.headers["Location"] = f"/substitutions/{found}"
        return await _answer(tx, runtime, await service.find(tx, found, None), response)


@router.get("", summary="List substitutions 代理列表", response_model=SubstitutionPage)
async def list_substitutions(
    runtime: CurrentRuntime,
    access: Member,
    seen_of: SeenOf,
    ended: Annotated[bool, Query(description="those that are over, too")] = False,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> SubstitutionPage:
    """List one's own substitutions, every one for administrators, the newest first. Needs `area:read`."""
    now = runtime.clock.now()
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(tx, seen_of, None if ended else now, decode_key(after, UUID), limit + 1)
        names = await staff.names_of(tx, {i for one in found for i in (one.holder_id, one.substitute_id)})
    following = encode_cursor(found[limit - 1].id) if len(found) > limit else None
    return SubstitutionPage(
        items=[SubstitutionOut.of(one, names, now) for one in found[:limit]], next=following
    )


@router.get("/{substitution_id}", summary="Read a substitution 代理详情", response_model=SubstitutionOut)
async def read_substitution(
    substitution_id: UUID, response: Response, runtime: CurrentRuntime, access: Member, seen_of: SeenOf
) -> SubstitutionOut:
    """Read a substitution with its version as ETag. Needs `area:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await _answer(tx, runtime, await service.find(tx, substitution_id, seen_of), response)


@router.post(
    "/{substitution_id}/end", summary="End a substitution early 提前结束代理", response_model=SubstitutionOut
)
async def end_substitution(
    substitution_id: UUID,
    response: Response,
    runtime: CurrentRuntime,
    access: Member,
    seen_of: SeenOf,
    version: Annotated[int, Depends(expected_version)],
) -> SubstitutionOut:
    """End it at once: whose duties they are, who holds them, or an administrator. Needs `area:read`, If-Match."""
    async with runtime.database.transaction(access.areas) as tx:
        one = await service.end(tx, runtime, substitution_id, version, access.subject, seen_of)
        return await _answer(tx, runtime, one, response)
