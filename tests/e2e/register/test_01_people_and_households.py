"""Line 1: people and households in full."""

from tests.e2e.register.support import ABROAD, HERE, NEXT_DOOR, Walk


async def test_names_of_every_script_and_length_are_kept_as_they_are_written(walk: Walk) -> None:
    for name in (
        "王𬱖𠮷",
        "阿卜杜热合曼·阿卜杜克力木·买买提江",
        "欧阳・娜",
        "古丽娜扎尔·" + "拜合提亚尔" * 6,
    ):
        person = await walk.enter(name=name)
        assert person["name"] == name.replace("・", "·")
        read = await walk.clerk.get(f"/persons/{person['id']}")
        assert read["name"] == person["name"]
        assert (read["sex_label"], read["nationality_label"] is not None) == ("女", True)


async def test_who_has_no_number_yet_is_entered_and_gets_it_later(walk: Walk) -> None:
    guest = await walk.enter(document_kind="passport", document_number="E12345678", nationality="01")
    assert (guest["document_kind"], guest["resident_id"]) == ("passport", None)
    mother = await walk.enter(birth_date="1995-04-04")
    birth = await walk.worker.post(
        "/life-events/births",
        {"mother_id": mother["id"], "happened_on": "2026-02-10", "child": {"name": "王新月", "sex": 2}},
    )
    walk.secrets.add("王新月")
    child = await walk.worker.get(f"/persons/{birth['person_id']}")
    assert child["resident_id"] is None
    number = walk.resident_id("2026-02-10", 2)
    body = {"kind": "resident_id", "number": number}
    path = f"/persons/{child['id']}"
    told = await walk.worker.post(f"{path}/documents", body, version=child["version"])
    assert told["resident_id"] == f"{number[:4]}**********{number[-4:]}"
    assert (await walk.find(number))["id"] == child["id"]
    kin = await walk.worker.get(f"{path}/kin")
    assert [(each["relation"], each["person_id"]) for each in kin["items"]] == [("mother", mother["id"])]
    (linked,) = (await walk.worker.get(f"/persons/{mother['id']}/kin"))["items"]
    assert (linked["relation"], linked["person_id"]) == ("child", child["id"])


async def test_a_household_is_split_merged_and_moved_with_its_members_and_dates(walk: Walk) -> None:
    head, wife = await walk.enter(sex=1, name="李大江"), await walk.enter()
    son = await walk.enter(sex=1, birth_date="2001-05-05", father_id=head["id"], mother_id=wife["id"])
    members = [
        {"person_id": each["id"], "relation": relation, "since": "2020-01-01"}
        for each, relation in ((head, "02"), (wife, "12"), (son, "20"))
    ]
    home = await walk.clerk.post("/households", {"number": "庐-1001", "area": HERE, "members": members})
    path = f"/households/{home['id']}"
    split = {
        "number": "庐-1002",
        "on": "2026-01-05",
        "members": [{"person_id": son["id"], "relation": "02"}],
    }
    await walk.clerk.post(f"{path}/split", split, version=home["version"])
    (new,) = await walk.clerk.items("/households", area=HERE, number="庐-1002")
    assert [each["person_id"] for each in await members_of(walk, new)] == [son["id"]]
    kin = (await walk.clerk.get(f"/persons/{son['id']}/kin"))["items"]
    assert {each["relation"]: each["person_id"] for each in kin} == {
        "mother": wife["id"],
        "father": head["id"],
    }
    before = await walk.clerk.get(f"{path}/as-of", on="2026-01-04")
    assert son["id"] in {each["person_id"] for each in before["members"]}
    now = await walk.clerk.get(f"/households/{new['id']}")
    merge = {
        "into": home["id"],
        "on": "2026-02-01",
        "relations": [{"person_id": son["id"], "relation": "20"}],
    }
    await walk.clerk.post(f"/households/{new['id']}/merge", merge, version=now["version"])
    assert {each["person_id"] for each in await members_of(walk, home)} == {
        head["id"],
        wife["id"],
        son["id"],
    }
    home = await walk.clerk.get(path)
    moved = {"to_area": NEXT_DOOR, "to_street": "三里街8号", "on": "2026-02-20"}
    await walk.clerk.post(f"{path}/move", moved, version=home["version"])
    walk.secrets.add("三里街8号")
    for each in (head, wife, son):
        assert (await walk.clerk.get(f"/persons/{each['id']}"))["present_area"] == NEXT_DOOR
        addresses = (await walk.clerk.get(f"/persons/{each['id']}/addresses"))["items"]
        assert {HERE, NEXT_DOOR} <= {address["area"] for address in addresses}


async def members_of(walk: Walk, home: dict[str, object]) -> list[dict[str, object]]:
    read = await walk.clerk.get(f"/households/{home['id']}")
    return [each for each in read["members"] if each["until"] is None]


async def test_who_lives_elsewhere_than_registered_is_listed_by_length_of_stay(walk: Walk) -> None:
    area = "340103001005"
    gone = {}
    for months, since in ((0, "2026-02-20"), (1, "2026-01-15"), (3, "2025-11-15"), (6, "2025-08-15")):
        person = await walk.enter(
            registered_area=area,
            present_area=ABROAD,
            present_since=since,
            entry={"kind": "opening", "on": str(walk.today)},
        )
        gone[months] = person["id"]
    for least in (1, 3, 6):
        listed = await walk.clerk.items("/persons/separated", area=area, at_least_months=least)
        assert {each["id"] for each in listed} == {gone[months] for months in gone if months >= least}
    counts = await walk.clerk.get("/persons/separated/counts", area=area)
    assert counts["registered_here"] == {
        "any_length": 4,
        "one_month": 3,
        "three_months": 2,
        "six_months": 1,
    }


async def test_one_of_two_changes_wins_and_the_other_is_told_what_changed(walk: Walk) -> None:
    person = await walk.enter()
    path = f"/persons/{person['id']}"
    phone = "13700001111"
    walk.secrets.add(phone)
    await walk.clerk.patch(path, {"phone": phone}, person["version"])
    status, code, problem = await walk.worker.refused(
        "PATCH", path, {"employer": "庐阳纺织厂"}, version=person["version"]
    )
    assert (status, code, problem["changed"]) == (412, "version_mismatch", ["phone"])
    key, body = "one person sent twice", walk.body()
    first = await walk.clerk.post("/persons", body, key=key)
    assert (await walk.clerk.post("/persons", body, key=key))["id"] == first["id"]
    wrong = walk.body() | {"sex": 7, "birth_date": "昨天"}
    for language, told in (
        ("zh-CN", {"/sex": "只能是 0, 1, 2 或 9", "/birth_date": "日期应为 YYYY-MM-DD"}),
        ("en", {"/sex": "must be one of 0, 1, 2 or 9", "/birth_date": "must be a date, YYYY-MM-DD"}),
    ):
        status, _, problem = await walk.clerk.refused(
            "POST", "/persons", wrong, headers={"Accept-Language": language}
        )
        assert (status, {each["pointer"]: each["detail"] for each in problem["errors"]}) == (422, told)
