"""HTTP of the past: what was true on a day (`on`) as known at a moment (`known_at`)."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from renkou_common.codes.area import AreaCode, AreaCodeError
from renkou_common.codes.kinship import Relation
from renkou_common.codes.lists import MARITAL_STATUSES, SEXES, Population
from renkou_common.errors import InvalidInput
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.http.days import Day
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.audit.domain import What
from renkou_registry.fields import area_code, check_not_future
from renkou_registry.households.answers import member
from renkou_registry.life_events.addresses import AddressKind
from renkou_registry.runtime import CurrentRuntime, Runtime
from renkou_registry.timeline import service
from renkou_registry.timeline.repository import KnownSpell
from renkou_registry.timeline.schemas import (
    AddressList,
    AddressOut,
    AreaAsOf,
    HouseholdAsOf,
    ListedOut,
    PersonAsOf,
    StateThen,
)
from renkou_registry.timeline.service import Listed, PersonThen, Question

router = APIRouter(tags=["timeline 历史时点"])
Reader = Annotated[Access, Depends(requires(Scope.RESIDENT_READ))]
On = Annotated[Day | None, Query(description="the day asked about; default: today", examples=["2025-03-18"])]
KnownAt = Annotated[
    datetime | None,
    Query(
        description="the moment of knowledge, RFC 3339 with offset; default: now",
        examples=["2025-06-30T00:00:00+08:00"],
    ),
]
_KINDS = {"registered": "户籍地", "present": "现居住地", "usual": "常住地"}


def _moment(runtime: Runtime, on: date | None, known_at: datetime | None) -> tuple[date, datetime]:
    now = runtime.clock.now()
    check_not_future({"/query/on": on}, now.date())
    if known_at is not None and known_at.tzinfo is None:
        raise InvalidInput.field(
            "/query/known_at", "offset_missing", "须带时区, 如 +08:00", "needs an offset such as +08:00"
        )
    if known_at is not None and known_at > now:
        raise InvalidInput.field(
            "/query/known_at",
            "in_future",
            f"不能晚于现在 {now:%Y-%m-%d %H:%M}",
            f"must not be later than now, {now:%Y-%m-%d %H:%M}",
        )
    return on or now.date(), known_at or now


def _address(each: KnownSpell) -> AddressOut:
    spell = each.spell
    return AddressOut.model_validate(
        {
            "kind": spell.kind.value,
            "kind_label": _KINDS[spell.kind],
            "area": area_code(spell.area),
            "street": spell.place.street,
            "place_id": spell.place.place_id,
            "valid_from": spell.valid_from,
            "valid_until": spell.valid_until,
            "known_from": each.known_from,
            "known_until": each.known_until,
            "event_id": spell.event_id,
        }
    )


@router.get(
    "/persons/{person_id}/addresses", summary="Addresses over time 历次地址", response_model=AddressList
)
async def read_addresses(
    person_id: UUID,
    runtime: CurrentRuntime,
    access: Reader,
    known_at: KnownAt = None,
    superseded: Annotated[bool, Query(description="also what is no longer held to be true")] = False,
) -> AddressList:
    """Read a person's registered, present and usual addresses. Needs `resident:read`."""
    _, moment = _moment(runtime, None, known_at)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.addresses(tx, access.areas, person_id, None if superseded else moment)
    await runtime.readings.record(access, What.HISTORY, [person_id])
    return AddressList(items=[_address(each) for each in found])


@router.get("/persons/{person_id}/as-of", summary="A person on a day 某日状态", response_model=PersonAsOf)
async def read_person_as_of(
    person_id: UUID, runtime: CurrentRuntime, access: Reader, on: On = None, known_at: KnownAt = None
) -> PersonAsOf:
    """Read what the register said of a person about a day at a moment. Needs `resident:read`."""
    day, moment = _moment(runtime, on, known_at)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.person_as_of(runtime, tx, access.areas, person_id, day, moment)
    await runtime.readings.record(access, What.HISTORY, [person_id])
    return PersonAsOf(
        person_id=found.person_id,
        on=day,
        known_at=moment,
        name=found.details.name,
        resident_id=found.details.resident_id,
        in_register=found.state is not None,
        state=_state(found, day),
    )


