"""Pre-pregnancy checks: step by step, never without consent, sealed, read for a purpose, withdrawn."""

import asyncio
import re
from typing import Any

from renkou_common.scope import AreaScope

from ...support import Caller, Json, Registry
from ..people.people import HERE, People
from .desk import BORN, Desk, change, done, pdf_text, refusal

PATH = "/prepregnancy-checks"
KINDS = ("registry.prepregnancy.changed.v1",)
DAY = "2026-02-03"


async def registered(station: Caller, *people: Json, **more: Any) -> Json:
    body = {"person_ids": [each["id"] for each in people], "registered_on": DAY} | more
    return await done(await station.post(PATH, json=body))


async def test_a_couple_does_not_take_part_before_it_was_born(
    station: Caller, woman: Json, man: Json
) -> None:
    body = {"person_ids": [woman["id"], man["id"]], "registered_on": "1991-04-07"}
    assert refusal(await station.post(PATH, json=body)) == (409, "not_alive")


async def consented(station: Caller, check: Json) -> Json:
    for person_id in check["person_ids"]:
        body = {"person_id": person_id, "given_on": DAY, "given_how": "signed"}
        check = await done(await change(station, f"{PATH}/{check['id']}/consents", check, body))
    return check


async def step(station: Caller, check: Json, name: str, values: dict[str, Json], on: str = DAY) -> Json:
    persons = [{"person_id": each, "values": found} for each, found in values.items()]
    path = f"{PATH}/{check['id']}/steps/{name}"
    return await done(await change(station, path, check, {"done_on": on, "persons": persons}))


async def assessed(station: Caller, woman: Json, man: Json, risk: str = "high") -> Json:
    check = await consented(station, await registered(station, woman, man))
    check = await step(
        station,
        check,
        "history",
        {
            woman["id"]: {"chronic_disease": "no", "smoking": "no", "rubella_vaccination": "yes"},
            man["id"]: {"smoking": "yes", "alcohol": "not_told"},
        },
    )
    check = await step(
        station,
        check,
        "laboratory",
        {
            woman["id"]: {
                "haemoglobin": "121",
                "glucose": "5.6",
                "blood_type": "ab",
                "thyrotropin": "2.31",
                "rubella_igg": "positive",
                "hepatitis_b": "negative",
            },
            man["id"]: {"haemoglobin": "148", "blood_type": "o", "hepatitis_b": "positive"},
        },
        "2026-02-04",
    )
    check = await step(
        station, check, "imaging", {woman["id"]: {"pelvic_ultrasound": "normal"}}, "2026-02-04"
    )
    return await step(
        station,
        check,
        "assessment",
        {
            woman["id"]: {"risk": "general", "advice": ["folic_acid", "as_planned"]},
            man["id"]: {"risk": risk, "advice": ["treat_first", "refer"]},
        },
        "2026-02-10",
    )


async def test_a_couple_goes_through_every_step(station: Caller, woman: Json, man: Json, desk: Desk) -> None:
    check = await registered(station, woman, man)
    assert (check["state_label"], check["next_step"], check["area"]) == ("已登记", "history", HERE)
    assert await desk.sums(check["id"], KINDS) == {
        ("registered", DAY, "couple_target"): 1,
        ("registered", DAY, "couple_accepted"): 1,
    }
    check = await assessed(station, woman, man)
    assert (check["state"], check["next_step"]) == ("assessed", "information")
    assert await desk.sums(check["id"], KINDS) == {
        ("registered", DAY, "couple_target"): 1,
        ("registered", DAY, "couple_accepted"): 1,
        ("registered", DAY, "couple_examined"): 1,
        ("registered", DAY, "prepregnancy_examined"): 2,
        ("registered", DAY, "prepregnancy_high_risk"): 1,
    }
    both = {each: {"means": "in_person"} for each in check["person_ids"]}
    check = await step(station, check, "information", both, "2026-02-11")
    hers = {woman["id"]: {"pregnant": "not_told", "folic_acid": "yes"}}
    check = await step(station, check, "early_follow_up", hers, "2026-06-01")
    check = await step(
        station, check, "outcome_follow_up", {woman["id"]: {"outcome": "not_told"}}, "2026-11-01"
    )
    check = await done(await change(station, f"{PATH}/{check['id']}/closure", check, {"on": "2026-11-02"}))
    assert (check["state_label"], check["next_step"], check["ended_on"]) == ("已结案", None, "2026-11-02")
    assert [each["step"] for each in check["steps"]].count("laboratory") == 2


