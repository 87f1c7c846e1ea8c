"""A person asks for deletion or an explanation; staff decide before a day, a second person approves, the worker carries
out, and the person reads what was done."""

from datetime import date
from uuid import UUID

import asyncpg
import pytest

from renkou_common.calendar_days import take_over_calendar
from renkou_common.codes.working_days import published
from renkou_common.contracts.migrant import CalendarChanged, DayOfCalendar, MigrantEventType
from renkou_common.messaging.envelope import Event
from renkou_common.scope import AreaScope
from renkou_registry.privacy.erasure.carrying import advance, erase_once
from renkou_registry.privacy.requests.jobs import answer_once
from renkou_registry.privacy.retention.jobs import retain_once

from ...support import Caller, Json, Registry
from ..duplicates.records import Records, open_records
from ..me.test_own_account import activate, opened, person, sign_in
from ..people.people import HERE

DISTRICT = "340103"
OWN, STAFF = "/me/privacy-requests", "/privacy-requests"
LAW = "《个人信息保护法》第四十七条第二款"


async def clerk_of(registry: Registry, area: str = DISTRICT) -> Caller:
    return await registry.staff("subdistrict_clerk", area)


async def asked(me: Caller, kind: str = "deletion", **more: object) -> Json:
    answer = await me.post(OWN, json={"kind": kind, "wish": "不再需要的请删除"} | more)
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


async def act(caller: Caller, request: Json, what: str, base: str = STAFF, **body: object) -> Json:
    """Take a step on the request as it stands now; returns it after that."""
    answer = await tried(caller, request, what, base, **body)
    assert answer[0] == 200, answer
    return answer[1]


async def tried(
    caller: Caller, request: Json, what: str, base: str = STAFF, **body: object
) -> tuple[int, Json]:
    now = (await caller.get(f"{base}/{request['id']}")).json()
    headers = {"If-Match": f'"{now.get("version", 1)}"'}
    answer = await caller.post(f"{base}/{request['id']}/{what}", json=body or None, headers=headers)
    return answer.status_code, answer.json()


GRANTED = {"outcome": "granted", "reason": "无须保存", "answer": "将删除依法无须保存的信息。"}
REFUSED = {"outcome": "refused", "reason": "保存期限未满", "law": LAW, "answer": "期满后可再申请。"}


async def worklist(caller: Caller, **query: object) -> Json:
    answer = await caller.get(STAFF, params={"area": DISTRICT} | query)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def test_a_deletion_is_decided_by_one_approved_by_another_and_answered_when_it_is_done(
    registry: Registry,
) -> None:
    entered, me = await person(registry, phone="13855550001", employer="庐阳纺织厂")
    request = await asked(me)
    first, second = await clerk_of(registry), await clerk_of(registry)
    seen = (await first.get(f"{STAFF}/{request['id']}")).json()
    would_go = {each["record"]: each["rows"] for each in seen["plan"]["would_go"]}
    assert would_go["person"] == 1
    assert {each["record"] for each in seen["plan"]["would_stay"]} >= {"person", "life_event"}
    assert all(each["law"] for each in seen["plan"]["would_stay"])
    assert "13855550001" not in str(seen)

    decided = await act(first, request, "decision", **GRANTED)
    assert (decided["state"], decided["deletion"]) == ("awaiting_second", None)
    mine = (await me.get(f"{OWN}/{request['id']}")).json()
    assert (mine["state"], mine["outcome"], mine["answer"]) == ("awaiting_second", None, None)
    assert "将删除" not in str(mine), "nothing is promised before the second person has agreed"
    status, problem = await tried(first, request, "second", agreed=True, reason="同意")
    assert (status, problem["code"]) == (409, "four_eyes")

    assert "将删除" not in (await me.get("/me/copy.json")).text
    again = await act(second, request, "second", agreed=False, reason="请先核对奖励扶助")
    assert (again["state"], again["outcome"]) == ("received", None)
    await act(first, request, "decision", **GRANTED | {"reason": "奖励扶助已结案"})
    begun = await act(second, request, "second", agreed=True, reason="已核对")
    assert (begun["state"], begun["deletion"]["deleted"]) == ("carrying_out", [])
    assert (await tried(me, request, "withdrawal", OWN))[1]["code"] == "request_not_at_this_step"
    assert await answer_once(registry.runtime) == 0, "nothing is answered before it is done"

    await erase_once(registry.runtime)
    assert await answer_once(registry.runtime) == 1
    assert await answer_once(registry.runtime) == 0
    answer = (await me.get(f"{OWN}/{request['id']}")).json()
    assert (answer["state"], answer["outcome"]) == ("answered", "granted")
    deleted = {each["record"]: each["rows"] for each in answer["deletion"]["deleted"]}
    assert deleted["person"] >= 1
    kept = {each["record"]: each for each in answer["deletion"]["kept"]}
    assert all(each["law"] and (each["kept_until"] or each["until"]) for each in kept.values())
    assert "第六十五条" in answer["complain"]
    acts = [each["act"] for each in answer["steps"]]
    assert acts == [
        *("received", "decided", "second_refused", "decided", "second_agreed"),
        "carried_out",
    ]
    copy = (await me.get("/me/copy.json")).text
    for told in (str(answer), copy):
        assert "奖励扶助已结案" in told
        assert '无须保存"' not in told, "the decision that was sent back is none"
    assert (await me.get("/me")).json()["phone"] is None
    handled = (await first.get(f"{STAFF}/{request['id']}")).json()
    by = [each["by"] for each in handled["steps"]]
    assert by[1:] == [str(first.id), str(second.id), str(first.id), str(second.id), None]
    readings = (await me.get("/me/readings", params={"limit": 200})).json()["items"]
    assert "个人信息权利申请" in {each["what_label"] for each in readings}
    assert entered["id"] == answer["person_id"]


