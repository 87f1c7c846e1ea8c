"""Everything held about a person, for the person."""

import io
from datetime import datetime

import pypdf

from renkou_registry.me.repository import person_columns, sources
from renkou_registry.me.words import TITLES
from renkou_registry.metadata import metadata

from ...support import Registry
from ..duplicates.test_duplicates import merge
from ..people.people import HERE, People
from ..test_external_lists import STATED, matched
from .test_own_account import activate, opened, person, sign_in


async def test_a_copy_holds_the_record_its_history_and_the_readings_in_the_clear(registry: Registry) -> None:
    entered, me = await person(registry, phone="13800001234", name="买买提·艾力")
    await me.request("PUT", "/me/consents/contact_by_phone", json={"given": True})
    answer = await me.get("/me/copy.json")
    assert answer.status_code == 200, answer.text
    records = answer.json()["records"]
    held = records["person"][0]
    assert held["id"] == entered["id"]
    assert held["name"] == "买买提·艾力"
    assert held["phone"] == "13800001234"
    assert len(held["resident_id"]) == 18
    assert [event["kind"] for event in records["life_event"]] == ["opening"]
    assert records["consent"][0]["purpose"] == "contact_by_phone"
    assert "password_hash" not in records["person_account"][0]


async def test_a_copy_holds_what_was_noted_in_a_record_that_joined_the_own_one(registry: Registry) -> None:
    clerk = await registry.staff("subdistrict_clerk", "340103")
    values = {"name": "端木并档", "birth_date": "1979-05-09"}
    entered, account = await opened(registry, clerk, **values)
    gone = await People(clerk, registry.runtime).enter(phone="13800004321", **values)
    read = (await clerk.get(f"/persons/{gone['id']}")).json()
    changed = await clerk.patch(
        f"/persons/{gone['id']}", version=read["version"], json={"phone": "13900008765"}
    )
    assert changed.status_code == 200, changed.text
    await merge(clerk, entered, gone)
    await activate(registry, account)
    records = (await (await sign_in(registry, account)).get("/me/copy.json")).json()["records"]
    assert {row["id"] for row in records["person"]} == {entered["id"], gone["id"]}
    assert {row["value"] for row in records["person_detail"]} == {"13800004321", "13900008765"}
    assert [row["kind"] for row in records["life_event"] if row["person_id"] == gone["id"]] == [
        "opening",
        "merge",
    ]


async def test_a_copy_holds_nothing_of_anybody_else(registry: Registry) -> None:
    other, _ = await person(registry, name="不相干")
    _, me = await person(registry)
    assert other["id"] not in (await me.get("/me/copy.json")).text


def test_every_table_that_names_a_person_is_in_the_copy() -> None:
    named = {table.name for table in metadata.sorted_tables if person_columns(table)}
    assert named <= {table.name for table in sources()}
    assert {"person", "life_event", "consent", "person_account", "household_member"} <= named


async def test_the_copy_on_paper_says_the_same(registry: Registry) -> None:
    _, me = await person(registry, name="欧阳娜娜", phone="13800005678")
    answer = await me.get("/me/copy.pdf")
    assert answer.status_code == 200, answer.text
    read = pypdf.PdfReader(io.BytesIO(answer.content))
    text = "".join(page.extract_text().replace("\0", "") for page in read.pages)
    assert "欧阳娜娜" in text
    assert "13800005678" in text


