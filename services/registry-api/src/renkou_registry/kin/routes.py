"""HTTP of kin."""

from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Response

from renkou_common.codes.lists import KIN_KINDS, KinKind
from renkou_common.codes.masking import mask_resident_id
from renkou_common.database import Transaction
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_common.scope import AreaScope
from renkou_registry.audit.domain import What
from renkou_registry.fields import area_code
from renkou_registry.kin import service
from renkou_registry.kin.schemas import KinCreate, KinHistory, KinLinkOut, KinList, KinOut, KinRemoval
from renkou_registry.persons import service as persons
from renkou_registry.persons.reading import open_resident_id
from renkou_registry.runtime import CurrentRuntime, Runtime

router = APIRouter(prefix="/persons/{person_id}/kin", tags=["kin 亲属"])
Reader = Annotated[Access, Depends(requires(Scope.RESIDENT_READ))]
Writer = Annotated[Access, Depends(requires(Scope.RESIDENT_WRITE))]


def _out(runtime: Runtime, scope: AreaScope, row: asyncpg.Record) -> KinOut:
    label = KIN_KINDS.entry(row["kind"]).zh
    if not (scope.contains(row["registered_area"]) or scope.contains(row["present_area"])):
        return KinOut(relation=row["kind"], relation_label=label, in_your_area=False)
    number = open_resident_id(runtime, row)
    return KinOut(
        relation=row["kind"],
        relation_label=label,
        in_your_area=True,
        person_id=row["id"],
        name=row["name"],
        sex=row["sex"],
        birth_date=row["birth_date"],
        resident_id=mask_resident_id(number) if number else None,
        alive=row["alive"],
        present_area=area_code(row["present_area"]),
    )


async def _list(
    runtime: Runtime, tx: Transaction, access: Access, person_id: UUID, response: Response
) -> KinList:
    person = await persons.find(tx, person_id, access.areas)
    rows = await service.kin_of(tx, access.areas, person_id)
    response.headers["ETag"] = etag(person["version"])
    linked = sum(row["kind"] == KinKind.CHILD for row in rows)
    return KinList(
        person_id=person_id,
        version=person["version"],
        children_count=person["children_count"],
        children_not_in_register=max(person["children_count"] - linked, 0),
        items=[_out(runtime, access.areas, row) for row in rows],
    )


@router.get("", summary="List a person's kin 亲属", response_model=KinList)
async def list_kin(person_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader) -> KinList:
    """List mother, father, spouse and children. Needs `resident:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await _list(runtime, tx, access, person_id, response)
    shown = {each.person_id for each in found.items if each.person_id is not None}
    await runtime.readings.record(access, What.KIN, {person_id, *shown})
    return found


@router.post("", status_code=201, summary="Link a relative 登记亲属", response_model=KinList)
async def create_kin(
    person_id: UUID,
    body: KinCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    key: Annotated[RequestKey, Depends(request_key)],
) -> KinList:
    """Link a person to a relative, on both sides; births and marriages link by themselves.

    Refused is what cannot be: a second mother, a parent not older than the child, one's own ancestor, a
    spouse of somebody who has one. Needs `resident:write`.
    """
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            await service.link(
                runtime,
                tx,
                access.areas,
                person_id,
                body.relation,
                body.person_id,
                additional=body.additional,
                recorded_by=access.subject,
            )
            return person_id

        await once(tx, access.subject, key, create)
        return await _list(runtime, tx, access, person_id, response)


@router.post("/removal", summary="Take a wrong link away 解除亲属", response_model=KinList)
async def remove_kin(
    person_id: UUID,
    body: KinRemoval,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Annotated[int, Depends(expected_version)],
) -> KinList:
    """Take away a link that was wrong, on both sides; the history keeps it. Needs `resident:write`."""
    async with runtime.database.transaction(access.areas) as tx:
        await service.unlink(
            runtime,
            tx,
            access.areas,
            person_id,
            version,
            body.relation,
            body.person_id,
            body.reason,
            recorded_by=access.subject,
        )
        return await _list(runtime, tx, access, person_id, response)


@router.get("/history", summary="Kin over time 亲属变更记录", response_model=KinHistory)
async def read_kin_history(person_id: UUID, runtime: CurrentRuntime, access: Reader) -> KinHistory:
    """Read every link that was ever known, with the reason for which it was taken away.

    Needs `resident:read`.
    """
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        rows = await service.history_of(tx, access.areas, person_id)
        links = [(*service.seen_from(row, person_id), row) for row in rows]
        ids = sorted({other for _, other, _ in links})
        seen = {row["id"] for row in await persons.find_many(tx, ids, access.areas)}
    await runtime.readings.record(access, What.KIN, {person_id, *seen})
    return KinHistory(
        items=[
            KinLinkOut(
                relation=kind,
                relation_label=KIN_KINDS.entry(kind).zh,
                person_id=other if other in seen else None,
                known_from=row["known_from"],
                known_until=row["known_until"],
                reason=row["reason"],
            )
            for kind, other, row in links
        ]
    )