async def test_a_deletion_of_which_a_part_waits_is_answered_with_what_waits_and_why(
    registry: Registry,
) -> None:
    runtime, records = registry.runtime, await open_records(registry)
    entered = await records.woman("card", "benefit", phone="13855550030")
    account = await records.post(f"/persons/{entered['id']}/account")
    assert await activate(registry, account) == 204
    me = await sign_in(registry, account)
    first, second = await clerk_of(registry), await clerk_of(registry)
    request = await asked(me)
    await act(first, request, "decision", **GRANTED)
    await act(second, request, "second", agreed=True, reason="已核对")
    await erase_once(runtime)
    assert await answer_once(runtime) == 1
    answer = (await me.get(f"{OWN}/{request['id']}")).json()
    assert (answer["state"], answer["steps"][-1]["act"]) == ("answered", "answered")
    told = answer["deletion"]
    assert told["carried_out_at"] is None
    assert [each["label_en"] for each in told["waiting"] if each["cause"] == "benefit"] == [
        "phone, employer and their history"
    ]
    assert {"card_fact", "visit"} <= {each["record"] for each in told["deleted"]}
    assert {"person", "benefit_enrolment"} <= {each["record"] for each in told["kept"]}
    (event,) = await erased(records, entered)
    assert "card_facts" in event
    assert "contact" not in event

    async with runtime.database.transaction(AreaScope.everything()) as tx:
        await tx.execute(
            "UPDATE benefit_enrolment SET state = 'withdrawn' WHERE person_id = $1", UUID(entered["id"])
        )
    await advance(runtime, UUID((await first.get(f"{STAFF}/{request['id']}")).json()["erasure_id"]))
    now = (await me.get(f"{OWN}/{request['id']}")).json()
    assert now["closed_at"] == answer["closed_at"]
    assert now["deletion"]["carried_out_at"] is not None
    assert [each["cause"] for each in now["deletion"]["waiting"]] == ["answer"]
    assert "contact" in (await erased(records, entered))[1], (
        "the other services hear that the rest is gone too"
    )


async def test_who_asks_again_while_a_part_of_the_first_deletion_waits_has_it_done_by_the_second(
    registry: Registry,
) -> None:
    runtime = registry.runtime
    _, me = await person(registry, phone="13855550031")
    first, second = await clerk_of(registry), await clerk_of(registry)

    async def granted() -> UUID:
        request = await asked(me)
        await act(first, request, "decision", **GRANTED)
        return UUID((await act(second, request, "second", agreed=True, reason="已核对"))["erasure_id"])

    early = await granted()
    await advance(runtime, early)
    assert await answer_once(runtime) == 1
    late = await granted()
    assert early != late
    await advance(runtime, late)
    assert await answer_once(runtime) == 1
    of_early, of_late = [
        (each["deletion"]["account_due_on"] is not None, each["deletion"]["waiting"][0]["cause"])
        for each in [
            (await me.get(f"{OWN}/{listed['id']}")).json() for listed in (await me.get(OWN)).json()["items"]
        ][::-1]
    ]
    assert (of_early, of_late) == ((True, "taken_over"), (True, "answer"))
    assert await advance(runtime, early) == 0


async def erased(records: Records, person: Json) -> list[list[str]]:
    """What the other services heard is gone of a person, each time."""
    events = await records.people.events(person["ref"])
    return [each.data["kinds"] for each in events if each.type == "registry.person.erased.v1"]