async def test_events_say_nothing_of_who_and_what(
    station: Caller, woman: Json, man: Json, desk: Desk
) -> None:
    check = await assessed(station, woman, man)
    for event in await desk.events(check["id"]):
        assert set(event.data) == {"check_id", "area", "changed_on", "lines"}
        assert woman["ref"] not in str(event.data)
        assert {line["sex"] for line in event.data["lines"]} == {0}


async def test_nothing_is_recorded_before_each_person_consented(
    station: Caller, woman: Json, man: Json
) -> None:
    check = await registered(station, woman, man)
    path = f"{PATH}/{check['id']}"
    persons = [{"person_id": each, "values": {}} for each in check["person_ids"]]
    history = {"done_on": DAY, "persons": persons}
    assert refusal(await change(station, f"{path}/steps/history", check, history)) == (409, "consent_missing")
    hers = {"person_id": woman["id"], "given_on": DAY, "given_how": "signed"}
    check = await done(await change(station, f"{path}/consents", check, hers))
    assert refusal(await change(station, f"{path}/steps/history", check, history)) == (409, "consent_missing")
    assert refusal(await change(station, f"{path}/consents", check, hers)) == (409, "consented_already")
    late = {"person_id": man["id"], "given_on": "2026-02-05", "given_how": "electronic"}
    check = await done(await change(station, f"{path}/consents", check, late))
    assert refusal(await change(station, f"{path}/steps/history", check, history)) == (409, "consent_missing")
    after = {"done_on": "2026-02-05", "persons": persons}
    assert (await change(station, f"{path}/steps/history", check, after)).status_code == 200


async def test_steps_come_in_their_order_and_for_each_whom_they_concern(
    station: Caller, woman: Json, man: Json
) -> None:
    check = await consented(station, await registered(station, woman, man))
    path = f"{PATH}/{check['id']}/steps"
    both = [{"person_id": each, "values": {}} for each in check["person_ids"]]
    body = {"done_on": DAY, "persons": both}
    assert refusal(await change(station, f"{path}/laboratory", check, body)) == (409, "step_order")
    alone = await change(station, f"{path}/history", check, body | {"persons": both[:1]})
    assert (alone.status_code, alone.json()["errors"][0]["pointer"]) == (422, "/persons")
    early = await change(station, f"{path}/history", check, body | {"done_on": "2026-02-02"})
    assert refusal(early) == (409, "consent_missing")
    check = await done(await change(station, f"{path}/history", check, body | {"done_on": "2026-02-09"}))
    before = await change(station, f"{path}/laboratory", check, body)
    assert refusal(before) == (409, "before_earlier_step")
    closing = await change(station, f"{PATH}/{check['id']}/closure", check)
    assert refusal(closing) == (409, "not_informed")


async def test_a_man_alone_has_no_imaging_and_no_follow_up(station: Caller, man: Json, desk: Desk) -> None:
    check = await consented(station, await registered(station, man))
    for name, values, following in (
        ("history", {}, "laboratory"),
        ("laboratory", {}, "assessment"),
        ("assessment", {"risk": "general"}, "information"),
        ("information", {}, None),
    ):
        check = await step(station, check, name, {man["id"]: values})
        assert check["next_step"] == following
    assert await desk.sums(check["id"], KINDS) == {
        ("migrant_in", DAY, measure): 1
        for measure in ("couple_target", "couple_accepted", "couple_examined", "prepregnancy_examined")
    }
    assert (await done(await change(station, f"{PATH}/{check['id']}/closure", check)))["state"] == "closed"


async def test_a_couple_that_declines_is_a_target_and_nothing_follows(
    station: Caller, woman: Json, man: Json, desk: Desk
) -> None:
    check = await registered(station, woman, man, declined=True)
    assert (check["state"], check["next_step"]) == ("declined", None)
    assert await desk.sums(check["id"], KINDS) == {("registered", DAY, "couple_target"): 1}
    consent = {"person_id": woman["id"], "given_on": DAY, "given_how": "signed"}
    refused = await change(station, f"{PATH}/{check['id']}/consents", check, consent)
    assert refusal(refused) == (409, "not_taking_part")
    assert refusal(await change(station, f"{PATH}/{check['id']}/withdrawal", check))[0] == 409
    query = {"area": HERE, "from": DAY, "to": DAY, "limit": 200}
    listed = await done(await station.get(PATH, params=query))
    assert check["id"] not in {each["id"] for each in listed["items"]}


