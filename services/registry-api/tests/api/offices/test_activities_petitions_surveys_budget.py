"""Activities, petitions with their clocks, surveys and the budget."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from renkou_common.scope import AreaScope

from ...support import Caller, Json, Registry
from .desk import HERE, Offices

ACTIVITY: Json = {
    "area": HERE,
    "kind": "free_clinic",
    "title": "社区义诊",
    "place": "社区广场",
    "held_on": "2025-03-08",
    "people_reached": 120,
    "materials": [{"name": "优生优育手册", "quantity": 200}],
}
PETITION: Json = {
    "area": HERE,
    "received_on": "2025-03-03",
    "channel": "letter",
    "topic": "benefit",
    "office": "三孝口街道计生办",
    "petitioner_name": "赵敏",
    "petitioner_phone": "13800001234",
    "content": "询问奖励扶助金何时发放",
}
QUESTIONS: list[Json] = [
    {
        "code": "service",
        "kind": "satisfaction",
        "title": "您对社区服务满意吗?",
        "options": [
            {"code": "yes", "title": "满意", "positive": True},
            {"code": "no", "title": "不满意", "positive": False},
            {"code": "unsure", "title": "说不清"},
        ],
    },
    {
        "code": "free",
        "kind": "awareness",
        "title": "避孕药具要付费吗?",
        "options": [
            {"code": "no", "title": "免费", "positive": True},
            {"code": "yes", "title": "付费", "positive": False},
        ],
    },
]


async def test_an_activity_is_entered_changed_and_cancelled_with_its_counts(
    clerk: Caller, neighbour: Caller, offices: Offices
) -> None:
    change = {"people_reached": 130, "held_on": "2025-03-09"}
    changed = await offices.walk(clerk, neighbour, "/activities", ACTIVITY, change)
    assert (changed["kind_label"], changed["people_reached"]) == ("义诊", 130)
    assert await offices.counts(changed["id"]) == {
        "activity_held": 1,
        "activity_reached": 130,
        "activity_material": 200,
    }
    days = {line["on"] for event in await offices.events(changed["id"]) for line in event.data["lines"]}
    assert days == {"2025-03-08", "2025-03-09"}
    path = f"/activities/{changed['id']}"
    cancelled = await clerk.post(
        f"{path}/cancellation", json={"reason": "重复登记"}, headers={"If-Match": '"2"'}
    )
    assert (cancelled.status_code, cancelled.json()["reason"]) == (200, "重复登记")
    assert await offices.counts(changed["id"]) == {}
    listed = await offices.listed(clerk, "/activities", HERE, kind="publicity")
    assert changed["id"] not in listed


async def test_a_petition_is_received_assigned_answered_and_closed_in_time(
    clerk: Caller, neighbour: Caller, offices: Offices
) -> None:
    changed = await offices.walk(clerk, neighbour, "/petitions", PETITION, {"office": "逍遥津街道计生办"})
    assert (changed["first_due"], changed["close_due"], changed["on_time"]) == (
        "2025-03-18",
        "2025-05-02",
        None,
    )
    path = f"/petitions/{changed['id']}"
    replied = await clerk.post(f"{path}/replies", json={"on": "2025-03-18", "content": "已受理"})
    assert (replied.status_code, replied.json()["state"]) == (201, "replied")
    closing = {"on": "2025-05-02", "content": "已核实并发放", "closing": True}
    answers = await asyncio.gather(*(clerk.post(f"{path}/replies", json=closing) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    closed = (await clerk.get(path)).json()
    assert (closed["state_label"], closed["on_time"], len(closed["replies"])) == ("已办结", True, 2)
    assert await offices.counts(changed["id"]) == {"petition_received": 1, "petition_on_time": 1}


async def test_a_late_first_reply_makes_a_petition_late_and_a_withdrawn_one_counts_nowhere(
    clerk: Caller, offices: Offices
) -> None:
    late = await offices.enter(clerk, "/petitions", **PETITION)
    closing = {"on": "2025-03-19", "content": "已核实", "closing": True}
    answer = await clerk.post(f"/petitions/{late['id']}/replies", json=closing)
    assert answer.json()["on_time"] is False
    assert await offices.counts(late["id"]) == {"petition_received": 1}
    withdrawn = await offices.enter(clerk, "/petitions", **PETITION)
    path = f"/petitions/{withdrawn['id']}/withdrawal"
    answer = await clerk.post(path, json={"on": "2025-03-12"}, headers={"If-Match": '"1"'})
    assert answer.json()["state"] == "withdrawn"
    assert await offices.counts(withdrawn["id"]) == {}


async def test_no_reply_is_dated_before_another_so_that_a_late_closing_stays_late(
    clerk: Caller, offices: Offices
) -> None:
    entered = await offices.enter(clerk, "/petitions", **PETITION)
    path = f"/petitions/{entered['id']}"
    for on in ("2025-03-10", "2025-05-20"):
        replied = await clerk.post(f"{path}/replies", json={"on": on, "content": "正在核实"})
        assert replied.status_code == 201, replied.text
    closing = {"on": "2025-05-02", "content": "已核实", "closing": True}
    back = await clerk.post(f"{path}/replies", json=closing)
    assert [(each["pointer"], each["code"]) for each in back.json()["errors"]] == [("/on", "before_earlier")]
    seen = {"If-Match": (await clerk.get(path)).headers["ETag"]}
    taken = await clerk.post(f"{path}/withdrawal", json={"on": "2025-03-12"}, headers=seen)
    assert taken.json()["errors"][0]["pointer"] == "/on"
    closed = await clerk.post(f"{path}/replies", json=closing | {"on": "2025-05-21"})
    assert closed.json()["on_time"] is False


async def test_the_closing_is_extended_once_and_for_a_reason(
    clerk: Caller, offices: Offices, registry: Registry
) -> None:
    today = registry.runtime.clock.today()
    entered = await offices.enter(clerk, "/petitions", **PETITION | {"received_on": str(today)})
    path = f"/petitions/{entered['id']}/extension"
    assert (await clerk.post(path, json={}, headers={"If-Match": '"1"'})).status_code == 422
    extended = await clerk.post(path, json={"reason": "须外地协查"}, headers={"If-Match": '"1"'})
    assert extended.json()["close_due"] == str(today + timedelta(days=90))
    again = await clerk.post(path, json={"reason": "再延"}, headers={"If-Match": '"2"'})
    assert (again.status_code, again.json()["code"]) == (409, "extended_already")


async def test_what_is_overdue_reminds_an_office_and_tells_of_no_person(
    clerk: Caller, neighbour: Caller, offices: Offices, registry: Registry
) -> None:
    today = registry.runtime.clock.today()
    late = await offices.enter(
        clerk, "/petitions", **PETITION | {"received_on": str(today - timedelta(days=16))}
    )
    fresh = await offices.enter(
        clerk, "/petitions", **PETITION | {"received_on": str(today - timedelta(days=15))}
    )
    listed = await offices.listed(clerk, "/petitions/overdue", HERE)
    assert late["id"] in listed
    assert fresh["id"] not in listed
    page = (await clerk.get("/petitions/overdue", params={"area": HERE, "limit": 200})).json()
    row = next(each for each in page["items"] if each["id"] == late["id"])
    assert set(row) == {"id", "area", "office", "due", "due_on", "days_over"}
    assert (row["due"], row["days_over"]) == ("first_reply", 1)
    assert (await neighbour.get("/petitions/overdue", params={"area": HERE})).status_code == 404


async def test_a_petitioner_is_sealed_masked_or_anonymous_and_read_for_a_reason(
    clerk: Caller, statistician: Caller, offices: Offices, registry: Registry
) -> None:
    entered = await offices.enter(clerk, "/petitions", **PETITION)
    assert (entered["petitioner_name"], entered["petitioner_phone"]) == ("赵**", "138****1234")
    listed = (await clerk.get("/petitions", params={"area": HERE, "limit": 200})).json()["items"]
    assert not {"petitioner_name", "content"} & set(listed[0])
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        row = await tx.fetchrow("SELECT * FROM petition WHERE id = $1", UUID(entered["id"]))
    assert row is not None
    assert "赵敏".encode() not in row["name_sealed"]
    assert "询问".encode() not in row["content_sealed"]
    path = f"/petitions/{entered['id']}/petitioner"
    opened = await clerk.post(path, json={"reason": "电话答复本人"})
    assert opened.json() == {"name": "赵敏", "phone": "13800001234"}
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        reasons = await tx.fetch(
            "SELECT reason FROM petition_reading WHERE petition_id = $1", UUID(entered["id"])
        )
    assert [each["reason"] for each in reasons] == ["电话答复本人"]
    assert (await statistician.get("/petitions", params={"area": HERE})).status_code == 403
    assert "赵敏" not in str([event.data for event in await offices.events(entered["id"])])
    nameless = {key: value for key, value in PETITION.items() if not key.startswith("petitioner")}
    anonymous = await offices.enter(clerk, "/petitions", **nameless, anonymous=True)
    assert anonymous["petitioner_name"] is None
    named = await clerk.post("/petitions", json=PETITION | {"anonymous": True})
    assert named.json()["errors"][0]["code"] == "petitioner"


async def test_a_survey_is_drafted_opened_answered_anonymously_and_ended(
    clerk: Caller, neighbour: Caller, district_clerk: Caller, offices: Offices, registry: Registry
) -> None:
    body = {"area": "340103001", "title": "群众满意度调查", "questions": QUESTIONS}
    survey = await offices.walk(clerk, neighbour, "/surveys", body, {"title": "满意度调查"}, "340103001")
    path = f"/surveys/{survey['id']}"
    today = str(registry.runtime.clock.today())
    answer: Json = {"edition": 1, "area": HERE, "on": today}
    answer["options"] = {"service": "yes", "free": "yes"}
    closed = await clerk.post(f"{path}/answers", json=answer)
    assert (closed.status_code, closed.json()["code"]) == (409, "survey_state")
    opened = await clerk.post(f"{path}/opening", headers={"If-Match": '"2"'})
    assert opened.json()["state_label"] == "进行中"
    worker = await registry.staff("community_worker", HERE)
    for options in (answer["options"], {"service": "no"}, {"service": "unsure", "free": "no"}):
        taken = await worker.post(f"{path}/answers", json=answer | {"options": options})
        assert taken.status_code == 201, taken.text
        assert set(taken.json()) == {"survey_id", "edition"}
    assert await offices.counts(survey["id"]) == {
        "satisfaction_valid": 2,
        "satisfaction_satisfied": 1,
        "awareness_valid": 2,
        "awareness_correct": 1,
    }
    wrong = await worker.post(f"{path}/answers", json=answer | {"options": {"service": "maybe"}})
    assert wrong.json()["errors"][0]["pointer"] == "/options/service"
    elsewhere = await district_clerk.post(f"{path}/answers", json=answer | {"area": "340103002001"})
    assert elsewhere.json()["errors"][0]["code"] == "outside_survey"
    early = await worker.post(f"{path}/answers", json=answer | {"on": "1999-12-31"})
    assert [(each["pointer"], each["code"]) for each in early.json()["errors"]] == [("/on", "before_opening")]
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        columns = await tx.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'survey_answer'"
        )
    assert {row["column_name"] for row in columns} == {
        "id",
        "survey_id",
        "edition",
        "area",
        "answered_on",
        "options",
    }
    renewed = await clerk.patch(path, version=3, json={"questions": QUESTIONS[:1]})
    assert (renewed.json()["edition"], renewed.json()["answers"]) == (2, 3)
    old = await worker.post(f"{path}/answers", json=answer)
    assert (old.status_code, old.json()["code"]) == (409, "other_edition")
    ended = await clerk.post(f"{path}/end", headers={"If-Match": '"4"'})
    assert ended.json()["state"] == "ended"


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        ("/activities", ACTIVITY, ("kind", "title", "place", "held_on", "people_reached", "materials")),
        ("/petitions", PETITION, ("topic", "office")),
        ("/surveys", {"area": HERE, "title": "调查", "questions": QUESTIONS}, ("title", "questions")),
    ],
)
async def test_a_change_of_nothing_or_to_nothing_is_refused_by_field(
    clerk: Caller, offices: Offices, path: str, body: Json, fields: tuple[str, ...]
) -> None:
    one = f"{path}/{(await offices.enter(clerk, path, **body))['id']}"
    nothing = await clerk.patch(one, version=1, json={})
    assert (nothing.status_code, nothing.json()["errors"][0]["code"]) == (422, "no_change")
    for name in fields:
        empty = await clerk.patch(one, version=1, json={name: None})
        assert [(each["pointer"], each["code"]) for each in empty.json()["errors"]] == [
            (f"/{name}", "not_empty")
        ]
    assert (await clerk.get(one)).headers["ETag"] == '"1"'


async def test_a_question_that_cannot_be_counted_is_refused_by_place(clerk: Caller) -> None:
    happy = [{"code": code, "title": "满意", "positive": True} for code in ("a", "b")]
    for options, code in ((happy, "options_count"), (happy[:1] * 2, "code_twice")):
        body = {
            "area": HERE,
            "title": "调查",
            "questions": [QUESTIONS[1], QUESTIONS[0] | {"options": options}],
        }
        refused = await clerk.post("/surveys", json=body)
        [error] = refused.json()["errors"]
        assert (refused.status_code, error["code"]) == (422, code)
        assert error["pointer"].startswith("/questions/1")


async def test_a_budget_line_keeps_every_version_of_its_plan_and_money_is_exact(
    statistician: Caller, neighbour: Caller, clerk: Caller, offices: Offices
) -> None:
    body = {"area": "340103001", "year": 2025, "kind": "services", "planned": "3839300.10"}
    change = {"planned": "4000000.05", "reason": "年中追加"}
    line = await offices.walk(statistician, neighbour, "/budget-lines", body, change, "340103001")
    assert [(plan["version"], plan["planned"]) for plan in line["plans"]] == [
        (2, "4000000.05"),
        (1, "3839300.10"),
    ]
    path = f"/budget-lines/{line['id']}/spendings"
    spending = {"amount": "0.10", "spent_on": "2025-03-18", "purpose": "药具运输费"}
    booked = await asyncio.gather(*(statistician.post(path, json=spending) for _ in range(30)))
    assert {answer.status_code for answer in booked} == {201}
    assert (await clerk.get(f"/budget-lines/{line['id']}")).json()["spent"] == "3.00"
    wrong = booked[0].json()["id"]
    reversals = await asyncio.gather(
        *(statistician.post(f"{path}/{wrong}/reversal", json={"reason": "录错"}) for _ in range(3))
    )
    assert sorted(answer.status_code for answer in reversals) == [201, 409, 409]
    assert (await clerk.get(f"/budget-lines/{line['id']}")).json()["spent"] == "2.90"
    assert await offices.counts(line["id"]) == {"budget_planned": 400000005, "budget_spent": 290}
    assert len((await clerk.get(path, params={"limit": 200})).json()["items"]) == 31
    assert (await clerk.post(path, json=spending)).status_code == 403
    for amount, code in ((1.5, "amount"), ("1.005", "amount"), ("-1", "amount"), ("0", "amount_zero")):
        refused = await statistician.post(path, json=spending | {"amount": amount})
        assert refused.json()["errors"][0]["code"] == code
    other_year = await statistician.post(path, json=spending | {"spent_on": "2024-12-31"})
    assert other_year.json()["errors"][0]["code"] == "other_year"
    again = await statistician.post("/budget-lines", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "budget_line_exists")
    ended = await statistician.post(f"/budget-lines/{line['id']}/end", headers={"If-Match": '"2"'})
    assert ended.json()["ended_on"]
    assert (await statistician.post(path, json=spending)).json()["code"] == "ended"


async def test_what_is_spent_in_all_stays_an_amount_that_can_be_written(
    statistician: Caller, offices: Offices
) -> None:
    body = {"area": "340103001", "year": 2024, "kind": "services", "planned": "10.00"}
    path = f"/budget-lines/{(await offices.enter(statistician, '/budget-lines', **body))['id']}/spendings"
    spending = {"amount": "999999999999.00", "spent_on": "2024-03-18", "purpose": "录错的支出"}
    wrong = await offices.enter(statistician, path, **spending)
    over = await statistician.post(path, json=spending | {"amount": "1.00"})
    assert [(each["pointer"], each["code"]) for each in over.json()["errors"]] == [
        ("/amount", "amount_total")
    ]
    await offices.enter(statistician, path, **spending | {"amount": "0.99"})
    await offices.enter(statistician, f"{path}/{wrong['id']}/reversal", reason="金额录错")
    await offices.enter(statistician, path, **spending | {"amount": "1.00"})
