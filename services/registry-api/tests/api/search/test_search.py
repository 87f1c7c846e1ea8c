"""Finding persons over the API: by every way of writing a name, ranked, paged, and only in one's own area."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from renkou_common.scope import AreaScope
from renkou_registry.persons.service import withdraw

from ...support import Caller, Json, Registry
from ..people.people import People

HERE, NEXT_DOOR, ELSEWHERE = "340103005001", "340103005002", "340103006001"


@pytest.fixture
async def clerk(fresh_registry: Registry) -> Caller:
    return await fresh_registry.staff("subdistrict_clerk", "340103005", "subdistrict_clerk", "340103006")


@pytest.fixture
def people(clerk: Caller, fresh_registry: Registry) -> People:
    return People(clerk, fresh_registry.runtime)


async def enter(people: People, name: str, area: str = HERE, **more: Any) -> Json:
    return await people.enter(name=name, registered_area=area, present_area=area, **more)


async def found(caller: Caller, **question: Any) -> list[tuple[str, str]]:
    answer = await caller.post("/persons/search", json=question)
    assert answer.status_code == 200, answer.text
    return [(each["name"], each["match"]) for each in answer.json()["items"]]


async def names(caller: Caller, **question: Any) -> list[str]:
    return [name for name, _ in await found(caller, **question)]


async def test_a_name_is_found_by_itself_its_beginning_its_sound_and_one_syllable_off(
    clerk: Caller, people: People
) -> None:
    for name in ("张晓伟", "张晓伟明", "章小卫", "张伟", "张大伟", "李晓伟", "王芳"):
        await enter(people, name)
    answer = await found(clerk, name="张晓伟")
    assert answer[:3] == [("张晓伟", "exact"), ("张晓伟明", "prefix"), ("章小卫", "pinyin")]
    assert sorted(answer[3:]) == [("张伟", "similar"), ("张大伟", "similar"), ("李晓伟", "similar")]


async def test_pinyin_finds_full_initials_beginnings_and_every_reading(clerk: Caller, people: People) -> None:
    for name in ("单雄信", "仇英", "曾国藩", "解缙", "吕布", "欧阳修", "阿卜杜拉·买买提"):
        await enter(people, name)
    for typed, name in (
        ("shanxiongxin", "单雄信"),
        ("danxiongxin", "单雄信"),
        ("sxx", "单雄信"),
        ("qiu ying", "仇英"),
        ("zengguo", "曾国藩"),
        ("zgf", "曾国藩"),
        ("xiejin", "解缙"),
        ("lvbu", "吕布"),
        ("LÜ BU", "吕布"),
        ("oyx", "欧阳修"),
        ("ouyang", "欧阳修"),
        ("abudula", "阿卜杜拉·买买提"),
    ):
        assert await names(clerk, name=typed) == [name], typed


async def test_sounds_that_are_easily_confused_are_similar(clerk: Caller, people: People) -> None:
    await enter(people, "曾宁")
    assert await found(clerk, name="zeng lin") == [("曾宁", "similar")]
    assert await found(clerk, name="真玲") == [("曾宁", "similar")]
    assert await found(clerk, name="郑芳") == []


async def test_traditional_and_simplified_spelling_rare_characters_and_separators_find_each_other(
    clerk: Caller, people: People
) -> None:
    for name in ("劉偉發", "王𬱖", "买买提·艾力"):
        await enter(people, name)
    assert await found(clerk, name="刘伟发") == [("劉偉發", "exact")]
    assert await found(clerk, name="王𬱖") == [("王𬱖", "exact")]
    assert await found(clerk, name="买买提•艾力") == [("买买提·艾力", "exact")]
    assert await found(clerk, name="买买提艾") == [("买买提·艾力", "prefix")]


async def test_phone_household_and_address_find_and_combine_with_criteria(
    clerk: Caller, people: People
) -> None:
    aunt = await enter(
        people, "赵一", phone="13855512345", present_street="安庆路 12 号 3 幢", birth_date="1970-01-01"
    )
    await enter(
        people, "赵二", phone="13855512345", present_street="三孝口街道安庆路 12 号", birth_date="2001-01-01"
    )
    household = {"number": "H7", "area": HERE, "members": [{"person_id": aunt["id"], "relation": "02"}]}
    assert (await clerk.post("/households", json=household)).status_code == 201
    assert await names(clerk, phone="138-5551-2345") == ["赵一", "赵二"]
    assert sorted(await names(clerk, address="安庆路12号")) == ["赵一", "赵二"]
    assert await names(clerk, address="三孝口街道") == ["赵二"]
    assert await names(clerk, household_number="H7") == ["赵一"]
    assert await names(clerk, phone="13855512345", age_from=50) == ["赵一"]
    assert await names(clerk, name="赵", age_to=40) == ["赵二"]
    assert await names(clerk, name="zhao", sex=1) == []
    assert await names(clerk, name="赵", address="三孝口街道") == ["赵二"]
    assert await names(clerk, name="赵", household_number="H7") == ["赵一"]
    assert await names(clerk, name="赵", area=NEXT_DOOR) == []


async def test_the_state_of_the_card_narrows_a_search(clerk: Caller, people: People) -> None:
    await enter(people, "钱卡卡")
    assert await names(clerk, name="钱卡", card_state="none") == ["钱卡卡"]
    assert await names(clerk, name="钱卡", card_state="closed") == []


async def test_another_document_is_found_by_its_number(clerk: Caller, people: People) -> None:
    await enter(people, "安娜", document_kind="passport", document_number="e1234-5678", resident_id=None)
    assert await names(clerk, document_number="E12345678") == ["安娜"]
    assert await names(clerk, document_number="E12345679") == []


async def test_who_lives_there_comes_first(clerk: Caller, people: People) -> None:
    for name, area in (("孙甲", ELSEWHERE), ("孙乙", NEXT_DOOR), ("孙丙", HERE)):
        await enter(people, name, area)
    assert (await names(clerk, name="孙", near=HERE))[0] == "孙丙"
    assert sorted(await names(clerk, name="孙", near=HERE)) == ["孙丙", "孙乙", "孙甲"]
    assert (await names(clerk, name="孙", near=ELSEWHERE))[0] == "孙甲"
    assert await names(clerk, name="孙", near=NEXT_DOOR, limit=1) == ["孙乙"]


async def test_pages_show_everybody_once(clerk: Caller, people: People) -> None:
    made = [
        await enter(people, name) for name in ("周曾", "周曾", "周曾乙", "周增", "周丞", "周曾曾", "周层")
    ]
    seen: list[str] = []
    after = None
    while True:
        body = {"name": "周曾", "limit": 2, "near": HERE} | ({"after": after} if after else {})
        page = (await clerk.post("/persons/search", json=body)).json()
        seen += [each["id"] for each in page["items"]]
        after = page["next"]
        if after is None:
            break
    whole = (await clerk.post("/persons/search", json={"name": "周曾", "limit": 100, "near": HERE})).json()
    assert seen == [each["id"] for each in whole["items"]]
    assert len(seen) == len(set(seen)) == len(made)


async def test_keys_follow_changes_moves_and_withdrawal(
    fresh_registry: Registry, clerk: Caller, people: People
) -> None:
    person = await enter(people, "吴三桂", present_street="平西路 1 号")
    changed = await clerk.patch(
        f"/persons/{person['id']}",
        version=1,
        json={"present_street": "山海关路 9 号", "phone": "13900000009"},
    )
    assert changed.status_code == 200, changed.text
    assert await names(clerk, address="平西路") == []
    assert await names(clerk, address="山海关路9") == ["吴三桂"]
    await people.record(
        "moves",
        person_id=person["id"],
        happened_on="2025-05-01",
        to_area=ELSEWHERE,
        transfer_registration=True,
    )
    neighbour = await fresh_registry.staff("community_worker", HERE)
    assert await names(neighbour, name="吴三桂") == []
    there = await fresh_registry.staff("community_worker", ELSEWHERE)
    assert await names(there, name="wusangui") == ["吴三桂"]
    assert await names(clerk, address="山海关路9") == []  # the street went with the address

    other = await enter(people, "吴应熊")
    runtime = fresh_registry.runtime
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        await withdraw(runtime, tx, UUID(other["id"]), clerk.id)
    assert await names(clerk, name="吴应熊") == []


async def test_nobody_is_found_outside_ones_own_area(
    fresh_registry: Registry, clerk: Caller, people: People
) -> None:
    body = people.body(name="郑成功", registered_area=HERE, present_area=HERE, phone="13811122233")
    assert (await clerk.post("/persons", json=body)).status_code == 201
    stranger = await fresh_registry.staff("subdistrict_clerk", "340103009")
    for question in (
        {"name": "郑成功"},
        {"name": "zcg"},
        {"phone": "13811122233"},
        {"resident_id": body["resident_id"]},
    ):
        assert await names(clerk, **question) == ["郑成功"], question
        assert await names(stranger, **question) == [], question
    refused = await stranger.post("/persons/search", json={"name": "郑", "area": HERE})
    assert refused.status_code == 404


async def test_what_is_not_a_question_is_refused_with_its_field(clerk: Caller) -> None:
    for question, pointer in (
        ({}, ""),
        ({"name": "张", "age_from": -1}, "/age_from"),
        ({"name": "张", "sex": 3}, "/sex"),
        ({"resident_id": "340103199003071213"}, "/resident_id"),
        ({"name": "张", "after": "nonsense"}, "/after"),
        ({"name": "张", "limit": 1000}, "/limit"),
        ({"name": "张", "wealth": 1}, "/wealth"),
    ):
        answer = await clerk.post("/persons/search", json=question)
        assert answer.status_code == 422, question
        assert any(each["pointer"] == pointer for each in answer.json()["errors"]), answer.text


async def test_ages_are_completed_years(fresh_registry: Registry, clerk: Caller, people: People) -> None:
    fresh_registry.set_today(date(2026, 3, 6))
    await enter(people, "韩十五", birth_date="2011-03-07")
    assert await names(clerk, name="韩", age_from=15) == []
    assert await names(clerk, name="韩", age_to=14) == ["韩十五"]
    fresh_registry.set_today(date(2026, 3, 7))
    assert await names(clerk, name="韩", age_from=15) == ["韩十五"]
    assert await names(clerk, name="韩", age_to=14) == []