async def test_who_withdraws_has_everything_deleted_and_counts_nowhere(
    station: Caller, woman: Json, man: Json, desk: Desk, registry: Registry
) -> None:
    check = await assessed(station, woman, man)
    check = await done(await change(station, f"{PATH}/{check['id']}/withdrawal", check))
    assert (check["state_label"], check["steps"], check["next_step"]) == ("已退出", [], None)
    assert await desk.sums(check["id"], KINDS) == {}
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        held = "SELECT count(*) FROM prepregnancy_step WHERE check_id = $1"
        assert await tx.fetchval(held, check["id"]) == 0
    read = await station.get(f"{PATH}/{check['id']}/findings", params={"purpose": "advice"})
    assert (await done(read))["persons"] == []
    sheet = await station.get(f"{PATH}/{check['id']}/result.pdf", params={"purpose": "advice"})
    assert refusal(sheet) == (409, "not_assessed")


async def test_wrong_values_are_pointed_at_with_what_is_allowed(
    station: Caller, woman: Json, man: Json
) -> None:
    check = await consented(station, await registered(station, woman, man))
    check = await step(station, check, "history", {each: {} for each in check["person_ids"]})
    body = {
        "done_on": DAY,
        "persons": [
            {
                "person_id": woman["id"],
                "values": {"haemoglobin": "1210", "blood_type": "x", "abortions": "1"},
            },
            {"person_id": man["id"], "values": {"rubella_igg": "negative", "glucose": "NaN"}},
        ],
    }
    answer = await change(station, f"{PATH}/{check['id']}/steps/laboratory", check, body)
    found = {(error["pointer"], error["code"]) for error in answer.json()["errors"]}
    assert answer.status_code == 422
    assert found == {
        ("/persons/0/values/haemoglobin", "number"),
        ("/persons/0/values/blood_type", "code_unknown"),
        ("/persons/0/values/abortions", "value_unknown"),
        ("/persons/1/values/rubella_igg", "value_unknown"),
        ("/persons/1/values/glucose", "number"),
    }
    unchanged = await done(await station.get(f"{PATH}/{check['id']}"))
    assert (unchanged["state"], unchanged["version"]) == ("history", check["version"])


async def test_findings_are_sealed_and_each_reading_leaves_a_trace(
    station: Caller, woman: Json, man: Json, desk: Desk, registry: Registry
) -> None:
    check = await assessed(station, woman, man)
    assert "148" not in re.sub(r"[0-9a-f-]{36}", "an id", str(check))
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        rows = await tx.fetch("SELECT * FROM prepregnancy_step WHERE check_id = $1", check["id"])
    assert len(rows) == 7
    assert all(word not in bytes(row["values_sealed"]) for row in rows for word in (b"high", b"148", b"risk"))
    path = f"{PATH}/{check['id']}/findings"
    assert (await station.get(path)).status_code == 422
    assert (await station.get(path, params={"purpose": "curiosity"})).status_code == 422
    assert await desk.readings(man["id"]) == []
    read = await done(await station.get(path, params={"purpose": "advice"}))
    by_person = {each["person_id"]: each["steps"] for each in read["persons"]}
    assert by_person[man["id"]]["assessment"] == {"risk": "high", "advice": ["treat_first", "refer"]}
    assert by_person[woman["id"]]["laboratory"]["glucose"] == "5.6"
    ((fields, purpose),) = await desk.readings(man["id"])
    assert (set(fields), purpose) == (
        {"prepregnancy.history", "prepregnancy.laboratory", "prepregnancy.assessment"},
        "advice",
    )


async def test_a_corrected_risk_is_counted_anew_and_the_earlier_one_is_kept(
    station: Caller, woman: Json, man: Json, desk: Desk, registry: Registry
) -> None:
    check = await assessed(station, woman, man)
    path = f"{PATH}/{check['id']}/corrections"
    body = {"step": "assessment", "person_id": man["id"], "values": {"risk": "general"}, "reason": "误判"}
    corrected = await done(await change(station, path, check, body))
    assert max(each["revision"] for each in corrected["steps"]) == 2
    high = ("registered", DAY, "prepregnancy_high_risk")
    assert (await desk.sums(check["id"], KINDS))[high] == 0
    without = await change(station, path, corrected, body | {"values": {}})
    assert (without.status_code, without.json()["errors"][0]["pointer"]) == (422, "/values/risk")
    undone = await change(station, path, corrected, body | {"step": "outcome_follow_up"})
    assert undone.status_code == 404
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        held = "SELECT count(*) FROM prepregnancy_step WHERE check_id = $1 AND step = 'assessment'"
        assert await tx.fetchval(held, check["id"]) == 3


async def test_the_result_sheet_is_for_the_couple_and_its_printing_is_a_reading(
    station: Caller, woman: Json, man: Json, desk: Desk
) -> None:
    check = await assessed(station, woman, man)
    path = f"{PATH}/{check['id']}/result.pdf"
    first = await station.get(path, params={"purpose": "person_asks"})
    text = pdf_text(first)
    for said in (
        "孕前优生健康检查结果",
        "血红蛋白",
        "121 g/L",
        "148 g/L",
        "阳性 positive",
        "先治疗",
        "高风险人群",
    ):
        assert said in text
    assert [purpose for _, purpose in await desk.readings(woman["id"])] == ["person_asks"]
    assert (await station.get(path, params={"purpose": "person_asks"})).content == first.content


