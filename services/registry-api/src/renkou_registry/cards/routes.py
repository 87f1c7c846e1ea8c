"""HTTP of cards. What a woman has told is masked unless it is read for a purpose, and each reading is logged.

There is no way to list women by method or by expected date.
"""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.codes.cards import CardClosing, CardState
from renkou_common.database import Transaction
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.audit.domain import What
from renkou_registry.cards import answers, openings, service
from renkou_registry.cards.domain import CardPurpose
from renkou_registry.cards.facts import EXPECTED_DELIVERY, METHOD, ToldMethod
from renkou_registry.cards.schemas import (
    CardCreate,
    CardOut,
    CardPage,
    CardPatch,
    FactList,
    FactOut,
    OpeningCreate,
    OpeningOut,
    RefusalIn,
)
from renkou_registry.cards.service import Telling
from renkou_registry.fields import AreaQuery, area_code, check_not_future
from renkou_registry.persons import service as persons
from renkou_registry.runtime import CurrentRuntime, Runtime

router = APIRouter(tags=["cards 信息卡"])
Reader = Annotated[Access, Depends(requires(Scope.CARD_READ))]
Writer = Annotated[Access, Depends(requires(Scope.CARD_WRITE))]
Key = Annotated[RequestKey, Depends(request_key)]
Version = Annotated[int, Depends(expected_version)]
Purpose = Annotated[CardPurpose | None, Query(description="what the health facts are read for; none: masked")]


async def _card(
    runtime: Runtime, tx: Transaction, access: Access, card_id: UUID, purpose: CardPurpose | None = None
) -> CardOut:
    row = await service.find(tx, card_id, access.areas)
    children = await persons.children_birth_dates(tx, row["person_id"], access.areas)
    facts = await _facts(runtime, tx, access, row["person_id"], card_id, None, purpose, current=True)
    return answers.card(runtime, row, children, facts)


async def _facts(
    runtime: Runtime,
    tx: Transaction,
    access: Access,
    person_id: UUID,
    card_id: UUID,
    kind: str | None,
    purpose: CardPurpose | None,
    *,
    current: bool,
) -> list[FactOut]:
    if purpose is None:
        return [
            answers.fact_masked(row) for row in await service.facts_masked(tx, card_id, kind, current=current)
        ]
    opened = await service.facts_in_the_clear(
        runtime, tx, access, person_id, card_id, kind, purpose, current=current
    )
    return [answers.fact(each) for each in opened]


def _tagged(response: Response, card: CardOut) -> CardOut:
    response.headers["ETag"] = etag(card.version)
    return card


@router.post("/cards", status_code=201, summary="Open a card 建卡", response_model=CardOut)
async def create_card(
    body: CardCreate, response: Response, runtime: CurrentRuntime, access: Writer, key: Key
) -> CardOut:
    """Open the card of a woman for whom one is due; it follows her record. Needs `card:write`."""
    today = runtime.clock.today()
    check_not_future({"/opened_on": body.opened_on}, today)
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.open_card(
                runtime, tx, access.areas, body.person_id, body.opened_on or today, access.subject
            )

        card_id, _ = await once(tx, access.subject, key, create)
        card = await _card(runtime, tx, access, card_id)
    response.headers["Location"] = f"/cards/{card_id}"
    return _tagged(response, card)


