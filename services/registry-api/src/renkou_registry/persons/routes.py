"""HTTP of persons."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query, Response

from renkou_common.codes.area import AreaCode
from renkou_common.codes.lists import DocumentKind, Population
from renkou_common.codes.resident_id import ResidentId
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_cursor, encode_cursor, foreign_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.audit.domain import What
from renkou_registry.fields import AreaQuery, MaritalStatusCode, SexQuery, area_code, check_not_future
from renkou_registry.life_events.calendar import add_months
from renkou_registry.persons import answers, changing, commands, details, entering, reading, service
from renkou_registry.persons.domain import FactsPurpose
from renkou_registry.persons.listing import Narrowing
from renkou_registry.persons.schemas import (
    DetailsOut,
    DocumentIn,
    FactsOut,
    MatchOut,
    MatchRequest,
    PersonCreate,
    PersonOut,
    PersonPage,
    PersonPatch,
    Unmasked,
    UnmaskRequest,
)
from renkou_registry.places.service import check_place
from renkou_registry.runtime import CurrentRuntime, Runtime

router = APIRouter(prefix="/persons", tags=["persons 人员"])
Reader = Annotated[Access, Depends(requires(Scope.RESIDENT_READ))]
Writer = Annotated[Access, Depends(requires(Scope.RESIDENT_WRITE))]
Unmasker = Annotated[Access, Depends(requires(Scope.RESIDENT_UNMASK))]
FactsReader = Annotated[Access, Depends(requires(Scope.RESIDENT_FACTS))]
Purpose = Annotated[FactsPurpose, Query(description="what the facts are read for")]


def _answer(runtime: Runtime, row: asyncpg.Record, status: int = 200) -> Response:
    """Return a person without a second validation pass: this is the most frequent read."""
    body = answers.written(runtime, row)
    headers = {"ETag": etag(row["version"])}
    if status == 201:
        headers["Location"] = f"/persons/{row['id']}"
    return Response(body, status, headers=headers, media_type="application/json")


@router.post("", status_code=201, summary="Enter a person 登记人员", response_model=PersonOut)
async def create_person(
    body: PersonCreate,
    runtime: CurrentRuntime,
    access: Writer,
    key: Annotated[RequestKey, Depends(request_key)],
) -> Response:
    """Enter a person who is here already (opening) or has come to live here (arrival).

    Where the ID number disagrees with the record the answer is 422 `warnings_unconfirmed` until
    `confirmed_warnings` lists the codes. Needs `resident:write` in the registered or the present area.
    """
    entry = commands.entry_of(body, runtime.district, runtime.clock.today())
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            areas = {"/registered_area": body.registered_area, "/present_area": body.present_area}
            await commands.check_known_areas(tx, areas, runtime.district, body.entry.on)
            if body.place_id is not None:
                await check_place(tx, body.place_id, body.present_area.key, None, runtime)
            return await entering.register(runtime, tx, access.areas, entry, recorded_by=access.subject)

        person_id, _ = await once(tx, access.subject, key, create)
        row = await service.find(tx, person_id, access.areas)
    return _answer(runtime, row, 201)


@router.get("", summary="List an area's persons 人员列表", response_model=PersonPage)
async def list_persons(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    population: Annotated[Population | None, Query(description="人口口径; none: everybody here")] = None,
    name: Annotated[str, Query(max_length=100, description="how the name begins")] = "",
    sex: SexQuery = None,
    marital_status: Annotated[MaritalStatusCode | None, Query()] = None,
    age_from: Annotated[int | None, Query(ge=0, le=150, description="completed years")] = None,
    age_to: Annotated[int | None, Query(ge=0, le=150, description="completed years")] = None,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """List persons by area and id; searching is `POST /persons/search`. Needs `resident:read`."""
    today = runtime.clock.today()
    narrowing = Narrowing(
        name,
        int(sex) if sex is not None else None,
        marital_status,
        add_months(today, -12 * (age_to + 1)) + timedelta(days=1) if age_to is not None else None,
        add_months(today, -12 * age_from) + timedelta(days=1) if age_from is not None else None,
    )
    async with runtime.database.reading(access.areas) as tx:
        found = await service.page(
            runtime, tx, access.areas, area, population, narrowing, _position(after), limit + 1
        )
    rows = found[:limit]
    following = None
    if len(found) > limit:
        last = rows[-1]
        following = encode_cursor(last["part"], last["listed_area"], str(last["id"]))
    await runtime.readings.record(access, What.LIST, [row["id"] for row in rows])
    return answers.page([answers.listed(runtime, row) for row in rows], following)


def _position(after: str | None) -> tuple[int, int, UUID] | None:
    position = decode_cursor(after, int, int, UUID)
    if position is not None and not 0 <= position[0] <= 9:
        raise foreign_cursor()
    return position


@router.get("/{person_id}", summary="Read a person 人员详情", response_model=PersonOut)
async def read_person(person_id: UUID, runtime: CurrentRuntime, access: Reader) -> Response:
    """Read a person, number and phone masked. Needs `resident:read`."""
    async with runtime.database.reading(access.areas) as tx:
        row = await service.find(tx, person_id, access.areas)
    await runtime.readings.record(access, What.RECORD, [person_id])
    return _answer(runtime, row)


@router.patch(
    "/{person_id}", summary="Change name, phone, streets, employer, place 修改", response_model=PersonOut
)
async def change_person(
    person_id: UUID,
    body: PersonPatch,
    runtime: CurrentRuntime,
    access: Writer,
    version: Annotated[int, Depends(expected_version)],
) -> Response:
    """Change what is merely noted; everything else changes by life events. Needs `resident:write`."""
    check_not_future({"/valid_from": body.valid_from}, runtime.clock.today())
    async with runtime.database.transaction(access.areas) as tx:
        if body.place_id is not None:
            person = await service.find(tx, person_id, access.areas)
            await check_place(tx, body.place_id, person["present_area"], body.valid_from, runtime)
        row = await changing.change_details(
            runtime,
            tx,
            person_id,
            access.areas,
            version,
            body.values,
            recorded_by=access.subject,
            valid_from=body.valid_from,
            correction=body.correction,
        )
    return _answer(runtime, row)


@router.get("/{person_id}/details", summary="What was noted over time 变更记录", response_model=DetailsOut)
async def read_details(person_id: UUID, runtime: CurrentRuntime, access: Reader) -> DetailsOut:
    """Read the history of names, documents, phone, streets, employer and place. Needs `resident:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        await service.find(tx, person_id, access.areas)
        rows = await details.history_of(tx, person_id)
    await runtime.readings.record(access, What.HISTORY, [person_id])
    return DetailsOut(items=[answers.detail(runtime, row) for row in rows])


@router.post("/{person_id}/documents", summary="Give a document 登记证件", response_model=PersonOut)
async def give_document(
    person_id: UUID,
    body: DocumentIn,
    runtime: CurrentRuntime,
    access: Writer,
    version: Annotated[int, Depends(expected_version)],
) -> Response:
    """Give a person a document, or another in the place of one; the one before stays in the history.

    A number that disagrees with the record needs `confirmed_warnings`, as on entry. `If-Match` stands where a
    creation has its `Idempotency-Key`: sent again after it was done, the answer is 412. Needs
    `resident:write`.
    """
    check_not_future({"/valid_from": body.valid_from}, runtime.clock.today())
    async with runtime.database.transaction(access.areas) as tx:
        if body.kind is DocumentKind.RESIDENT_ID:
            person = await service.find(tx, person_id, access.areas)
            commands.check_warnings(
                ResidentId.parse(body.number),
                AreaCode.from_key(person["registered_area"]),
                person["birth_date"],
                person["sex"],
                body.confirmed_warnings,
                "/number",
            )
        row = await changing.give_document(
            runtime,
            tx,
            person_id,
            access.areas,
            version,
            body.kind,
            body.number,
            recorded_by=access.subject,
            valid_from=body.valid_from,
            correction=body.correction,
        )
    return _answer(runtime, row)


@router.post("/match", summary="Match number and name 核对", response_model=MatchOut)
async def match_person(body: MatchRequest, runtime: CurrentRuntime, access: FactsReader) -> MatchOut:
    """Say whether number and name together are a person here; logged. Needs `resident:facts`."""
    async with runtime.database.transaction(access.areas) as tx:
        row = await reading.match(runtime, tx, access, body.resident_id.value, body.name, body.purpose)
    if row is None:
        return MatchOut(result="none")
    return MatchOut(
        result="exact",
        person_id=row["id"],
        person_ref=row["ref"],
        registered_area=area_code(row["registered_area"]),
    )


@router.post("/{person_id}/unmask", summary="Read protected fields 查看明文", response_model=Unmasked)
async def unmask_person(
    person_id: UUID, body: UnmaskRequest, runtime: CurrentRuntime, access: Unmasker
) -> Unmasked:
    """Read number or phone in the clear; the reading is logged with its purpose and reason before it is shown.
    So many in an hour for each caller (60 unless set), then 429 `unmask_often`. Needs `resident:unmask`.
    """
    async with runtime.database.transaction(access.areas) as tx:
        opened = await reading.unmask(runtime, tx, access, person_id, body.fields, body.purpose, body.reason)
    return Unmasked.model_validate(opened)


@router.get("/by-ref/{ref}/facts", summary="Facts by reference 按引用读取事实", response_model=FactsOut)
async def read_facts_by_ref(
    ref: UUID, purpose: Purpose, runtime: CurrentRuntime, access: FactsReader
) -> FactsOut:
    """Read the facts of the person that events mean by `ref`; logged and limited as by id. Needs `resident:facts`."""
    async with runtime.database.transaction(access.areas) as tx:
        row = await service.find_by_ref(tx, ref, access.areas)
        return answers.facts(await reading.facts(runtime, tx, access, row, purpose))


@router.get("/{person_id}/facts", summary="Facts for a purpose 按用途读取事实", response_model=FactsOut)
async def read_facts(
    person_id: UUID, purpose: Purpose, runtime: CurrentRuntime, access: FactsReader
) -> FactsOut:
    """Read what a certificate or a notice states, ID number in the clear; logged. So many in an hour for each member
    of staff (300 unless set), then 429 `facts_often`. Needs `resident:facts`."""
    async with runtime.database.transaction(access.areas) as tx:
        row = await service.find(tx, person_id, access.areas)
        return answers.facts(await reading.facts(runtime, tx, access, row, purpose))
