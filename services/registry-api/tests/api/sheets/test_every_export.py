"""Every list goes out as the API answers it: the same rows, masked numbers, and no formula."""

import csv
import re
from collections.abc import Awaitable, Callable
from io import BytesIO, StringIO
from math import ceil
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import pytest
from python_calamine import CalamineWorkbook

from renkou_common.database import connect
from renkou_common.scope import AreaScope
from renkou_registry.background import JobSession
from renkou_registry.duplicates import jobs as duplicates
from renkou_registry.exports.jobs import work_off
from renkou_registry.exports.listed import text_of
from renkou_registry.exports.listing import PAGE_ROWS
from renkou_registry.exports.lists import LISTS

from ...support import Json
from ..offices.desk import credit_code
from .world import HERE, World

MASKED = re.compile(r"\d{4}\*{10}\d{3}[\dX]")
FORMULA = '=HYPERLINK("http://x","y")'
AREA = {"area": HERE}
type Case = Callable[[World], Awaitable[tuple[str, Json, Json]]]
"""Enters a record; returns the path of its list, the query, and the filters of the export."""


async def persons(world: World) -> tuple[str, Json, Json]:
    await world.person()
    return "/persons", AREA, AREA


async def households(world: World) -> tuple[str, Json, Json]:
    await world.post("/households", {"number": uuid4().hex, "kind": "family", "area": HERE})
    return "/households", AREA, AREA


async def places(world: World) -> tuple[str, Json, Json]:
    body = {"kind": "grid", "code": uuid4().hex, "name": "一网格", "valid_from": "2025-01-01"}
    await world.post("/places", body | AREA)
    return "/places", AREA | {"kind": "grid"}, AREA | {"kind": "grid"}


async def childbirth_registrations(world: World) -> tuple[str, Json, Json]:
    woman = await world.person()
    body = {"person_id": woman.id, "address": "present", "registered_on": "2025-03-18"}
    await world.post("/childbirth-registrations", body)
    wanted = AREA | {"from": "2025-03-18", "to": "2025-03-18"}
    return "/childbirth-registrations", wanted, wanted


async def honour_certificates(world: World) -> tuple[str, Json, Json]:
    mother = await world.person(birth_date="1970-01-05", children_count=1)
    child = await world.person(birth_date="1998-06-01", mother_id=mother.id)
    body = {"kind": "existing", "number": uuid4().hex, "issued_on": "1999-02-03"}
    await world.post("/honour-certificates", body | {"first_holder_id": mother.id, "child_id": child.id})
    return "/honour-certificates", AREA | {"state": "valid"}, AREA | {"state": "valid"}


async def corrections(world: World) -> tuple[str, Json, Json]:
    somebody = await world.person()
    events = (await world.clerk.get(f"/persons/{somebody.id}/events")).json()["items"]
    body = {"event_id": events[0]["id"], "changes": {"sex": 1}, "reason": "录错"}
    await world.post("/corrections", body)
    return "/corrections", AREA, AREA


async def duplicates_(world: World) -> tuple[str, Json, Json]:
    first = await world.person(birth_date="1988-05-09", name="上官明月")
    body = {
        "name": first.name,
        "sex": 2,
        "birth_date": "1988-05-09",
        "document_kind": "none",
        "registered_area": HERE,
        "present_area": HERE,
        "entry": {"kind": "opening", "on": "2025-01-01"},
    }
    await world.post("/persons", body)
    while await duplicates.step(world.registry.runtime):
        pass
    return "/duplicates", {}, {}


async def cards(world: World) -> tuple[str, Json, Json]:
    woman = await world.person()
    await world.post("/cards", {"person_id": woman.id})
    return "/cards", AREA | {"state": "open"}, AREA | {"state": "open"}


async def visits(world: World) -> tuple[str, Json, Json]:
    woman = await world.person(marital_status="20", phone="13800138000")
    card = await world.post("/cards", {"person_id": woman.id})
    today = str(world.registry.runtime.clock.today())
    told = {"method": {"method": "supplies", "told_on": today, "consent": True}}
    answer = await world.clerk.patch(f"/cards/{card['id']}", version=card["version"], json=told)
    assert answer.status_code == 200, answer.text
    wanted = AREA | {"on": "2098-01-01"}
    return "/worklists", wanted, wanted


async def services(world: World) -> tuple[str, Json, Json]:
    somebody = await world.person()
    body = {"kind": "examination", "given_on": "2025-03-18", "share_with_home": False}
    await world.post(f"/persons/{somebody.id}/services", body)
    agreed = {"purpose": "health_in_lists", "given": True, "how": "paper"}
    await world.post(f"/persons/{somebody.id}/consents", agreed)
    wanted = AREA | {"from": "2025-03-18", "to": "2025-03-18"}
    return "/services", wanted, wanted