async def test_an_explanation_names_the_rules_for_the_records_it_is_about(registry: Registry) -> None:
    _, me = await person(registry)
    request = await asked(me, "explanation", about=["service_given"])
    answer = await act(await clerk_of(registry), request, "decision", **GRANTED)
    assert answer["state"] == "answered"
    mine = (await me.get(f"{OWN}/{request['id']}")).json()
    (rule,) = mine["explained"]
    assert "service_given" in rule["records"]
    assert rule["articles"].startswith("《个人信息保护法》第十三条")
    assert rule["kept"]
    everything = await asked(me, "explanation")
    await act(await clerk_of(registry), everything, "decision", **GRANTED)
    assert len((await me.get(f"{OWN}/{everything['id']}")).json()["explained"]) > 5
    wrong = {"kind": "explanation", "wish": "为什么保存", "about": ["passwords"]}
    problem = (await me.post(OWN, json=wrong)).json()
    assert [(each["pointer"], each["code"]) for each in problem["errors"]] == [
        ("/about", "unknown_record_kind")
    ]
    all_of_it = await me.post(OWN, json={"kind": "deletion", "wish": "只删一项", "about": ["visit"]})
    assert all_of_it.status_code == 422


async def test_a_refusal_names_the_law_and_where_to_complain(registry: Registry) -> None:
    _, me = await person(registry)
    request, clerk = await asked(me), await clerk_of(registry)
    without = {name: text for name, text in REFUSED.items() if name != "law"}
    numbered = REFUSED | {"law": f"{LAW} 13812345678"}
    for body, code in ((without, "law_missing"), (numbered, "reason_has_number")):
        status, problem = await tried(clerk, request, "decision", **body)
        assert status == 422
        assert [(each["pointer"], each["code"]) for each in problem["errors"]] == [("/law", code)]
    await act(clerk, request, "decision", **REFUSED)
    mine = (await me.get(f"{OWN}/{request['id']}")).json()
    assert (mine["state"], mine["outcome"], mine["law"], mine["deletion"]) == (
        *("answered", "refused", LAW),
        None,
    )
    assert "人民法院" in mine["complain"]
    assert (await tried(clerk, request, "decision", **GRANTED))[1]["code"] == "request_not_at_this_step"


async def test_one_request_of_a_kind_is_open_until_it_is_withdrawn(registry: Registry) -> None:
    entered, me = await person(registry)
    request = await asked(me)
    body = {"kind": "deletion", "wish": "再申请一次"}
    problem = (await me.post(OWN, json=body)).json()
    assert (problem["code"], request["id"] in problem["detail"]) == ("request_open", True)
    worker = await registry.staff("community_worker", HERE)
    at_the_counter = await worker.post(f"/persons/{entered['id']}/privacy-requests", json=body)
    assert at_the_counter.json()["code"] == "request_open"
    stale = await me.post(f"{OWN}/{request['id']}/withdrawal", headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    assert (await act(me, request, "withdrawal", OWN))["state"] == "withdrawn"
    taken = await worker.post(f"/persons/{entered['id']}/privacy-requests", json=body)
    assert (taken.status_code, taken.json()["how"]) == (201, "counter")
    listed = (await me.get(OWN)).json()["items"]
    assert [each["state"] for each in listed] == ["received", "withdrawn"]
    other = (await person(registry))[1]
    assert (await other.get(f"{OWN}/{request['id']}")).status_code == 404
    assert (await other.get(OWN)).json()["items"] == []


async def test_who_took_it_in_does_not_approve_it_and_the_database_holds_that_too(registry: Registry) -> None:
    entered, _ = await person(registry)
    taker, decider = await clerk_of(registry), await clerk_of(registry)
    body = {"kind": "deletion", "wish": "本人到窗口申请"}
    request = (await taker.post(f"/persons/{entered['id']}/privacy-requests", json=body)).json()
    await act(decider, request, "decision", **GRANTED)
    status, problem = await tried(taker, request, "second", agreed=True, reason="同意")
    assert (status, problem["code"]) == (409, "four_eyes")
    with pytest.raises(asyncpg.CheckViolationError):
        async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
            await tx.execute(
                "UPDATE privacy_request SET second_by = received_by, erasure_id = id WHERE id = $1",
                UUID(request["id"]),
            )
    for statement in (
        "UPDATE privacy_request_step SET told = '' WHERE request_id = $1",
        "DELETE FROM privacy_request_step WHERE request_id = $1",
        "DELETE FROM privacy_request WHERE id = $1",
    ):
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.RaiseError)):
            async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
                await tx.execute(statement, UUID(request["id"]))


