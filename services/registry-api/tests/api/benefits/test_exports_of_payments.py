"""What is paid, and what was paid too much, goes out as the API lists it, without any account."""

from io import BytesIO
from uuid import UUID

from python_calamine import CalamineWorkbook

from renkou_common.database import connect
from renkou_common.scope import AreaScope
from renkou_registry.background import JobSession
from renkou_registry.exports.jobs import work_off

from ...support import Json
from .office import SUBDISTRICT, Office
from .test_payments import in_payment


async def exported(office: Office, name: str, filters: Json) -> tuple[bytes, list[list[str]]]:
    asked = {"list": name, "filters": filters, "purpose_code": "benefits", "purpose": "核对发放"}
    answer = await office.clerk.post("/exports", json=asked)
    assert answer.status_code == 202, answer.text
    session = await connect(office.registry.runtime.database.dsn)
    try:
        while await work_off(office.registry.runtime, JobSession(session, "export")):
            pass
    finally:
        await session.close()
    link = await office.clerk.post(f"{answer.headers['Location']}/link")
    content = (await office.clerk.get(link.json()["path"])).content
    rows = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()
    return content, [[str(cell) for cell in row] for row in rows]


async def test_the_lines_of_a_batch_go_out_with_masked_numbers_and_no_account(office: Office) -> None:
    scheme, people, _ = await in_payment(office, 2)
    batch = (await office.draft(scheme)).json()
    lines = await office.lines(batch)
    content, rows = await exported(office, "benefit_payments", {"batch_id": batch["id"]})
    found = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert [(row["发放编号"], row["金额（元）"], row["状态"]) for row in found] == [
        (line["id"], line["amount"], line["state"]) for line in lines
    ]
    assert {row["姓名"] for row in found} == {person["name"] for person in people}
    assert all("**********" in row["身份证号"] for row in found)
    assert b"6217000012345678901" not in content
    assert not [row for row in rows if "6217000012345678901" in row]


async def test_whoever_stands_in_an_exported_list_finds_it_in_the_log_of_readings(office: Office) -> None:
    scheme, people, _ = await in_payment(office, 2)
    batch = (await office.draft(scheme)).json()
    await exported(office, "benefit_payments", {"batch_id": batch["id"]})
    async with office.registry.runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        for person in people:
            found = await tx.fetch(
                "SELECT actor_id FROM audit_entry WHERE person_ids @> ARRAY[$1::uuid] AND action = 'export'",
                UUID(person["id"]),
            )
            assert {str(row["actor_id"]) for row in found} == {str(office.clerk.id)}


async def test_overpayments_go_out_as_they_are_listed(office: Office) -> None:
    listed = (await office.clerk.get("/benefit-overpayments", params={"area": SUBDISTRICT})).json()["items"]
    _, rows = await exported(office, "benefit_overpayments", {"area": SUBDISTRICT})
    assert [row[-1] for row in rows[1:]] == [each["id"] for each in listed]
