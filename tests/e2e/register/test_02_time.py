"""Line 2: what was true on a day as known on a day; corrections by four eyes; areas that change."""

from tests.e2e.progress import until
from tests.e2e.register.support import NEXT_DOOR, Walk


async def test_a_correction_is_asked_for_shown_refused_to_oneself_approved_and_flows_on(walk: Walk) -> None:
    area = "340103001006"
    mother = await walk.enter(
        registered_area=area, present_area=area, birth_date="1996-01-01", marital_status="20"
    )
    birth = await walk.clerk.post(
        "/life-events/births",
        {
            "mother_id": mother["id"],
            "happened_on": "2025-06-30",
            "child": {"name": "王小满", "sex": 1},
            "parity": 1,
        },
    )
    walk.secrets.add("王小满")
    await walk.caught_up()
    assert await figure(walk, area, "2025-06") == "1"
    departure = {"person_id": mother["id"], "destination_area": "310115", "departed_on": "2026-01-10"}
    await walk.clerk.post("/departures", departure, service="migrant")
    issued = await walk.certificate(mother)
    asked = await walk.clerk.post(
        "/corrections",
        {"event_id": birth["id"], "changes": {"happened_on": "2025-07-02"}, "reason": "出生医学证明日期录错"},
    )
    path = f"/corrections/{asked['id']}"
    shown = (await walk.second_clerk.get(path))["side_by_side"]
    assert [(each["field"], each["current"], each["proposed"]) for each in shown["fields"]] == [
        ("happened_on", "2025-06-30", "2025-07-02")
    ]
    status, code, _ = await walk.clerk.refused("POST", f"{path}/approval", {}, version=asked["version"])
    assert (status, code) == (409, "same_person")
    done = await walk.second_clerk.post(f"{path}/approval", {}, version=asked["version"])
    assert done["state"] == "approved"
    child = await walk.clerk.get(f"/persons/{birth['person_id']}")
    assert child["birth_date"] == "2025-07-02"
    await walk.caught_up()
    assert (await figure(walk, area, "2025-06"), await figure(walk, area, "2025-07")) == ("0", "1")

    async def certificate_follows() -> bool:
        current = await walk.clerk.get(f"/certificates/{issued['id']}", service="migrant")
        return bool(current["facts_changed"])

    await until("the certificate to follow", certificate_follows, 30)


async def figure(walk: Walk, area: str, period: str) -> str:
    """The number of live births of a month that the birth rate is made of."""
    found = await walk.statistician.get(
        "/figures",
        service="reporting",
        indicator="birth_rate",
        area=area,
        population="registered",
        period=period,
    )
    return str(found["numerator"])


async def test_a_retraction_takes_a_death_back(walk: Walk) -> None:
    person = await walk.enter()
    death = await walk.worker.post(
        "/life-events/deaths", {"person_id": person["id"], "happened_on": "2026-02-01"}
    )
    known = (await walk.clerk.get(f"/persons/{person['id']}/events"))["items"][-1]["recorded_at"]
    asked = await walk.worker.post(
        "/corrections", {"event_id": death["id"], "retract": True, "reason": "同名误登, 本人健在"}
    )
    await walk.clerk.post(f"/corrections/{asked['id']}/approval", {}, version=asked["version"])
    assert (await walk.clerk.get(f"/persons/{person['id']}"))["alive"]
    path = f"/persons/{person['id']}/as-of"
    then = await walk.clerk.get(path, on="2026-02-02", known_at=known)
    assert then["state"]["died_on"] == "2026-02-01"
    assert (await walk.clerk.get(path, on="2026-02-02"))["state"]["died_on"] is None
    kinds = [each["kind"] for each in (await walk.clerk.get(f"/persons/{person['id']}/events"))["items"]]
    assert "death" in kinds


async def test_a_person_a_household_and_a_list_are_told_as_of_a_day(walk: Walk) -> None:
    area = "340103001007"
    stays, leaves = [await walk.enter(registered_area=area, present_area=area) for _ in range(2)]
    members = [
        {"person_id": stays["id"], "relation": "02", "since": "2025-01-01"},
        {"person_id": leaves["id"], "relation": "99", "since": "2025-01-01"},
    ]
    home = await walk.clerk.post("/households", {"number": "庐-2001", "area": area, "members": members})
    path = f"/households/{home['id']}"
    left = {"on": "2026-02-01", "reason": "另住"}
    await walk.clerk.post(f"{path}/members/{leaves['id']}/leaving", left, version=home["version"])
    await walk.clerk.post(
        "/life-events/moves",
        {
            "person_id": leaves["id"],
            "happened_on": "2026-02-01",
            "to_area": NEXT_DOOR,
            "transfer_registration": True,
        },
    )
    for day, here in (("2026-01-31", {stays["id"], leaves["id"]}), ("2026-02-01", {stays["id"]})):
        household = await walk.clerk.get(f"{path}/as-of", on=day)
        assert {each["person_id"] for each in household["members"]} == here
        listed = await walk.clerk.items(f"/areas/{area}/persons/as-of", on=day, population="registered")
        assert {each["person_id"] for each in listed} == here
    then = await walk.clerk.get(f"/persons/{leaves['id']}/as-of", on="2026-01-31")
    assert then["state"]["present_area"] == area


async def test_the_people_of_a_split_community_follow_by_rule_and_its_history_stays(walk: Walk) -> None:
    old, east, west = "340103002005", "340103002805", "340103002806"
    near = await walk.enter(walk.stranger, registered_area=old, present_area=old, present_street="淮河路3号")
    far = await walk.enter(walk.stranger, registered_area=old, present_area=old, present_street="霍邱路8号")
    change = {
        "kind": "split",
        "effective_on": str(walk.today),
        "sources": [old],
        "successors": [{"area": east, "name": "淮河路社区"}, {"area": west, "name": "霍邱路社区"}],
        "rule": {
            "by": "street_prefix",
            "matches": [{"value": "淮河路", "to": east}],
            "otherwise": west,
        },
    }
    assert (await walk.administrator.post("/area-changes/forecast", change))["left_over"] == 0
    planned = await walk.administrator.post("/area-changes", change)
    path = f"/area-changes/{planned['id']}"
    await walk.administrator.post(f"{path}/start", version=planned["version"])

    async def done() -> bool:
        return bool((await walk.administrator.get(path))["state"] == "done")

    await until("the people to follow", done, 60)
    for person, area in ((near, east), (far, west)):
        assert (await walk.stranger.get(f"/persons/{person['id']}"))["present_area"] == area
        before = await walk.stranger.get(f"/persons/{person['id']}/as-of", on="2026-02-01")
        assert before["state"]["present_area"] == old
    division = await walk.administrator.get(f"/areas/{old}", on="2026-02-01")
    assert division["code"] == old