async def test_who_sees_and_who_decides(registry: Registry) -> None:
    _, me = await person(registry)
    request = await asked(me)
    elsewhere = await clerk_of(registry, "340103002")
    assert (await elsewhere.get(f"{STAFF}/{request['id']}")).status_code == 404
    assert (await tried(elsewhere, request, "decision", **GRANTED))[0] == 404
    assert (await elsewhere.get(STAFF, params={"area": DISTRICT})).status_code == 404
    auditor = await registry.staff("auditor", DISTRICT)
    assert (await auditor.get(f"{STAFF}/{request['id']}")).status_code == 200
    assert (await tried(auditor, request, "decision", **GRANTED))[0] == 403
    worker = await registry.staff("community_worker", HERE)
    assert (await worker.get(STAFF, params={"area": HERE})).status_code == 403


async def test_what_is_overdue_heads_the_worklist_and_is_put_off_only_once_and_in_time(
    fresh_registry: Registry,
) -> None:
    registry, thursday = fresh_registry, date(2026, 3, 5)
    registry.administrator = await back(registry, thursday, registry.administrator)
    worker = await registry.staff("community_worker", HERE)
    people = [await opened(registry, worker) for _ in range(2)]
    for _, account in people:
        assert await activate(registry, account) == 204
    one, two = [await sign_in(registry, account) for _, account in people]
    clerk = await clerk_of(registry)
    first, second = await asked(one), await asked(two)
    assert first["due_on"] == "2026-03-26", "fifteen working days, none of them counted on a weekend"
    assert not any(each.day.month == 3 for each in published().get(2026, ()) if not each.working)
    later = await act(clerk, second, "extension", reason="需向档案馆核实")
    assert (later["due_on"], later["extended"]) == ("2026-04-17", True), "the 6th of April is free"
    told = (await two.get(f"{OWN}/{second['id']}")).json()["steps"][-1]
    assert (told["act"], told["told"]) == ("extended", "需向档案馆核实")
    assert (await tried(clerk, second, "extension", reason="再延长"))[1]["code"] == "extended_already"
    assert (await worklist(clerk))["overdue"] == 0
    await freed(registry, date(2026, 3, 26))
    third = await asked(one, "explanation")
    assert third["due_on"] == "2026-03-27", "what the node's calendar frees does not count"
    await act(one, third, "withdrawal", OWN)

    clerk = await back(registry, date(2026, 3, 27), clerk)
    page = await worklist(clerk, limit=1)
    assert page["overdue"] == 1
    assert [(each["id"], each["overdue"]) for each in page["items"]] == [(first["id"], True)]
    rest = await worklist(clerk, limit=1, after=page["next"])
    assert ([each["id"] for each in rest["items"]], rest["next"]) == ([second["id"]], None)
    late = (await worklist(clerk, overdue=True))["items"]
    assert [each["id"] for each in late] == [first["id"]]
    assert (await tried(clerk, first, "extension", reason="太晚了"))[1]["code"] == "extension_too_late"

    await act(clerk, first, "decision", **REFUSED)
    assert (await worklist(clerk))["overdue"] == 0
    closed = (await worklist(clerk, state="answered"))["items"]
    assert [each["id"] for each in closed] == [first["id"]]
    await back(registry, date(2029, 3, 27), None)
    assert await retain_once(registry.runtime) >= 1
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        left = await tx.fetch("SELECT id FROM privacy_request")
        steps = await tx.fetchval("SELECT count(DISTINCT request_id) FROM privacy_request_step")
    assert [str(row["id"]) for row in left] == [second["id"]], (
        "what is open stays, what is closed had its time"
    )
    assert steps == 1


async def freed(registry: Registry, day: date) -> None:
    """Have migrant-api's feed tell, twice, that this is the only day of its year that differs from its weekday."""
    schedule = [DayOfCalendar(day=day, working=False)]
    data = CalendarChanged(year=day.year, days=1, schedule=schedule).model_dump(mode="json")
    now, type_ = registry.runtime.clock.now(), MigrantEventType.CALENDAR_CHANGED
    event = Event(1, UUID(int=1), type_, "migrant", str(day.year), now, data, b"")
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        await take_over_calendar(tx, [event, event])


async def back(registry: Registry, day: date, caller: Caller | None) -> Caller:
    """Go to a day and sign in again, as the clock has moved past the token's end."""
    registry.set_today(day)
    if caller is None:
        return registry.administrator
    return await registry.caller(caller.username, "a phrase of one's own")
