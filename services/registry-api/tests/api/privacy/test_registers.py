"""Registers of processing and of sharing come from the data, and so does the assessment."""

import csv
from io import StringIO
from pathlib import Path

from renkou_registry.privacy import assessment
from renkou_registry.privacy.purposes.defaults import PURPOSES

from ...support import Registry
from ..people.people import HERE
from ..test_exports import exported, load
from ..test_roles import role

PAGE = Path(__file__).resolve().parents[5] / "docs/impact-assessment.md"


def test_the_page_says_what_the_data_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == assessment.page()


async def test_the_register_of_processing_has_every_purpose_with_its_basis_protection_and_retention(
    registry: Registry,
) -> None:
    auditor = await registry.staff("auditor", "340103")
    found = {each["code"]: each for each in (await auditor.get("/privacy/processing")).json()["items"]}
    assert {each.code for each in PURPOSES} <= found.keys()
    told = found["card_health_data"]
    assert (told["separate_consent"], told["impact"]) == ("card_health_data", "high")
    assert told["health_fields"] == ["card_fact.sealed"]
    birth = found["exchange_birth"]
    assert (birth["notices"], birth["assessment_grounds"]) == (["birth_notice"], ["55(1)", "55(3)"])
    register = found["register_upkeep"]
    assert "person.resident_id_sealed" in register["encrypted_fields"]
    assert {each["code"] for each in register["retention"]} >= {"register", "import_jobs"}
    assert "subdistrict_clerk" in register["roles"]
    text = (await auditor.get("/privacy/processing.csv")).content.decode("utf-8-sig")
    rows = {row["目的代码"]: row for row in csv.DictReader(StringIO(text))}
    assert rows.keys() == found.keys()
    assert rows["card_health_data"]["法律依据"] == told["articles"]


async def test_what_is_taken_out_stands_in_the_register_of_sharing_and_is_counted(registry: Registry) -> None:
    clerk = await registry.staff("subdistrict_clerk", "340103")
    auditor = await registry.staff("auditor", "340103")
    before = {each["code"]: each for each in (await auditor.get("/privacy/processing")).json()["items"]}
    export = await exported(registry, clerk, filters={"area": HERE}, columns=["name"], purpose="普查核对")
    assert (await load(clerk, export)).status_code == 200
    latest = (await auditor.get("/privacy/sharing", params={"limit": 1})).json()["items"][0]
    assert (latest["by"], latest["list"], latest["columns"]) == (str(clerk.id), "persons", ["name"])
    assert (latest["purpose_code"], latest["purpose"]) == ("register_upkeep", "普查核对")
    assert latest["articles"] == "《个人信息保护法》第十三条第一款第三项、第三十四条"
    assert (await clerk.get("/privacy/sharing")).status_code == 403
    after = {each["code"]: each for each in (await auditor.get("/privacy/processing")).json()["items"]}
    assert after["register_upkeep"]["exports"] == before["register_upkeep"]["exports"] + 1


async def test_a_nodes_assessment_follows_its_own_purposes(registry: Registry) -> None:
    admin = registry.administrator
    purpose = {
        "code": "flood_relief",
        "zh": "汛期转移安置核对",
        "en": "check rolls when people are moved out of a flood",
        "basis": "duty",
        "covers": ["export:households"],
        "active_from": "2025-01-01",
        "reason": "防汛办来函",
    }
    assert (await admin.post("/purposes", json=purpose)).status_code == 201
    body = role(code="flood_desk", scopes=["resident:read", "resident:export"])
    assert (await admin.post("/roles", json=body)).status_code == 201
    page = (await admin.get("/privacy/impact-assessment")).text
    assert "汛期转移安置核对" in page
    assert "第五十六条" in page
    assert "`flood_desk`" in page
    today = registry.runtime.clock.today().isoformat()
    await admin.patch("/purposes/flood_relief", version=1, json={"active_to": today, "reason": "汛期结束"})
    assert "汛期转移安置核对" not in (await admin.get("/privacy/impact-assessment")).text
