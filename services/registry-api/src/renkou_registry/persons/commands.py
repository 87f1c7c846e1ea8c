"""From a request to a checked entry: what single fields cannot tell about themselves."""

from collections.abc import Sequence
from datetime import date

from renkou_common.codes.area import AreaCode
from renkou_common.codes.lists import Sex
from renkou_common.codes.resident_id import ResidentId
from renkou_common.database import Transaction
from renkou_common.errors import FieldError, InvalidInput, Text
from renkou_registry.areas.service import invalid_areas
from renkou_registry.fields import check_areas, check_not_future
from renkou_registry.persons.domain import EntryKind, PersonEntry
from renkou_registry.persons.schemas import PersonCreate


def entry_of(body: PersonCreate, district: AreaCode, today: date) -> PersonEntry:
    """Return the entry that a request asks for; raises InvalidInput for what contradicts itself."""
    check_areas({"/registered_area": body.registered_area, "/present_area": body.present_area}, district)
    check_not_future({"/entry/on": body.entry.on, "/birth_date": body.birth_date}, today)
    _check_dates(body)
    check_warnings(
        body.resident_id,
        body.registered_area,
        body.birth_date,
        body.sex,
        body.confirmed_warnings,
        "/resident_id",
    )
    arrival = body.entry.kind == EntryKind.ARRIVAL
    return PersonEntry(
        name=body.name,
        sex=body.sex,
        birth_date=body.birth_date,
        registered_area=body.registered_area.key,
        present_area=body.present_area.key,
        kind=EntryKind(body.entry.kind),
        entered_on=body.entry.on,
        document_kind=body.document_kind,
        resident_id=body.resident_id.value if body.resident_id else None,
        document_number=body.document_number,
        nationality=body.nationality,
        marital_status=body.marital_status,
        registered_street=body.registered_street,
        registered_since=body.registered_since,
        present_street=body.present_street,
        present_since=body.entry.on if arrival else body.present_since,
        place_id=body.place_id,
        phone=body.phone,
        employer=body.employer,
        mother_id=body.mother_id,
        father_id=body.father_id,
        spouse_id=body.spouse_id,
        children_count=body.children_count,
    )


def _check_dates(body: PersonCreate) -> None:
    found: list[FieldError] = []

    def wrong(pointer: str, code: str, zh: str, en: str) -> None:
        found.append(FieldError(pointer, code, Text(zh, en)))

    if body.birth_date > body.entry.on:
        wrong("/entry/on", "before_birth", "不能早于出生日期", "must not be before the birth date")
    if body.present_since is not None:
        if body.entry.kind == EntryKind.ARRIVAL and body.present_since != body.entry.on:
            wrong(
                "/present_since", "arrival_since", "流入人员的居住起始日即流入日", "is the day of the arrival"
            )
        elif not body.birth_date <= body.present_since <= body.entry.on:
            wrong(
                "/present_since",
                "present_since",
                "应在出生日期与建档日期之间",
                "must lie between the birth date and the day of the entry",
            )
    if body.registered_since is not None and not body.birth_date <= body.registered_since <= body.entry.on:
        wrong(
            "/registered_since",
            "registered_since",
            "应在出生日期与建档日期之间",
            "must lie between the birth date and the day of the entry",
        )
    if found:
        raise InvalidInput.fields(found)


def check_warnings(
    number: ResidentId | None,
    registered_area: AreaCode,
    birth_date: date,
    sex: int,
    confirmed: Sequence[str],
    pointer: str,
) -> None:
    """Raise InvalidInput ``warnings_unconfirmed`` for each unconfirmed disagreement of a number."""
    if number is None:
        return
    findings = number.warnings(area=registered_area, birth_date=birth_date, sex=Sex(sex))
    open_ones = [FieldError(pointer, f.code, Text(f.zh, f.en)) for f in findings if f.code not in confirmed]
    if open_ones:
        raise InvalidInput(
            "warnings_unconfirmed",
            "身份证号与登记内容不一致, 核对后在 confirmed_warnings 中确认",
            "the ID number disagrees with the record; check it and confirm in confirmed_warnings",
            open_ones,
        )


async def check_known_areas(
    tx: Transaction, areas: dict[str, AreaCode], district: AreaCode, on: date | None = None
) -> None:
    """Raise InvalidInput that lists every area of this district (by pointer) that does not exist, or not
    ``on`` the day of the record; of one that ended the successors are named.

    Codes of other districts may have been abolished since; their form is all that can be asked of them.
    """
    own = {pointer: code for pointer, code in areas.items() if district.contains(code)}
    if own:
        found = await invalid_areas(tx, own, on)
        if found:
            raise InvalidInput.fields(found)
