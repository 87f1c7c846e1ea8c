"""Line 9: employers, rented housing, activities, petitions with their clocks, surveys, budget lines."""

from datetime import timedelta

from renkou_common.codes.credit_code import check_character, organisation_check_character
from tests.e2e.api import Json
from tests.e2e.register.support import DISTRICT, HERE, TOWN, Walk

YEAR = 2026


def credit_code(number: int) -> str:
    organisation = f"{number:08d}"
    first_17 = f"91{DISTRICT}{organisation}{organisation_check_character(organisation)}"
    return first_17 + check_character(first_17)


async def only(walk: Walk, path: str) -> Json:
    (one,) = (await walk.worker.get(path))["items"]
    return dict(one)


async def test_an_employers_statement_and_a_landlords_agreement_of_the_year_are_signed(walk: Walk) -> None:
    body = {
        "name": "庐阳服装厂",
        "credit_code": credit_code(1),
        "representative": "李明",
        "phone": "13511112222",
        "area": HERE,
        "street": "舒城路8号",
        "since": "2020-05-01",
    }
    walk.secrets |= {"13511112222", "舒城路8号", "李明"}
    wrong = body | {"credit_code": body["credit_code"][:-1] + "?"}
    assert (await walk.worker.refused("POST", "/employers", wrong))[0] == 422
    employer = await walk.worker.post("/employers", body)
    assert employer["phone"] == "135****2222"
    path = f"/employers/{employer['id']}"
    statement = await only(walk, f"{path}/statements")
    assert (statement["year"], statement["state"]) == (YEAR, "due")
    signed = {"state": "signed", "signed_on": "2026-01-15", "scan_number": "ZRS-0012"}
    await walk.worker.patch(f"{path}/statements/{statement['id']}", signed, statement["version"])
    person = await walk.enter()
    await walk.worker.post(f"{path}/employees", {"person_id": person["id"], "since": "2024-09-01"})

    rental = await walk.worker.post(
        "/rentals",
        {
            "area": HERE,
            "street": "霍山路9号301室",
            "rooms": 3,
            "landlord_name": "周杰伦德",
            "landlord_phone": "13533334444",
            "since": "2024-03-01",
        },
    )
    walk.secrets |= {"霍山路9号301室", "周杰伦德", "13533334444"}
    assert "周杰伦德" not in str(rental)
    path = f"/rentals/{rental['id']}"
    agreement = await only(walk, f"{path}/agreements")
    await walk.worker.patch(f"{path}/agreements/{agreement['id']}", signed, agreement["version"])
    tenant = {"person_id": person["id"], "room": "301", "since": "2025-01-01"}
    await walk.worker.post(f"{path}/tenants", tenant)
    assert len(await walk.worker.items(f"{path}/tenants")) == 1
    assert (await walk.stranger.refused("GET", path))[0] == 404
    await walk.caught_up()
    for measure in ("employer_statement", "rental_agreement"):
        for state in ("due", "signed"):
            assert await walk.counts(f"{measure}_{state}") == 1


async def test_an_activity_is_recorded_with_whom_it_reached(walk: Walk) -> None:
    activity = {
        "area": HERE,
        "kind": "free_clinic",
        "title": "社区义诊",
        "place": "社区广场",
        "held_on": "2026-02-08",
        "people_reached": 120,
        "materials": [{"name": "优生优育手册", "quantity": 200}],
    }
    held = await walk.worker.post("/activities", activity)
    assert held["kind_label"] == "义诊"
    await walk.caught_up()
    assert await walk.counts("activity_reached", detail="free_clinic") == 120


async def test_a_petition_has_fifteen_days_for_a_reply_and_sixty_to_close(walk: Walk) -> None:
    received = walk.today - timedelta(days=10)
    body = {
        "area": HERE,
        "received_on": str(received),
        "channel": "letter",
        "topic": "benefit",
        "office": "三孝口街道计生办",
        "petitioner_name": "赵敏敏",
        "petitioner_phone": "13555556666",
        "content": "询问奖励扶助金何时发放",
    }
    walk.secrets |= {"赵敏敏", "13555556666", "询问奖励扶助金何时发放"}
    petition = await walk.worker.post("/petitions", body)
    assert petition["first_due"] == str(received + timedelta(days=15))
    assert petition["close_due"] == str(received + timedelta(days=60))
    assert petition["petitioner_name"] == "赵**"
    path = f"/petitions/{petition['id']}"
    extended = await walk.worker.post(
        f"{path}/extension", {"reason": "须外地协查"}, version=petition["version"]
    )
    assert extended["close_due"] == str(received + timedelta(days=90))
    again = await walk.worker.refused(
        "POST", f"{path}/extension", {"reason": "再延"}, version=extended["version"]
    )
    assert again[:2] == (409, "extended_already")
    closing = {"on": str(walk.today), "content": "已核实并答复", "closing": True}
    closed = await walk.worker.post(f"{path}/replies", closing)
    assert (closed["state_label"], closed["on_time"]) == ("已办结", True)
    late = await walk.worker.post("/petitions", body | {"received_on": walk.before(days=16)})
    (overdue,) = await walk.clerk.items("/petitions/overdue", area=HERE)
    assert (overdue["id"], overdue["due"], overdue["days_over"]) == (late["id"], "first_reply", 1)
    assert "petitioner_name" not in overdue
    await walk.caught_up()
    assert await walk.counts("petition_received") == 2
    assert await walk.counts("petition_on_time") == 1


async def test_a_survey_counts_who_is_satisfied_and_who_knows(walk: Walk) -> None:
    question = {
        "code": "service",
        "kind": "satisfaction",
        "title": "您对社区服务满意吗?",
        "options": [
            {"code": "yes", "title": "满意", "positive": True},
            {"code": "no", "title": "不满意", "positive": False},
        ],
    }
    survey = await walk.clerk.post(
        "/surveys", {"area": TOWN, "title": "群众满意度调查", "questions": [question]}
    )
    path = f"/surveys/{survey['id']}"
    opened = await walk.clerk.post(f"{path}/opening", version=survey["version"])
    edition = opened["edition"]
    for option in ("yes", "yes", "no"):
        answer = {
            "area": HERE,
            "edition": edition,
            "on": str(walk.today),
            "options": {"service": option},
        }
        await walk.worker.post(f"{path}/answers", answer)
    await walk.caught_up()
    assert await walk.counts("satisfaction_valid") == 3
    assert await walk.counts("satisfaction_satisfied") == 2


async def test_a_budget_line_keeps_its_plans_and_money_is_exact(walk: Walk) -> None:
    body = {"area": DISTRICT, "year": YEAR, "kind": "services", "planned": "3839300.10"}
    line = await walk.statistician.post("/budget-lines", body)
    path = f"/budget-lines/{line['id']}"
    for amount in ("0.10", "0.20"):
        spending = {"amount": amount, "spent_on": "2026-02-18", "purpose": "药具运输费"}
        await walk.statistician.post(f"{path}/spendings", spending)
    change = {"planned": "4000000.05", "reason": "年中追加"}
    current = await walk.statistician.get(path)
    changed = await walk.statistician.patch(path, change, current["version"])
    assert [plan["planned"] for plan in changed["plans"]] == ["4000000.05", "3839300.10"]
    assert (await walk.district_clerk.get(path))["spent"] == "0.30"
    await walk.caught_up()
    assert await walk.counts("budget_spent") == 30
