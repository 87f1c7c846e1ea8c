"""Making sure that the register holds whoever arrives, before the stay is recorded here."""

from dataclasses import dataclass
from datetime import date
from typing import Any, NoReturn
from uuid import UUID, uuid5

from renkou_common.codes.area import AreaCode, AreaLevel
from renkou_common.errors import Conflict, FieldError, InvalidInput, NotFound, RenkouError
from renkou_common.identity.principal import Access
from renkou_migrant.arrivals.schemas import ArrivalCreate, SeparatedCreate
from renkou_migrant.arrivals.service import ARRIVAL_PURPOSE, Registered
from renkou_migrant.exchange.offices import office_of
from renkou_migrant.fields import check_elsewhere, check_not_before, check_not_future
from renkou_migrant.registry_client import PersonFacts
from renkou_migrant.runtime import Runtime

_PERSON_KEYS = UUID("0197a1f0-a44e-7000-8000-000000000001")
_POINTERS = {
    "/entry/on": "/arrived_on",
    "/present_area": "/area",
    "/present_street": "/street",
    "/phone": "/phone",
}


async def registered_person(
    runtime: Runtime, access: Access, body: ArrivalCreate, request_key: str
) -> Registered:
    """Enter the person into the register in the caller's name, or find who lived here before.

    The key for the register derives from the caller's, so that a retry finds the same person. Raises
    InvalidInput, NotFound (area outside the caller's), Conflict, Unavailable.
    """
    _check(runtime, access, body)
    key = str(uuid5(_PERSON_KEYS, f"{access.subject} {request_key}"))
    try:
        person_id = await runtime.registry.register_person(_person_of(body), token=access.token, key=key)
    except Conflict as error:
        if error.code != "person_exists" or body.person.resident_id is None:
            _raise_with_own_pointers(error)
        return await _former(runtime, body, error)
    except InvalidInput as error:
        _raise_with_own_pointers(error)
    facts = await runtime.registry.facts(person_id, ARRIVAL_PURPOSE, token=access.token)
    return Registered(person_id, facts)


def _check(runtime: Runtime, access: Access, body: ArrivalCreate) -> None:
    if body.area.level is not AreaLevel.VILLAGE or not runtime.district.contains(body.area):
        raise InvalidInput.field(
            "/area",
            "area_level",
            "应为本区的社区或村 (12 位)",
            "must be a community or village of this district, 12 digits",
        )
    if not access.areas.contains(body.area.key):
        raise NotFound.of("区划 (须在您的辖区)", "area within your own")
    check_elsewhere("/person/registered_area", body.person.registered_area, runtime.district)
    check_workplace(runtime, body.workplace_district, body.person.registered_area.key)
    check_not_future("/arrived_on", body.arrived_on, runtime.clock.today())
    check_not_before("/arrived_on", body.arrived_on, body.person.birth_date)


def check_workplace(runtime: Runtime, district: str | None, home_area: int) -> None:
    """Raise InvalidInput for a workplace in this district or the home district: those know already."""
    if district is not None and district in (str(runtime.district), f"{home_area:012d}"[:6]):
        raise InvalidInput.field(
            "/workplace_district",
            "workplace_district",
            "应为居住地和户籍地以外的县区 (6 位)",
            "must be a district other than those of residence and registration, 6 digits",
        )


@dataclass(frozen=True, slots=True)
class Separated:
    """Somebody of the register who lives in another subdistrict than that of registration."""

    person: Registered
    area: AreaCode
    since: date


async def separated_person(runtime: Runtime, access: Access, body: SeparatedCreate) -> Separated:
    """Find a person who lives in the caller's area and is registered in another subdistrict of this district.

    Raises NotFound, Conflict, InvalidInput, Unavailable.
    """
    facts = await runtime.registry.facts(body.person_id, ARRIVAL_PURPOSE, token=access.token)
    home = AreaCode.parse(facts.registered_area)
    area = AreaCode.parse(facts.present_area or facts.registered_area)
    inside = runtime.district.contains(home) and runtime.district.contains(area)
    if not facts.alive or not inside or office_of(home.key) == office_of(area.key):
        raise Conflict(
            "not_separated",
            "该人不是本区内跨街道的人户分离人员",
            "The person is not registered in one subdistrict of this district and living in another",
        )
    if not access.areas.contains(area.key):
        raise NotFound.of("现居住地 (须在您的辖区)", "person living in your own area")
    check_workplace(runtime, body.workplace_district, home.key)
    since = facts.present_since or runtime.clock.today()
    return Separated(Registered(body.person_id, facts), area, since)


def _person_of(body: ArrivalCreate) -> dict[str, Any]:
    person = body.person
    members = {
        "name": person.name,
        "sex": person.sex,
        "birth_date": person.birth_date.isoformat(),
        "document_kind": person.document_kind,
        "resident_id": person.resident_id.value if person.resident_id else None,
        "nationality": person.nationality,
        "marital_status": person.marital_status,
        "registered_area": person.registered_area.value,
        "registered_street": person.registered_street,
        "present_area": body.area.value,
        "present_street": body.street,
        "phone": body.phone,
        "confirmed_warnings": person.confirmed_warnings,
    }
    told = {name: value for name, value in members.items() if value is not None}
    return told | {"entry": {"kind": "arrival", "on": body.arrived_on.isoformat()}}


async def _former(runtime: Runtime, body: ArrivalCreate, taken: Conflict) -> Registered:
    """Return who is in the register under this number and name; the event of the arrival moves the person."""
    assert body.person.resident_id is not None
    number, name = body.person.resident_id.value, body.person.name
    try:
        found = await runtime.registry.match(number, name, ARRIVAL_PURPOSE)
    except NotFound:
        _raise_with_own_pointers(taken)
    facts = await runtime.registry.facts_by_ref(found.person_ref, ARRIVAL_PURPOSE)
    _check_former(runtime, facts)
    if facts.present_since is not None and _lives_elsewhere(facts, body.area):
        check_not_before("/arrived_on", body.arrived_on, facts.present_since)
    return Registered(found.person_id, facts, returning=True)


def _lives_elsewhere(facts: PersonFacts, area: AreaCode) -> bool:
    return facts.present_area is None or AreaCode.parse(facts.present_area) != area


def _check_former(runtime: Runtime, facts: PersonFacts) -> None:
    if runtime.district.contains(AreaCode.parse(facts.registered_area)):
        raise Conflict(
            "registered_here", "该人户籍在本区, 不是流入人员", "The person is registered in this district"
        )
    if not facts.alive:
        raise Conflict("deceased", "登记为已死亡", "The register records the person's death")


def _raise_with_own_pointers(error: RenkouError) -> NoReturn:
    """Raise an error of the register with pointers into the request that was made here."""
    moved = [
        FieldError(_POINTERS.get(one.pointer, f"/person{one.pointer}"), one.code, one.text)
        for one in error.errors
    ]
    raise type(error)(error.code, error.detail.zh, error.detail.en, moved) from error