async def benefit_enrolments(world: World) -> tuple[str, Json, Json]:
    somebody = await world.person(birth_date="1960-05-05")
    _, scheme = await world.scheme()
    account = {"bank": "徽商银行", "number": "6217000012345678901", "holder": "王小明"}
    await world.post(
        "/benefit-enrolments", {"scheme_id": scheme, "person_id": somebody.id, "account": account}
    )
    wanted = AREA | {"scheme_id": scheme}
    return "/benefit-enrolments", wanted, wanted


async def supply_stock(world: World) -> tuple[str, Json, Json]:
    point = await stocked(world)
    return f"/supply-points/{point}/stock", {}, {"point_id": point}


async def supply_ledger(world: World) -> tuple[str, Json, Json]:
    point = await stocked(world)
    return f"/supply-points/{point}/documents", {}, {"point_id": point}


async def stocked(world: World) -> str:
    _, specification = await world.product()
    _, point = await world.point()
    line = {"specification_id": specification, "expires_on": "2098-12-31", "quantity": 20}
    lines = [line | {"batch_number": uuid4().hex} for _ in range(2)]
    await world.post(f"/supply-points/{point}/receipts", {"on": "2025-03-18", "lines": lines})
    return point


async def employers(world: World) -> tuple[str, Json, Json]:
    await world.employer(name=FORMULA)
    return "/employers", AREA, AREA


async def employees(world: World) -> tuple[str, Json, Json]:
    employer, somebody = await world.employer(), await world.person()
    path = f"/employers/{employer['id']}/employees"
    await world.post(path, {"person_id": somebody.id, "since": "2025-03-18"})
    return path, {}, {"employer_id": employer["id"]}


async def rentals(world: World) -> tuple[str, Json, Json]:
    await world.rental()
    return "/rentals", AREA, AREA


async def tenants(world: World) -> tuple[str, Json, Json]:
    rental, somebody = await world.rental(), await world.person()
    path = f"/rentals/{rental['id']}/tenants"
    await world.post(path, {"person_id": somebody.id, "since": "2025-03-18", "room": "北间"})
    return path, {}, {"rental_id": rental["id"]}


async def activities(world: World) -> tuple[str, Json, Json]:
    body = {
        "kind": "training",
        "title": "培训",
        "place": "会议室",
        "held_on": "2025-03-08",
        "people_reached": 12,
        "materials": [{"name": "手册", "quantity": 20}, {"name": "折页", "quantity": 30}],
    }
    await world.post("/activities", body | AREA)
    return "/activities", AREA | {"kind": "training"}, AREA | {"kind": "training"}


async def petitions(world: World) -> tuple[str, Json, Json]:
    body = {
        "received_on": "2025-03-03",
        "channel": "letter",
        "topic": "benefit",
        "office": "三孝口街道计生办",
        "petitioner_name": "赵敏",
        "content": "咨询申请条件",
    }
    await world.post("/petitions", body | AREA)
    return "/petitions", AREA | {"state": "received"}, AREA | {"state": "received"}


async def surveys(world: World) -> tuple[str, Json, Json]:
    options = [
        {"code": "yes", "title": "满意", "positive": True},
        {"code": "no", "title": "不满意", "positive": False},
    ]
    question = {"code": "service", "kind": "satisfaction", "title": "对服务是否满意", "options": options}
    await world.post("/surveys", {"title": "满意度调查", "questions": [question]} | AREA)
    return "/surveys", AREA, AREA


async def budget_lines(world: World) -> tuple[str, Json, Json]:
    year = next(world.years)
    await world.post("/budget-lines", {"year": year, "kind": "publicity", "planned": "40000.00"} | AREA)
    return "/budget-lines", AREA | {"year": year}, AREA | {"year": year}


CASES: dict[str, Case] = {
    case.__name__.rstrip("_"): case
    for case in (
        persons,
        households,
        places,
        childbirth_registrations,
        honour_certificates,
        corrections,
        duplicates_,
        cards,
        visits,
        services,
        benefit_enrolments,
        supply_stock,
        supply_ledger,
        employers,
        employees,
        rentals,
        tenants,
        activities,
        petitions,
        surveys,
        budget_lines,
    )
}
WITH_PAYMENTS = {"benefit_payments", "benefit_overpayments"}
"""Exported in the tests of payments, where there are some."""


def test_no_list_is_left_out() -> None:
    assert CASES.keys() | WITH_PAYMENTS == LISTS.keys()