async def test_the_paper_names_colleagues_areas_and_codes_in_words_and_hours_of_here(
    registry: Registry,
) -> None:
    worker = await registry.staff("community_worker", HERE)
    entered, account = await opened(registry, worker, marital_status="21")
    await activate(registry, account)
    me = await sign_in(registry, account)
    assert (await worker.get(f"/persons/{entered['id']}")).status_code == 200
    found = (await me.get("/me/copy.json")).json()
    assert found["staff"][str(worker.id)] == f"工作人员 {worker.username}"
    assert found["records"]["person"][0]["present_area"] == HERE
    assert found["areas"][HERE].endswith("水西门社区居委会")
    before = registry.runtime.clock.now()
    pages = (await me.get("/me/copy.pdf")).content
    text = "".join(page.extract_text().replace("\0", "") for page in pypdf.PdfReader(io.BytesIO(pages)).pages)
    assert str(worker.id) not in text
    assert f"工作人员 {worker.username}" in text
    assert "期初建档" in text
    assert "人员详情" in text
    assert "水西门社区居委会" in text
    (reading,) = (each for each in found["records"]["audit_entry"] if each["what"] == "record")
    read_at = datetime.fromisoformat(reading["at"]).astimezone(before.tzinfo)
    assert f"{read_at:%Y-%m-%d %H:%M}" in text


def test_every_table_of_the_copy_has_a_title_in_plain_words() -> None:
    assert [table.name for table in sources() if table.name not in TITLES] == []


async def test_what_is_sealed_is_in_the_clear_in_the_own_copy(registry: Registry) -> None:
    worker = await registry.staff("community_worker", HERE)
    entered, account = await opened(registry, worker, phone="13800007777", marital_status="21")
    await activate(registry, account)
    me = await sign_in(registry, account)
    today = registry.runtime.clock.today().isoformat()
    card = (await worker.post("/cards", json={"person_id": entered["id"], "opened_on": today})).json()
    told = {"method": {"method": "iud", "told_on": today, "consent": True}}
    answer = await worker.patch(f"/cards/{card['id']}", version=card["version"], json=told)
    assert answer.status_code == 200, answer.text
    read = (await worker.get(f"/persons/{entered['id']}")).json()
    changed = await worker.patch(
        f"/persons/{entered['id']}", version=read["version"], json={"phone": "13900008888"}
    )
    assert changed.status_code == 200, changed.text
    asked = {"person_id": entered["id"], "details": {"name": "王晓鸣"}, "reason": "姓名录错"}
    assert (await worker.post("/corrections", json=asked)).status_code == 201
    records = (await me.get("/me/copy.json")).json()["records"]
    assert records["card_fact"][0]["content"]["method"] == "iud"
    assert {each["value"] for each in records["person_detail"]} >= {"13800007777", "13900008888"}
    assert records["correction_request"][0]["details"] == {"name": "王晓鸣"}
    pages = (await me.get("/me/copy.pdf")).content
    text = "".join(page.extract_text().replace("\0", "") for page in pypdf.PdfReader(io.BytesIO(pages)).pages)
    assert "13900008888" in text
    assert "信息卡上告知的内容" in text


async def test_the_own_line_of_another_offices_list_is_in_the_copy(registry: Registry) -> None:
    clerk = await registry.staff("subdistrict_clerk", "340103")
    entered, me = await person(registry, marital_status="10")
    own = (await me.get("/me/copy.json")).json()["records"]["person"][0]
    spouse = "340103199001311235"
    line = {"身份证号": own["resident_id"], "姓名": own["name"], "配偶身份证号": spouse, "配偶姓名": "王小明"}
    listed = await matched(registry, clerk, "marriages", [line | {"结婚日期": "2025-03-01"}])
    for settled in (False, True):
        if settled:
            path = f"/external-lists/{listed['id']}/rows/2/settlement"
            answer = await clerk.post(path, json={"action": "link", "person_id": entered["id"]})
            assert answer.status_code in (200, 201), answer.text
        (found,) = (await me.get("/me/copy.json")).json()["records"]["external_list_row"]
        assert (found["source"], found["legal_basis"]) == ("民政", STATED["legal_basis"])
        assert found["line"]["身份证号"] == own["resident_id"]
        assert found["line"]["配偶姓名"] == "王小明"
        assert found["line"]["配偶身份证号"] == "3401**********1235"
        assert (found["action"] is not None) == settled
    pages = (await me.get("/me/copy.pdf")).content
    text = "".join(page.extract_text().replace("\0", "") for page in pypdf.PdfReader(io.BytesIO(pages)).pages)
    assert "名单所载内容" in text
