"""Exports: who gets what, masked, logged, for a day."""

import csv
from datetime import date, timedelta
from io import BytesIO, StringIO
from typing import Any

import asyncpg
import httpx
import pytest
from python_calamine import CalamineWorkbook

from renkou_common.database import connect
from renkou_common.scope import AreaScope
from renkou_registry.background import JobSession
from renkou_registry.exports.jobs import trim_exports, work_off

from ..support import Caller, Json, Registry
from .rosters import Rosters

COMMUNITY = "340103009001"
CODE = "register_upkeep"


@pytest.fixture
async def clerk(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103")


async def work(registry: Registry) -> None:
    """One worker's session: every open export to its end."""
    session = await connect(registry.runtime.database.dsn)
    try:
        while await work_off(registry.runtime, JobSession(session, "export")):
            pass
    finally:
        await session.close()


async def exported(registry: Registry, clerk: Caller, **body: Any) -> Json:
    asked = {
        "list": "persons",
        "filters": {"area": COMMUNITY},
        "purpose_code": CODE,
        "purpose": "核对花名册",
    } | body
    answer = await clerk.post("/exports", json=asked)
    assert answer.status_code == 202, answer.text
    await work(registry)
    export: Json = (await clerk.get(answer.headers["Location"])).json()
    return export


async def load(clerk: Caller, export: Json) -> httpx.Response:
    link = await clerk.post(f"/exports/{export['id']}/link")
    assert link.status_code == 201, link.text
    return await clerk.get(link.json()["path"])


async def test_a_filtered_list_comes_masked_as_a_workbook(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    people = [rosters.person(姓名="欧阳导出"), rosters.person(姓名="欧阳导出二")]
    await rosters.carry(registry, clerk, people)
    export = await exported(
        registry,
        clerk,
        filters={"area": COMMUNITY, "name": "欧阳导出"},
        columns=["name", "resident_id", "phone", "birth_date"],
    )
    assert (export["state"], export["rows"]) == ("done", 2)
    file = await load(clerk, export)
    rows = CalamineWorkbook.from_filelike(BytesIO(file.content)).get_sheet_by_index(0).to_python()
    assert rows[0] == ["姓名", "身份证号", "联系电话", "出生日期"]
    assert {row[0] for row in rows[1:]} == {"欧阳导出", "欧阳导出二"}
    for person in people:
        number = person["证件号码"]
        assert [f"{number[:4]}**********{number[-4:]}", "138****8000"] in [row[1:3] for row in rows[1:]]
        assert number.encode() not in file.content


async def test_every_page_stands_in_the_file_once(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    people = [rosters.person(姓名=f"分页{number}") for number in range(2100)]
    await rosters.carry(registry, clerk, people)
    export = await exported(
        registry, clerk, format="csv", filters={"area": COMMUNITY, "name": "分页"}, columns=["name", "id"]
    )
    assert export["rows"] == 2100
    text = (await load(clerk, export)).content.decode("utf-8-sig")
    names = [row[0] for row in csv.reader(StringIO(text))][1:]
    assert sorted(names) == sorted(person["姓名"] for person in people)


async def test_formulas_are_defused_and_households_can_be_exported(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    number = "=1+1"
    await rosters.carry(registry, clerk, [rosters.person(户号=number)])
    export = await exported(
        registry, clerk, list="households", format="csv", filters={"area": COMMUNITY, "number": number}
    )
    text = (await load(clerk, export)).content.decode("utf-8-sig")
    assert [row[0] for row in csv.reader(StringIO(text))] == ["户号", "'=1+1"]


async def test_a_link_is_its_clerks_own_and_the_last_one_counts(registry: Registry, clerk: Caller) -> None:
    colleague = await registry.staff("subdistrict_clerk", "340103")
    export = await exported(registry, clerk)
    assert (await colleague.get(f"/exports/{export['id']}")).status_code == 200
    assert (await colleague.post(f"/exports/{export['id']}/link")).status_code == 404
    first = (await clerk.post(f"/exports/{export['id']}/link")).json()["path"]
    second = (await clerk.post(f"/exports/{export['id']}/link")).json()["path"]
    assert (await clerk.get(first)).status_code == 404
    assert (await colleague.get(second)).status_code == 404
    assert (await registry.client.get(second)).status_code == 401
    assert (await clerk.get(second)).status_code == 200


async def test_an_export_ends_after_a_day(fresh_registry: Registry, rosters: Rosters) -> None:
    clerk = await fresh_registry.staff("subdistrict_clerk", "340103")
    export = await exported(fresh_registry, clerk)
    path = (await clerk.post(f"/exports/{export['id']}/link")).json()["path"]
    fresh_registry.set_today(date.today() + timedelta(days=2))
    assert (await clerk.get(path)).status_code == 404
    async with fresh_registry.runtime.database.transaction(AreaScope.everything()) as tx:
        await trim_exports(fresh_registry.runtime, tx)
        assert await tx.fetchval("SELECT count(*) FROM export_part") == 0
    assert (await clerk.get(f"/exports/{export['id']}")).json()["state"] == "expired"
    assert (await clerk.post(f"/exports/{export['id']}/link")).status_code == 409


async def test_the_log_says_who_exported_what_and_what_for(registry: Registry, clerk: Caller) -> None:
    auditor = await registry.staff("auditor", "340103")
    export = await exported(
        registry, clerk, purpose="年底核对", filters={"area": COMMUNITY, "name": "王小"}, columns=["name"]
    )
    await load(clerk, export)
    entries = (await auditor.get("/exports/log", params={"limit": 3})).json()["items"]
    assert [each["kind"] for each in entries] == ["downloaded", "finished", "requested"]
    assert {each["by"] for each in entries} == {str(clerk.id)}
    assert entries[0]["purpose"] == "年底核对"
    assert entries[0]["filters"]["name"] == "王**"
    assert (await clerk.get("/exports/log")).status_code == 403
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.execute("UPDATE export_log SET purpose = ''")


async def test_what_is_asked_for_is_checked_field_by_field(registry: Registry, clerk: Caller) -> None:
    good = {"list": "persons", "filters": {"area": COMMUNITY}, "purpose_code": CODE, "purpose": "核对"}
    for changed, pointer in (
        ({"list": "secrets"}, "/list"),
        ({"columns": ["name", "secret"]}, "/columns"),
        ({"filters": {}}, "/filters/area"),
        ({"filters": {"area": COMMUNITY, "population": "all"}}, "/filters/population"),
        ({"filters": {"area": COMMUNITY, "sex": 1}}, "/filters/sex"),
        ({"purpose": ""}, "/purpose"),
        ({"format": "pdf"}, "/format"),
    ):
        answer = await clerk.post("/exports", json=good | changed)
        assert answer.status_code == 422, answer.text
        assert pointer in [each["pointer"] for each in answer.json()["errors"]], answer.text
    foreign = await registry.staff("subdistrict_clerk", "340103001")
    assert (await foreign.post("/exports", json=good)).status_code == 404
    station = await registry.staff("service_station", "340103")
    assert (await station.post("/exports", json=good)).status_code == 403


async def test_the_same_request_twice_is_one_export(registry: Registry, clerk: Caller) -> None:
    body = {"list": "households", "filters": {"area": COMMUNITY}, "purpose_code": CODE, "purpose": "核对"}
    first = await clerk.post("/exports", key="export-once", json=body)
    again = await clerk.post("/exports", key="export-once", json=body)
    assert first.json()["id"] == again.json()["id"]
    await work(registry)
    listed = (await clerk.get("/exports/lists")).json()["items"]
    assert {each["list"] for each in listed} >= {"persons", "households"}