async def test_the_form_says_what_each_step_may_hold(station: Caller) -> None:
    form = await done(await station.get("/prepregnancy-forms/2026-1"))
    by_code = {item["code"]: item for item in form["steps"]["laboratory"]}
    assert by_code["glucose"] | {"label": ""} == {
        "code": "glucose",
        "label": "",
        "label_en": "blood glucose",
        "kind": "number",
        "code_list": None,
        "unit": "mmol/L",
        "low": "0.5",
        "high": "60",
        "sex": None,
        "required": False,
    }
    codes = form["code_lists"][by_code["rubella_igg"]["code_list"]]
    assert [each["code"] for each in codes] == ["negative", "positive", "indeterminate"]
    assert (await station.get("/prepregnancy-forms/1999")).status_code == 404


async def test_an_areas_checks_are_paged_without_findings(registry: Registry) -> None:
    area = "340103009001"
    station = await registry.staff("service_station", "340103009", "subdistrict_clerk", "340103009")
    people = People(station, registry.runtime)
    for day in (5, 3, 4):
        person = await people.enter(registered_area=area, present_area=area, birth_date=BORN)
        await registered(station, person, registered_on=f"2026-02-0{day}")
    first = await done(await station.get(PATH, params={"area": "340103009", "limit": 2}))
    rest = await done(await station.get(PATH, params={"area": area, "limit": 2, "after": first["next"]}))
    days = [each["registered_on"] for each in first["items"] + rest["items"]]
    assert days == ["2026-02-03", "2026-02-04", "2026-02-05"]
    assert "steps" not in first["items"][0]


async def test_a_couple_is_two_different_people_here(station: Caller, woman: Json, people: People) -> None:
    twice = {"person_ids": [woman["id"]] * 2, "registered_on": DAY}
    assert (await station.post(PATH, json=twice)).json()["errors"][0]["code"] == "same_person"
    future = {"person_ids": [woman["id"]], "registered_on": "2999-01-01"}
    assert (await station.post(PATH, json=future)).json()["errors"][0]["code"] == "in_future"
    dead = await people.enter(birth_date=BORN)
    await people.record("deaths", person_id=dead["id"], happened_on="2025-06-01")
    answer = await station.post(PATH, json={"person_ids": [dead["id"]], "registered_on": DAY})
    assert refusal(answer) == (409, "not_alive")


async def test_a_worker_and_a_clerk_must_not_see_checks_and_another_station_finds_nothing(
    station: Caller, worker: Caller, clerk: Caller, stranger: Caller, woman: Json, man: Json
) -> None:
    check = await assessed(station, woman, man)
    path = f"{PATH}/{check['id']}"
    purpose = {"purpose": "advice"}

    async def asks(caller: Caller) -> list[int]:
        answers = [
            await caller.get(path),
            await caller.get(f"{path}/findings", params=purpose),
            await caller.get(f"{path}/result.pdf", params=purpose),
            await caller.get(PATH, params={"area": HERE}),
            await caller.post(PATH, json={"person_ids": [woman["id"]], "registered_on": DAY}),
            await change(caller, f"{path}/withdrawal", check),
            await change(caller, f"{path}/closure", check),
            await change(
                caller,
                f"{path}/steps/information",
                check,
                {"done_on": DAY, "persons": [{"person_id": woman["id"], "values": {}}]},
            ),
            await change(
                caller,
                f"{path}/corrections",
                check,
                {"step": "history", "person_id": woman["id"], "values": {}, "reason": "试试"},
            ),
            await change(
                caller,
                f"{path}/consents",
                check,
                {"person_id": woman["id"], "given_on": DAY, "given_how": "signed"},
            ),
        ]
        return [answer.status_code for answer in answers]

    assert set(await asks(worker)) == set(await asks(clerk)) == {403}
    assert set(await asks(stranger)) == {404}


async def test_of_two_steps_at_once_one_wins(station: Caller, woman: Json) -> None:
    check = await consented(station, await registered(station, woman))
    body = {"done_on": DAY, "persons": [{"person_id": woman["id"], "values": {"smoking": "no"}}]}
    path = f"{PATH}/{check['id']}"
    answers = await asyncio.gather(
        change(station, f"{path}/steps/history", check, body),
        change(station, f"{path}/steps/history", check, body),
        change(station, f"{path}/withdrawal", check),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412]
