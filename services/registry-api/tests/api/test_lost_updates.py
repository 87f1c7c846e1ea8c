"""Whoever comes second is told what was changed meanwhile, and when, whatever kind of record it is."""

from datetime import datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from ..support import Caller, Json, Registry
from .people.people import HERE, People
from .people.revising import ask, decide

BY_HAND = {"person", "household"}
"""They note in the statements that change them, as several rows make up their fields."""
NEVER_CHANGED = {"audit_entry", "service_change", "visit_batch_item"}


@pytest.fixture
async def clerk(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103001")


def check(answer: Json, changed: set[str]) -> None:
    """The problem names these fields among those that changed, each with its pointer, and a moment just now."""
    assert changed <= set(answer["changed"])
    assert [each["pointer"] for each in answer["errors"]] == [f"/{name}" for name in answer["changed"]]
    at = datetime.fromisoformat(answer["changed_at"])
    assert at.utcoffset() == timedelta(hours=8)
    assert abs(datetime.now(at.tzinfo) - at) < timedelta(minutes=5)


async def test_a_correction_request_says_that_it_was_decided_on(registry: Registry, clerk: Caller) -> None:
    people = People(clerk, registry.runtime)
    approver = await registry.staff("subdistrict_clerk", "340103001")
    person = await people.enter()
    event = (await clerk.get(f"/persons/{person['id']}/events")).json()["items"][0]
    asked = (await ask(clerk, event_id=event["id"], changes={"sex": 1}, reason="录错")).json()
    assert (await decide(approver, asked, "rejection", reason="材料不足")).status_code == 200
    late = await decide(approver, asked, "approval")
    assert (late.status_code, late.headers["etag"]) == (412, '"2"')
    check(late.json(), {"state", "decided_by", "decided_at", "decision_reason"})


async def test_a_card_a_place_and_a_staff_account_say_what_was_changed(
    registry: Registry, clerk: Caller
) -> None:
    person = await People(clerk, registry.runtime).enter(birth_date="1995-01-01")
    card = (await clerk.post("/cards", json={"person_id": person["id"]})).json()
    told = {"method": {"method": "iud", "told_on": "2025-03-01", "consent": True}}
    changed = await clerk.patch(f"/cards/{card['id']}", version=card["version"], json=told)
    assert changed.status_code == 200, changed.text
    late = await clerk.patch(f"/cards/{card['id']}", version=card["version"], json=told)
    assert late.status_code == 412, late.text
    check(late.json(), {"told"})

    username = f"u{uuid4().hex[:8]}"
    account = {
        "username": username,
        "display_name": "张三",
        "password": "given once by the office",
        "assignments": [{"role": "community_worker", "area": HERE}],
    }
    made = (await registry.administrator.post("/staff", json=account)).json()
    rights = {"assignments": [{"role": "statistician", "area": "340103"}], "display_name": "张珊"}
    path = f"/staff/{made['id']}"
    assert (await registry.administrator.patch(path, version=1, json=rights)).status_code == 200
    late = await registry.administrator.patch(path, version=1, json={"display_name": "李四"})
    assert late.status_code == 412, late.text
    check(late.json(), {"assignments", "display_name"})


async def test_every_record_with_a_version_notes_what_a_change_made_different(registry: Registry) -> None:
    owner = await asyncpg.connect(registry.environment["RENKOU_MIGRATION_DATABASE_URL"])
    try:
        versioned = await owner.fetch(
            "SELECT a.table_name FROM information_schema.columns a JOIN information_schema.columns b"
            " USING (table_schema, table_name) WHERE table_schema = 'public' AND a.column_name = 'version'"
            " AND b.column_name = 'id'"
        )
        noted = await owner.fetch(
            "SELECT tgrelid::regclass::text AS name FROM pg_trigger WHERE tgname = 'note_change'"
        )
    finally:
        await owner.close()
    wanted = {row["table_name"] for row in versioned} - BY_HAND - NEVER_CHANGED
    assert {row["name"] for row in noted} == wanted