@pytest.mark.parametrize("name", CASES)
async def test_an_export_has_the_rows_of_the_list_masked(name: str, world: World) -> None:
    path, query, filters = await CASES[name](world)
    listed = await whole(world, path, query)
    assert listed
    before = await world.logged_for_exports()
    content = await exported(world, name, filters, "xlsx")
    rows = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()
    columns = LISTS[name].columns
    assert rows[0] == list(columns.values())
    logged = await world.logged_for_exports() - before
    assert max(logged.values(), default=1) <= ceil(len(listed) / PAGE_ROWS), "each person once a page"
    found = [dict(zip(columns, (str(cell) for cell in row), strict=True)) for row in rows[1:]]
    parts = [item | part for item in listed for part in item.get("lines", [{}])]
    assert len(found) == len(parts)
    own = [column for column in columns if column in parts[0] and not column_is_worded(name, column)]
    assert own
    for row, part in zip(found, parts, strict=True):
        assert {column: row[column] for column in own} == {column: text_of(part[column]) for column in own}
    masked = [column for column in columns if column.endswith(("resident_id", "_id_number"))]
    assert all(MASKED.fullmatch(row[column]) for row in found for column in masked if row[column])
    with ZipFile(BytesIO(content)) as archive:
        written = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in written
    assert not [number for number in world.numbers if number in written]
    assert "13800138000" not in written


def column_is_worded(name: str, column: str) -> bool:
    """The two oldest lists write out in words what the API gives as a code."""
    return name in ("persons", "households") and column not in ("id", "name", "number", "street")


async def test_a_name_that_begins_like_a_formula_is_harmless_in_csv(world: World) -> None:
    await world.employer(name=FORMULA, credit_code=credit_code())
    text = (await exported(world, "employers", AREA, "csv")).decode("utf-8-sig")
    names = {row[0] for row in csv.reader(StringIO(text))}
    assert f"'{FORMULA}" in names
    assert FORMULA not in names


async def test_a_card_goes_out_without_what_was_told(world: World) -> None:
    listed = (await world.clerk.get("/exports/lists")).json()["items"]
    columns = next(each["columns"] for each in listed if each["list"] == "cards")
    assert not columns.keys() & {"contraception", "expected_delivery", "visits_declined_on", "method"}
    filters = {each["list"]: each["filters"]["properties"].keys() for each in listed}
    assert filters["services"] == {"area", "kind", "state", "from", "to"}
    asked = {"list": "services", "filters": AREA | {"state": "declined"}, "purpose_code": "service_offers"}
    asked |= {"purpose": "核对"}
    assert (await world.clerk.post("/exports", json=asked)).status_code == 422


async def test_pages_of_an_export_follow_each_other_without_gap_or_repetition(world: World) -> None:
    for _ in range(3):
        await activities(world)
    wanted = AREA | {"kind": "training"}
    runtime, scope = world.registry.runtime, AreaScope.everything()
    found: list[str] = []
    place: list[Any] | None = None
    async with runtime.database.transaction(scope) as tx:
        while not found or place:
            rows, place, _ = await LISTS["activities"].page(
                runtime, tx, scope, world.clerk.id, wanted, place, 2
            )
            found += [row["id"] for row in rows]
    assert found == [each["id"] for each in await whole(world, "/activities", wanted)]


async def whole(world: World, path: str, query: Json) -> list[Json]:
    """A list of the API read to its end."""
    found: list[Json] = []
    after: str | None = None
    while True:
        more: Json = {"limit": 200} | ({"after": after} if after else {})
        answer = await world.clerk.get(path, params=query | more)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        after = answer.json()["next"]
        if after is None:
            return found


async def exported(world: World, name: str, filters: Json, file_format: str) -> bytes:
    """Ask for an export, let a worker do its work, load the file; the log says so."""
    listed = (await world.clerk.get("/exports/lists")).json()["items"]
    code = next(each["purposes"][0] for each in listed if each["list"] == name)
    asked: dict[str, Any] = {"list": name, "filters": filters, "purpose_code": code, "purpose": "核对"}
    asked |= {"format": file_format}
    answer = await world.clerk.post("/exports", json=asked)
    assert answer.status_code == 202, answer.text
    session = await connect(world.registry.runtime.database.dsn)
    try:
        while await work_off(world.registry.runtime, JobSession(session, "export")):
            pass
    finally:
        await session.close()
    done = (await world.clerk.get(answer.headers["Location"])).json()
    assert done["state"] == "done", done
    link = await world.clerk.post(f"/exports/{done['id']}/link")
    return (await world.clerk.get(link.json()["path"])).content
