"""HTTP of purposes and legal bases."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Path, Query, Response

from renkou_common.database import Transaction
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.exports.lists import LISTS
from renkou_registry.privacy.purposes import service
from renkou_registry.privacy.purposes.domain import Purpose
from renkou_registry.privacy.purposes.schemas import (
    Bases,
    BasisCreate,
    BasisOut,
    PurposeCreate,
    PurposeOut,
    PurposePatch,
    Purposes,
    PurposeVersionOut,
    PurposeVersions,
)
from renkou_registry.runtime import CurrentRuntime, Runtime

router = APIRouter(tags=["purposes 处理目的"])
Reader = Annotated[Access, Depends(requires(Scope.PRIVACY_READ))]
Manager = Annotated[Access, Depends(requires(Scope.PRIVACY_MANAGE))]
Key = Annotated[RequestKey, Depends(request_key)]
Code = Annotated[str, Path(max_length=40)]


def basis_out(row: asyncpg.Record) -> BasisOut:
    """Return the answer for a legal basis."""
    return BasisOut(**{name: row[name] for name in BasisOut.model_fields})


async def answers(runtime: Runtime, tx: Transaction, rows: Sequence[asyncpg.Record]) -> list[PurposeOut]:
    """Return the answers for purposes."""
    bases = {row["code"]: basis_out(row) for row in await service.bases(tx)}
    today = runtime.clock.today()
    same = [name for name in PurposeOut.model_fields if name not in ("basis", "in_force")]
    return [
        PurposeOut(
            **{name: row[name] for name in same},
            basis=bases[row["basis"]],
            in_force=row["active_from"] <= today and (row["active_to"] is None or today < row["active_to"]),
        )
        for row in rows
    ]


@router.get("/legal-bases", summary="Legal bases 法律依据", response_model=Bases)
async def list_bases(runtime: CurrentRuntime, access: Reader) -> Bases:
    """List every legal basis with its articles. Needs `privacy:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return Bases(items=[basis_out(row) for row in await service.bases(tx)])


@router.post("/legal-bases", status_code=201, summary="Add a legal basis 新增法律依据")
async def create_basis(body: BasisCreate, runtime: CurrentRuntime, access: Manager, key: Key) -> BasisOut:
    """Add a legal basis, such as a province's regulation; it is never changed. Needs `privacy:manage`."""
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            await service.add_basis(
                tx, body.code, body.articles, body.zh, body.en, is_consent=body.is_consent
            )
            return UUID(int=0)

        await once(tx, access.subject, key, create)
    return BasisOut(**body.model_dump())


@router.get("/purposes", summary="Purposes of processing 处理目的", response_model=Purposes)
async def list_purposes(
    runtime: CurrentRuntime,
    access: Reader,
    covers: Annotated[
        str | None,
        Query(max_length=80, description="only those that cover this", examples=["export:persons"]),
    ] = None,
    in_force: Annotated[bool, Query(description="only those in force today 仅限现行")] = False,
) -> Purposes:
    """List purposes with their legal basis and what they cover. Needs `privacy:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        rows = await service.listed(tx, covers, runtime.clock.today() if in_force else None)
        return Purposes(items=await answers(runtime, tx, rows))


@router.post("/purposes", status_code=201, summary="Enter a purpose 新增处理目的", response_model=PurposeOut)
async def create_purpose(
    body: PurposeCreate, response: Response, runtime: CurrentRuntime, access: Manager, key: Key
) -> PurposeOut:
    """Enter a purpose; what it covers may be done from its first day on. Needs `privacy:manage`."""
    given = body.model_dump(exclude={"reason"})
    purpose = Purpose(**given | {"covers": tuple(body.covers)})
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.create(runtime, tx, purpose, body.reason, access.subject, LISTS)

        await once(tx, access.subject, key, create)
        return await _answer(runtime, tx, await service.find(tx, body.code), response)


@router.get("/purposes/{code}", summary="Read a purpose 处理目的详情", response_model=PurposeOut)
async def read_purpose(code: Code, response: Response, runtime: CurrentRuntime, access: Reader) -> PurposeOut:
    """Read a purpose. Needs `privacy:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await _answer(runtime, tx, await service.find(tx, code), response)


@router.patch("/purposes/{code}", summary="Change or end a purpose 修改或终止目的", response_model=PurposeOut)
async def change_purpose(
    code: Code,
    body: PurposePatch,
    response: Response,
    runtime: CurrentRuntime,
    access: Manager,
    version: Annotated[int, Depends(expected_version)],
) -> PurposeOut:
    """Change a purpose for a reason; with `active_to` of today nothing more is exported or sent for it. There is
    no deleting: what was done stays explained. Needs `privacy:manage`."""
    changes = body.model_dump(exclude={"reason"}, exclude_unset=True)
    if "covers" in changes:
        changes["covers"] = tuple(changes["covers"])
    async with runtime.database.transaction(access.areas) as tx:
        row = await service.change(runtime, tx, code, version, changes, body.reason, access.subject, LISTS)
        return await _answer(runtime, tx, row, response)


@router.get(
    "/purposes/{code}/versions", summary="Versions of a purpose 历次修改", response_model=PurposeVersions
)
async def list_versions(code: Code, runtime: CurrentRuntime, access: Reader) -> PurposeVersions:
    """List how a purpose stood, who changed it and why, the newest first. Needs `privacy:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        rows = await service.versions(tx, code)
    names = PurposeVersionOut.model_fields
    return PurposeVersions(items=[PurposeVersionOut(**{name: row[name] for name in names}) for row in rows])


async def _answer(runtime: Runtime, tx: Transaction, row: asyncpg.Record, response: Response) -> PurposeOut:
    response.headers["ETag"] = etag(row["version"])
    return (await answers(runtime, tx, [row]))[0]
