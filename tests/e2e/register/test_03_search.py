"""Line 3: somebody is found by whatever is known of the person."""

from typing import Any

import pytest

from tests.e2e.api import Json
from tests.e2e.register.caller import Caller
from tests.e2e.register.support import ELSEWHERE, HERE, Walk

AREA = "340103001003"


@pytest.fixture(scope="module")
async def known(walk: Walk) -> Json:
    """One person with everything to look for, among some with names alike."""
    for name in ("欧阳晓伟明", "欧阳小卫", "欧阳伟"):
        await walk.enter(name=name, registered_area=AREA, present_area=AREA)
    body = walk.body(
        name="欧阳晓伟",
        birth_date="1988-08-08",
        phone="13855512345",
        registered_area=AREA,
        present_area=AREA,
        present_street="百花井巷12号",
    )
    person = await walk.clerk.post("/persons", body)
    members = [{"person_id": person["id"], "relation": "02"}]
    await walk.clerk.post("/households", {"number": "庐-3001", "area": AREA, "members": members})
    return person | {"number": body["resident_id"]}


async def found(caller: Caller, **question: Any) -> list[str]:
    answer = await caller.post("/persons/search", question)
    return [each["name"] for each in answer["items"]]


async def test_by_number_phone_household_and_address(walk: Walk, known: Json) -> None:
    for question in (
        {"resident_id": known["number"]},
        {"phone": "138-5551-2345"},
        {"household_number": "庐-3001"},
        {"address": "百花井巷12号"},
    ):
        assert await found(walk.clerk, **question) == ["欧阳晓伟"], question


async def test_by_name_exact_first_then_its_beginning_its_sound_and_what_is_similar(
    walk: Walk, known: Json
) -> None:
    answer = await walk.clerk.post("/persons/search", {"name": "欧阳晓伟", "area": AREA})
    matches = [(each["name"], each["match"]) for each in answer["items"]]
    assert matches[:3] == [("欧阳晓伟", "exact"), ("欧阳晓伟明", "prefix"), ("欧阳小卫", "pinyin")]
    assert ("欧阳伟", "similar") in matches
    assert "欧阳晓伟" in await found(walk.clerk, name="ouyangxiaowei", area=AREA)
    assert "欧阳晓伟" in await found(walk.clerk, name="oyxw", area=AREA)


async def test_age_sex_and_area_narrow_and_pages_follow_a_cursor(walk: Walk, known: Json) -> None:
    assert await found(walk.clerk, name="欧阳", age_to=37, age_from=37, area=AREA)
    assert await found(walk.clerk, name="欧阳晓伟", sex=1, area=AREA) == []
    assert await found(walk.clerk, name="欧阳晓伟", area=HERE) == []
    first = await walk.clerk.post("/persons/search", {"name": "欧阳晓伟", "area": AREA, "limit": 2})
    rest = await walk.clerk.post(
        "/persons/search", {"name": "欧阳晓伟", "area": AREA, "limit": 2, "after": first["next"]}
    )
    names = [each["name"] for each in first["items"] + rest["items"]]
    assert len(names) == len(set(names)) == 4


async def test_by_the_state_of_the_card_and_other_criteria_of_lists(walk: Walk, known: Json) -> None:
    card = await walk.clerk.post("/cards", {"person_id": known["id"]})
    assert card["state"] == "open"
    assert await found(walk.clerk, name="欧阳晓伟", area=AREA, card_state="open") == ["欧阳晓伟"]
    assert "欧阳晓伟" not in await found(walk.clerk, name="欧阳晓伟", area=AREA, card_state="none")
    listed = await walk.clerk.items("/cards", area=AREA, state="open")
    assert known["id"] in {each["person_id"] for each in listed}


async def test_nobody_is_found_from_another_area(walk: Walk, known: Json) -> None:
    assert await found(walk.stranger, resident_id=known["number"]) == []
    assert await found(walk.stranger, name="欧阳晓伟", near=ELSEWHERE) == []