@router.get("/cards", summary="List an area's cards 信息卡列表", response_model=CardPage)
async def list_cards(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    by: Annotated[
        Literal["area", "place"], Query(description="where cards count, or where women live")
    ] = "area",
    state: Annotated[CardState | None, Query()] = None,
    closed_reason: Annotated[CardClosing | None, Query()] = None,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CardPage:
    """List cards by area and id; whether something was told is shown, never what. Needs `card:read`."""
    async with runtime.database.reading(access.areas) as tx:
        found = await service.page(
            tx,
            access.areas,
            area,
            by_place=by == "place",
            state=state,
            reason=closed_reason,
            after=decode_cursor(after, int, UUID),
            limit=limit + 1,
        )
    rows = found[:limit]
    following = None
    if len(found) > limit:
        following = encode_cursor(rows[-1]["listed_area"], str(rows[-1]["listed_id"]))
    await runtime.readings.record(access, What.CARD, [row["person_id"] for row in rows])
    return CardPage(items=[answers.summary(runtime, row) for row in rows], next=following)


@router.get("/cards/{card_id}", summary="Read a card 信息卡详情", response_model=CardOut)
async def read_card(
    card_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader, purpose: Purpose = None
) -> CardOut:
    """Read a card; with a purpose what she has told is in the clear and the reading is logged.

    Needs `card:read`.
    """
    async with runtime.database.transaction(access.areas) as tx:
        card = await _card(runtime, tx, access, card_id, purpose)
    await runtime.readings.record(access, What.CARD, [card.person_id], purpose)
    return _tagged(response, card)


@router.get("/persons/{person_id}/card", summary="A person's card 某人的信息卡", response_model=CardOut)
async def read_card_of_person(
    person_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader
) -> CardOut:
    """Read the card of a person, masked. Needs `card:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        await persons.find(tx, person_id, access.areas)
        card_id = await service.id_of_person(tx, person_id)
        card = await _card(runtime, tx, access, card_id)
    await runtime.readings.record(access, What.CARD, [person_id])
    return _tagged(response, card)


@router.patch("/cards/{card_id}", summary="What she has told 登记告知事项", response_model=CardOut)
async def change_card(
    card_id: UUID,
    body: CardPatch,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> CardOut:
    """Write down a method or an expected date that she told, with her consent; sealed. Needs `card:write`."""
    method, expected = body.method, body.expected_delivery
    days: dict[str, date | None] = {}
    if method is not None:
        days |= {"/method/told_on": method.told_on, "/method/started_on": method.started_on}
    if expected is not None:
        days |= {"/expected_delivery/told_on": expected.told_on}
    check_not_future(days, runtime.clock.today())
    telling = Telling(
        method=ToldMethod(method.method, method.started_on, method.ended_on) if method else None,
        method_told_on=method.told_on if method else None,
        volunteered=method.volunteered if method else False,
        expected_on=expected.expected_on if expected else None,
        expected_told_on=expected.told_on if expected else None,
    )
    async with runtime.database.transaction(access.areas) as tx:
        card, person = await service.lock(tx, card_id, access.areas, version)
        await service.tell(runtime, tx, card, person, telling, access.subject)
        return _tagged(response, await _card(runtime, tx, access, card_id))


@router.get("/cards/{card_id}/methods", summary="History of methods 避孕方法记录", response_model=FactList)
async def list_methods(
    card_id: UUID, runtime: CurrentRuntime, access: Reader, purpose: Purpose = None
) -> FactList:
    """Read when methods were told; with a purpose also which, logged. Needs `card:read`."""
    return await _history(runtime, access, card_id, METHOD, purpose)


@router.get(
    "/cards/{card_id}/expected-deliveries", summary="Expected dates told 预产期记录", response_model=FactList
)
async def list_expected_deliveries(
    card_id: UUID, runtime: CurrentRuntime, access: Reader, purpose: Purpose = None
) -> FactList:
    """Read when expected dates were told; with a purpose also which, logged. Needs `card:read`."""
    return await _history(runtime, access, card_id, EXPECTED_DELIVERY, purpose)


async def _history(
    runtime: Runtime, access: Access, card_id: UUID, kind: str, purpose: CardPurpose | None
) -> FactList:
    async with runtime.database.transaction(access.areas) as tx:
        row = await service.find(tx, card_id, access.areas)
        items = await _facts(runtime, tx, access, row["person_id"], card_id, kind, purpose, current=False)
    await runtime.readings.record(access, What.CARD, [row["person_id"]], purpose)
    return FactList(items=items)


@router.post(
    "/cards/{card_id}/facts/{fact_id}/withdrawal", summary="Take back a fact 撤回告知", response_model=CardOut
)
async def withdraw_fact(
    card_id: UUID,
    fact_id: UUID,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> CardOut:
    """Destroy what she told, because she takes it back; that it was told remains. Needs `card:write`."""
    async with runtime.database.transaction(access.areas) as tx:
        card, person = await service.lock(tx, card_id, access.areas, version)
        await service.take_back(runtime, tx, card, person, fact_id, access.subject)
        return _tagged(response, await _card(runtime, tx, access, card_id))


@router.post("/cards/{card_id}/visit-refusal", summary="Decline all visits 谢绝随访", response_model=CardOut)
async def decline_visits(
    card_id: UUID,
    body: RefusalIn,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> CardOut:
    """She wants no visits: none is offered until she says otherwise. Needs `card:write`."""
    check_not_future({"/told_on": body.told_on}, runtime.clock.today())
    async with runtime.database.transaction(access.areas) as tx:
        card, person = await service.lock(tx, card_id, access.areas, version)
        await service.decline_visits(runtime, tx, card, person, body.told_on)
        return _tagged(response, await _card(runtime, tx, access, card_id))


@router.post("/cards/{card_id}/visit-acceptance", summary="Visits again 恢复随访", response_model=CardOut)
async def accept_visits(
    card_id: UUID, response: Response, runtime: CurrentRuntime, access: Writer, version: Version
) -> CardOut:
    """She wants visits again: they are offered from today on. Needs `card:write`."""
    async with runtime.database.transaction(access.areas) as tx:
        card, person = await service.lock(tx, card_id, access.areas, version)
        await service.accept_visits(runtime, tx, card, person)
        return _tagged(response, await _card(runtime, tx, access, card_id))


@router.post(
    "/card-openings", status_code=202, summary="Open an area's cards 批量建卡", response_model=OpeningOut
)
async def create_opening(
    body: OpeningCreate, response: Response, runtime: CurrentRuntime, access: Writer, key: Key
) -> OpeningOut:
    """Open every card that is due in an area, in the background. Needs `card:write` in the whole area."""
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await openings.request(runtime, tx, access, body.area)

        opening_id, _ = await once(tx, access.subject, key, create)
        row = await openings.find(tx, access, opening_id)
    response.headers["Location"] = f"/card-openings/{opening_id}"
    return _opening(row)


@router.get(
    "/card-openings/{opening_id}", summary="Progress of an opening 建卡进度", response_model=OpeningOut
)
async def read_opening(opening_id: UUID, runtime: CurrentRuntime, access: Writer) -> OpeningOut:
    """Read how far the opening of an area's cards is. Needs `card:write`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return _opening(await openings.find(tx, access, opening_id))


def _opening(row: openings.Row) -> OpeningOut:
    return OpeningOut(
        id=row["id"],
        area=area_code(row["area"]),
        state=row["state"],
        examined=row["examined"],
        opened=row["opened"],
        requested_at=row["requested_at"],
        finished_at=row["finished_at"],
    )