def _state(found: PersonThen, on: date) -> StateThen | None:
    state = found.state
    if state is None:
        return None
    streets = {each.spell.kind: each.spell.place.street for each in found.addresses}
    usual = state.usual_area(on)
    return StateThen(
        entered_on=state.entered_on,
        sex=state.sex,
        sex_label=SEXES.entry(state.sex).zh,
        birth_date=state.birth_date,
        marital_status=state.marital_status,
        marital_status_label=MARITAL_STATUSES.entry(state.marital_status).zh,
        registered_area=area_code(state.registered_area),
        registered_street=streets.get(AddressKind.REGISTERED),
        registered_since=state.registered_since,
        present_area=area_code(state.present_area),
        present_street=streets.get(AddressKind.PRESENT),
        present_since=state.present_since,
        usual_area=area_code(usual) if usual is not None else None,
        alive=state.alive,
        died_on=state.died_on,
        spouse_id=state.spouse_id,
        mother_id=state.mother_id,
        father_id=state.father_id,
    )


@router.get(
    "/households/{household_id}/as-of",
    summary="A household on a day 某日户内成员",
    response_model=HouseholdAsOf,
)
async def read_household_as_of(
    household_id: UUID, runtime: CurrentRuntime, access: Reader, on: On = None, known_at: KnownAt = None
) -> HouseholdAsOf:
    """Read who belonged to a household on a day. Needs `resident:read`."""
    day, moment = _moment(runtime, on, known_at)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        row, members = await service.household_as_of(tx, access.areas, household_id, day, moment)
    await runtime.readings.record(access, What.HOUSEHOLD, {each.person_id for each in members})
    return HouseholdAsOf(
        household_id=household_id,
        on=day,
        known_at=moment,
        number=row["number"],
        kind=row["kind"],
        area=area_code(row["area"]),
        street=row["street"],
        place_id=row["place_id"],
        dissolved=row["dissolved"],
        head_id=next((each.person_id for each in members if each.relation == Relation.HEAD), None),
        members=[member(each) for each in members],
    )


async def _area(
    code: Annotated[str, Path(description="区划代码", examples=["340103001001"], max_length=12)],
) -> AreaCode:
    try:
        return AreaCode.parse(code)
    except AreaCodeError as error:
        raise InvalidInput.field("/path/code", error.code, error.zh, error.en) from error


@router.get(
    "/areas/{code}/persons/as-of", summary="A community's list on a day 某日人员名单", response_model=AreaAsOf
)
async def list_area_as_of(
    code: Annotated[AreaCode, Depends(_area)],
    runtime: CurrentRuntime,
    access: Reader,
    on: On = None,
    known_at: KnownAt = None,
    population: Annotated[Population | None, Query(description="人口口径; none: who lived here")] = None,
    count: Annotated[bool, Query(description="also count the whole list")] = False,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AreaAsOf:
    """List an area's people of a day as known at a moment, by community and person; those too who have left
    since. Needs `resident:read`."""
    day, moment = _moment(runtime, on, known_at)
    question = Question(code, population, day, moment)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.area_as_of(
            runtime,
            tx,
            access.areas,
            question,
            decode_cursor(after, int, UUID) or (-1, UUID(int=0)),
            limit + 1,
        )
        total = await service.area_count(runtime, tx, access.areas, question) if count else None
    page = found[:limit]
    await runtime.readings.record(access, What.LIST, [each.person.person_id for each in page])
    following = encode_cursor(page[-1].area, str(page[-1].person.person_id)) if len(found) > limit else None
    return AreaAsOf(
        area=code.value,
        on=day,
        known_at=moment,
        total=total,
        items=[_listed(each) for each in page],
        next=following,
    )


def _listed(each: Listed) -> ListedOut:
    state = each.person.state
    return ListedOut(
        person_id=each.person.person_id,
        name=each.person.details.name,
        area=area_code(each.area),
        street=each.street,
        since=each.since,
        sex=state.sex if state else None,
        birth_date=state.birth_date if state else None,
        marital_status=state.marital_status if state else None,
    )
