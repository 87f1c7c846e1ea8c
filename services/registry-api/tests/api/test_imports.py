"""Rosters: what goes in, what is refused and how it is told, dry run, who sees an import."""

from collections.abc import Callable
from datetime import date
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from python_calamine import CalamineWorkbook

from renkou_common.scope import AreaScope

from ..support import Caller, Json, Registry
from .rosters import Rosters

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def count(registry: Registry, query: str, *arguments: object) -> int:
    async with registry.runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        found: int = await tx.fetchval(query, *arguments)
    return found


@pytest.fixture
async def clerk(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103")


async def test_good_rows_become_persons_in_households(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    head = rosters.person(姓名="欧阳小明")
    wife = rosters.person(
        户号=head["户号"],
        姓名="阿依古丽•买买提",
        与户主关系="配偶",
        性别="女",
        婚姻状况="初婚",
        民族="维吾尔族",
    )
    wife["证件号码"] = ""
    wife["证件类型"] = "暂无证件"
    job = await rosters.carry(registry, clerk, [head, wife])
    assert (job["state"], job["percent"], job["rows_total"], job["rows_applied"], job["rows_refused"]) == (
        "done", 100, 2, 2, 0,
    )  # fmt: skip
    found = await clerk.post("/persons/search", json={"household_number": head["户号"]})
    names = {each["name"] for each in found.json()["items"]}
    assert names == {"欧阳小明", "阿依古丽·买买提"}
    assert head["证件号码"] not in found.text
    entered = (
        "SELECT count(*) FROM audit_entry WHERE actor_kind = 'import' AND actor_id = $1 AND session = $2"
        " AND action = 'create' AND what = 'person'"
    )
    assert await count(registry, entered, clerk.id, job["id"]) == 2
    couples = await count(
        registry,
        "SELECT count(*) FROM person a JOIN person b ON b.id = a.spouse_id AND b.spouse_id = a.id"
        " JOIN household_member m ON m.person_id = a.id JOIN household h ON h.id = m.household_id"
        " WHERE h.number = $1",
        head["户号"],
    )
    assert couples == 2
    published = await count(
        registry,
        "SELECT count(*) FROM outbox WHERE type = 'registry.person.registered.v1' AND subject IN"
        " (SELECT p.ref::text FROM person p JOIN household_member m ON m.person_id = p.id"
        " JOIN household h ON h.id = m.household_id WHERE h.number = $1)",
        head["户号"],
    )
    assert published == 2


def wrong_rows(rosters: Rosters) -> tuple[Json, list[tuple[Json, str, str]]]:
    """Twelve rows, each wrong in one way: (row, column, code)."""
    first, twin = rosters.person(), rosters.person()
    twin["证件号码"], twin["出生日期"] = first["证件号码"], first["出生日期"]
    other = rosters.person()
    number = other["证件号码"]
    digit = "0" if number[-1] != "0" else "1"
    cases = [
        (
            rosters.person(证件号码=number[:-1] + digit, 出生日期=other["出生日期"]),
            "证件号码",
            "resident_id_check_digit",
        ),
        (rosters.person(证件号码="34010319600101"), "证件号码", "resident_id_length"),
        (rosters.person(证件号码=340103196001010019.0), "证件号码", "document_number_numeric"),
        (rosters.person(出生日期="1959-12-31"), "出生日期", "resident_id_birth_date_differs"),
        (rosters.person(性别="女"), "性别", "resident_id_sex_differs"),
        (rosters.person(现居住地编码="340103009999"), "现居住地编码", "area_unknown"),
        (rosters.person(户籍地编码="340103"), "户籍地编码", "area_too_coarse"),
        (rosters.person(户籍地编码="310115", 现居住地编码="310115"), "现居住地编码", "area_outside_district"),
        (rosters.person(出生日期="2085-01-01"), "出生日期", "birth_date_future"),
        (rosters.person(姓名=" "), "姓名", "value_missing"),
        (rosters.person(婚姻状况="同居"), "婚姻状况", "label_unknown"),
        (rosters.person(联系电话="12345"), "联系电话", "phone_form"),
        (rosters.person(生育子女数="-1"), "生育子女数", "number_range"),
        (rosters.person(现居住起始日期="2015-02-30"), "现居住起始日期", "date_unreadable"),
        (rosters.person(与户主关系="子"), "与户主关系", "household_head_missing"),
        (twin, "证件号码", "duplicate_in_file"),
    ]
    return first, cases


async def test_every_wrong_row_is_refused_with_its_cell_and_reason(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    first, cases = wrong_rows(rosters)
    job = await rosters.carry(registry, clerk, [first, *(row for row, _, _ in cases)])
    assert (job["state"], job["rows_applied"], job["rows_refused"]) == ("done", 1, len(cases))
    errors = await rosters.errors(clerk, job)
    assert [(e["row"], e["column"], e["code"]) for e in errors] == [
        (number, column, code) for number, (_, column, code) in enumerate(cases, 3)
    ]
    letters = dict(zip(rosters.headings, "ABCDEFGHIJKLMNOPQR", strict=True))
    assert all(e["cell"] == f"{letters[e['column']]}{e['row']}" for e in errors)
    assert all(e["zh"] and e["en"] for e in errors)
    listed = str(errors)
    for row, column, _ in cases:
        if column in ("证件号码", "联系电话"):
            assert str(row[column]) not in listed
    assert next(e for e in errors if e["code"] == "document_number_numeric")["value"] == "3.4E+17"


async def test_all_errors_of_a_row_come_at_once(registry: Registry, clerk: Caller, rosters: Rosters) -> None:
    row = rosters.person(姓名="", 性别="男性", 出生日期="昨天", 民族="", 联系电话="x")
    job = await rosters.carry(registry, clerk, [row])
    errors = await rosters.errors(clerk, job)
    assert {e["column"] for e in errors} == {"姓名", "性别", "出生日期", "民族", "联系电话"}
    assert job["rows_refused"] == 1


async def test_a_confirmed_birth_date_goes_in_with_a_warning(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    row = rosters.person(出生日期="1959-12-31", 核实="是", 现居住起始日期=date(2015, 6, 1))
    elsewhere = rosters.person(户籍地编码="340103001001")
    elsewhere["证件号码"] = resident_id_of("310115", elsewhere)
    job = await rosters.carry(registry, clerk, [row, elsewhere])
    assert (job["rows_applied"], job["rows_refused"], job["rows_warned"]) == (2, 0, 2)
    warnings = await rosters.errors(clerk, job, severity="warning")
    assert [w["code"] for w in warnings] == ["resident_id_birth_date_differs", "resident_id_region_differs"]


def resident_id_of(region: str, row: Json) -> str:
    from renkou_common.codes.resident_id import check_character

    first: str = region + row["证件号码"][6:17]
    return first + check_character(first)


async def test_a_dry_run_changes_nothing_until_it_is_started(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    rows = [rosters.person(), rosters.person(姓名="")]
    before = (
        await count(registry, "SELECT count(*) FROM person"),
        await count(registry, "SELECT count(*) FROM outbox"),
    )
    job = await rosters.carry(registry, clerk, rows, dry_run=True)
    assert (job["state"], job["percent"], job["rows_refused"], job["rows_applied"]) == ("checked", 100, 1, 0)
    after = (
        await count(registry, "SELECT count(*) FROM person"),
        await count(registry, "SELECT count(*) FROM outbox"),
    )
    assert after == before
    started = await clerk.post(f"/imports/{job['id']}/start")
    assert (started.status_code, started.json()["state"]) == (202, "applying")
    await rosters.work(registry)
    again = await clerk.post(f"/imports/{job['id']}/start")
    assert (again.json()["state"], again.json()["rows_applied"]) == ("done", 1)


async def test_the_same_roster_twice_enters_nobody_twice(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    newborn = rosters.person(
        证件类型="出生医学证明",
        证件号码="P340000001",
        出生日期="2024-12-01",
        现居住起始日期="",
        婚姻状况="未婚",
    )
    rows = [rosters.person(), newborn]
    first = await rosters.carry(registry, clerk, rows)
    assert first["rows_applied"] == 2
    second = await rosters.carry(registry, clerk, rows)
    assert (second["rows_applied"], second["rows_refused"]) == (0, 2)
    codes = {(e["row"], e["column"], e["code"]) for e in await rosters.errors(clerk, second)}
    assert {(2, "证件号码", "person_registered"), (3, "姓名", "person_registered")} <= codes


async def test_somebody_entered_after_the_check_is_refused_then(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    row = rosters.person()
    waiting = await rosters.carry(registry, clerk, [row], dry_run=True)
    await rosters.carry(registry, clerk, [row | {"户号": "另一户"}])
    await clerk.post(f"/imports/{waiting['id']}/start")
    await rosters.work(registry)
    job = (await clerk.get(f"/imports/{waiting['id']}")).json()
    assert (job["state"], job["rows_applied"], job["rows_refused"]) == ("done", 0, 1)
    assert [e["code"] for e in await rosters.errors(clerk, job)] == ["person_registered"]


async def test_the_error_sheet_marks_the_cell_and_can_be_handed_in_again(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    head = rosters.person()
    child = rosters.person(户号=head["户号"], 与户主关系="子", 婚姻状况="同居")
    job = await rosters.carry(registry, clerk, [head, child])
    answer = await clerk.get(f"/imports/{job['id']}/errors.xlsx")
    assert answer.headers["content-type"] == XLSX
    rows = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert len(rows) == 2
    refused = dict(zip(rows[0], rows[1], strict=True))
    assert (refused["姓名"], refused["证件号码"], refused["原行号"]) == (
        child["姓名"],
        child["证件号码"],
        "3",
    )
    assert str(refused["错误说明"]).startswith("婚姻状况: ")
    with ZipFile(BytesIO(answer.content)) as archive:
        comments = archive.read("xl/comments1.xml").decode()
        styles = archive.read("xl/styles.xml").decode()
    assert 'ref="H2"' in comments
    assert "不能填“同居”" in comments
    assert "FFFFC7CE" in styles
    corrected = {heading: refused[heading] for heading in rows[0]} | {"婚姻状况": "未婚"}
    sheet = rosters.sheet([corrected], list(rows[0]))
    again = await rosters.hand_in(clerk, sheet)
    await rosters.work(registry)
    done = (await clerk.get(again.headers["Location"])).json()
    assert (done["rows_applied"], done["rows_refused"]) == (1, 0)
    members = await count(
        registry,
        "SELECT count(*) FROM household_member m JOIN household h ON h.id = m.household_id"
        " WHERE h.number = $1",
        head["户号"],
    )
    assert members == 2


async def test_formulas_in_a_roster_stay_text_in_the_error_sheet(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    job = await rosters.carry(registry, clerk, [rosters.person(姓名='=HYPERLINK("http://x","y")', 性别="?")])
    answer = await clerk.get(f"/imports/{job['id']}/errors.xlsx")
    with ZipFile(BytesIO(answer.content)) as archive:
        assert "<f>" not in archive.read("xl/worksheets/sheet1.xml").decode()


async def test_the_template_can_be_filled_in(registry: Registry, clerk: Caller, rosters: Rosters) -> None:
    answer = await clerk.get("/imports/template.xlsx")
    book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
    assert book.sheet_names[:2] == ["人口登记表", "填写说明"]
    assert book.get_sheet_by_index(0).to_python()[0] == rosters.headings
    with ZipFile(BytesIO(answer.content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<dataValidation ") == 6


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda r: r.sheet([r.person()], r.headings[1:]), "headings_wrong"),
        (lambda r: r.sheet([r.person()], [*r.headings, "避孕方法"]), "headings_wrong"),
        (lambda r: r.sheet([]), "no_rows"),
        (lambda r: b"PK\x03\x04 and then nothing of use", "not_a_workbook"),
        (lambda r: bomb(), "workbook_too_large"),
    ],
)
async def test_a_file_that_is_no_roster_fails_as_a_whole(
    registry: Registry, clerk: Caller, rosters: Rosters, make: Callable[[Rosters], bytes], code: str
) -> None:
    handed_in = await rosters.hand_in(clerk, make(rosters))
    await rosters.work(registry)
    job = (await clerk.get(handed_in.headers["Location"])).json()
    assert (job["state"], job["failure"]["code"]) == ("failed", code)
    assert (await clerk.post(f"/imports/{job['id']}/start")).status_code == 409


def bomb() -> bytes:
    target = BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(410 << 20))
    return target.getvalue()


async def test_columns_may_stand_anywhere(registry: Registry, clerk: Caller, rosters: Rosters) -> None:
    headings = ["", *reversed(rosters.headings)]
    handed_in = await rosters.hand_in(clerk, rosters.sheet([rosters.person(性别="?")], headings))
    await rosters.work(registry)
    job = (await clerk.get(handed_in.headers["Location"])).json()
    assert [e["cell"] for e in await rosters.errors(clerk, job)] == ["Q2"]


async def test_what_is_handed_in_has_a_form(registry: Registry, clerk: Caller, rosters: Rosters) -> None:
    good = rosters.sheet([rosters.person()])
    plain = await clerk.post("/imports", content=good, headers={"Content-Type": "text/plain"})
    assert plain.status_code == 415
    no_workbook = await rosters.hand_in(clerk, b"name,sex\n")
    assert (no_workbook.status_code, no_workbook.json()["code"]) == (422, "not_a_workbook")
    future = await rosters.hand_in(clerk, good, stock_date="2199-01-01")
    assert future.status_code == 422
    no_key = await clerk.request("POST", "/imports", content=good, headers={"Content-Type": XLSX})
    assert no_key.status_code == 428


async def test_the_same_file_sent_twice_is_one_import(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    sheet = rosters.sheet([rosters.person()])
    first = await clerk.post("/imports", key="sent-twice", content=sheet, headers={"Content-Type": XLSX})
    again = await clerk.post("/imports", key="sent-twice", content=sheet, headers={"Content-Type": XLSX})
    assert first.json()["id"] == again.json()["id"]
    await rosters.work(registry)


async def test_a_clerk_imports_only_into_own_areas(registry: Registry, rosters: Rosters) -> None:
    own = await registry.staff("subdistrict_clerk", "340103009")
    rows = [rosters.person(), rosters.person(户籍地编码="340103001001", 现居住地编码="340103001001")]
    job = await rosters.carry(registry, own, rows)
    assert (job["rows_applied"], job["rows_refused"]) == (1, 1)
    assert [e["code"] for e in await rosters.errors(own, job)] == ["area_outside_scope"]


async def test_an_import_is_seen_only_by_those_who_may_see_its_people(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    job = await rosters.carry(registry, clerk, [rosters.person(性别="?")])
    elsewhere = await registry.staff("subdistrict_clerk", "340103001")
    colleague = await registry.staff("subdistrict_clerk", "340103")
    worker = await registry.staff("community_worker", "340103")
    for path in ("", "/errors", "/errors.xlsx"):
        assert (await elsewhere.get(f"/imports/{job['id']}{path}")).status_code == 404
        assert (await colleague.get(f"/imports/{job['id']}{path}")).status_code == 200
        assert (await worker.get(f"/imports/{job['id']}{path}")).status_code == 403
    assert (await elsewhere.post(f"/imports/{job['id']}/start")).status_code == 404
    assert (await worker.get("/imports/template.xlsx")).status_code == 403


async def test_errors_come_page_by_page(registry: Registry, clerk: Caller, rosters: Rosters) -> None:
    job = await rosters.carry(registry, clerk, [rosters.person(姓名="", 性别="") for _ in range(5)])
    seen, after = [], None
    while True:
        query = {"limit": 3} | ({"after": after} if after else {})
        page = (await clerk.get(f"/imports/{job['id']}/errors", params=query)).json()
        seen += [(e["row"], e["column"]) for e in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 10
    assert [row for row, _ in seen] == sorted(row for row, _ in seen)


async def test_what_was_handed_in_lies_sealed_in_the_database(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    row = rosters.person(姓名="独一无二的名字")
    handed_in = await rosters.hand_in(clerk, rosters.sheet([row]))
    job_id = handed_in.json()["id"]
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        parts = await tx.fetch("SELECT sealed FROM import_file WHERE job_id = $1", job_id)
    assert parts
    assert not any(b"PK\x03\x04" in part["sealed"] for part in parts)
    await rosters.work(registry)
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        kept = await tx.fetch(
            "SELECT sealed FROM import_cells WHERE job_id = $1 UNION ALL"
            " SELECT sealed FROM import_block WHERE job_id = $1",
            job_id,
        )
        assert await tx.fetchval("SELECT count(*) FROM import_file WHERE job_id = $1", job_id) == 0
    assert kept
    assert not any(row["姓名"].encode() in part["sealed"] for part in kept)
