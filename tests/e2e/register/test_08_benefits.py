"""Line 8: a benefit scheme as data, from what it asks for to money that is never paid twice."""

import csv
from collections.abc import Sequence
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest

from tests.e2e.api import Json
from tests.e2e.register.caller import Caller
from tests.e2e.register.support import HERE, TOWN, Walk

ACCOUNT = {"bank": "徽商银行", "number": "6217000012345678901", "holder": "王小明"}
DEFINITION = {
    "conditions": {"all": [{"registered_here": {}}, {"age": {"at_least": 60}}]},
    "amount": {
        "unit": "person",
        "every": "year",
        "by_months": True,
        "bands": [{"from": "2020-01-01", "yuan": "960.00"}],
    },
    "notice_days": 7,
}


@pytest.fixture(scope="module")
async def scheme(walk: Walk) -> Json:
    """A scheme in force, proposed by one administrator and put into force by another."""
    body = {
        "code": "assistance_of_the_old",
        "name_zh": "奖励扶助",
        "name_en": "Reward assistance",
        "legal_basis": "示例文件",
        "valid_from": "2020-01-01",
        "definition": DEFINITION,
    }
    proposed = await walk.manager.post("/benefit-schemes", body)
    newest = proposed["versions"][-1]
    path = f"/benefit-schemes/{proposed['id']}/versions/{newest['number']}/activation"
    own = await walk.manager.refused("POST", path, version=newest["version"])
    assert own[:2] == (409, "same_person")
    return await walk.director.post(path, version=newest["version"])


async def step(walk: Walk, by: Caller, case: Json, name: str, **body: object) -> Json:
    """Take a step of a case as it stands."""
    current = await walk.worker.get(f"/benefit-enrolments/{case['id']}")
    return await by.post(
        f"/benefit-enrolments/{case['id']}/{name}", {"result": "pass", **body}, version=current["version"]
    )


async def applied(walk: Walk, scheme: Json, person: Json) -> Json:
    walk.secrets |= {ACCOUNT["number"], ACCOUNT["holder"]}
    body = {"scheme_id": scheme["id"], "person_id": person["id"], "account": ACCOUNT}
    return await walk.worker.post("/benefit-enrolments", body)


async def batch_step(walk: Walk, by: Caller, batch: Json, name: str) -> bytes:
    current = await walk.manager.get(f"/benefit-batches/{batch['id']}")
    answer = await by.send("POST", f"/benefit-batches/{batch['id']}/{name}", version=current["version"])
    return answer.content


async def result(walk: Walk, batch: Json, rows: Sequence[dict[str, str]], total: str) -> Json:
    """Hand in what the bank says: everything paid."""
    target = StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(["行号", "金额(元)", "结果", "原因"])
    writer.writerows([row["行号"], row["金额(元)"], "成功", ""] for row in rows)
    return await walk.manager.post(
        f"/benefit-batches/{batch['id']}/results",
        content=target.getvalue().encode("utf-8-sig"),
        headers={"Content-Type": "text/csv"},
        params={"paid_total": total},
        key=str(uuid4()),
    )


async def test_why_somebody_is_not_entitled_is_told_in_words(walk: Walk, scheme: Json) -> None:
    person = await walk.enter(birth_date="1967-03-02")
    path = f"/benefit-schemes/{scheme['id']}/eligibility"
    now = await walk.worker.get(path, person_id=person["id"])
    reasons = [(part["reason_zh"], part["reason_en"]) for part in now["finding"]["parts"]]
    assert now["result"] == "not_met"
    assert ("未满 60 周岁: 1967-03-02 出生", "not yet 60: born 1967-03-02") in reasons
    later = await walk.worker.get(path, person_id=person["id"], on="2027-03-02")
    assert later["result"] == "met"


async def test_from_application_to_payment_and_never_twice(walk: Walk, scheme: Json) -> None:
    person = await walk.enter(birth_date="1960-05-05", name="欧阳晓明")
    case = await applied(walk, scheme, person)
    body = {"scheme_id": scheme["id"], "person_id": person["id"], "account": ACCOUNT}
    again = await walk.worker.refused("POST", "/benefit-enrolments", body)
    assert again[:2] == (409, "enrolled_already")
    own = f"/benefit-enrolments/{case['id']}/community-check"
    refused = await walk.worker.refused("POST", own, {"result": "pass"}, version=case["version"])
    assert refused[:2] == (409, "same_person")
    await step(walk, walk.colleague, case, "community-check", confirmed=[])
    await step(walk, walk.clerk, case, "subdistrict-check")
    await step(walk, walk.director, case, "approval")
    notice = await walk.second_clerk.post("/benefit-notices", {"scheme_id": scheme["id"], "area": TOWN})
    public = await walk.anybody().get(f"/public/benefit-notices/{notice['id']}")
    (shown,) = public["items"]
    assert shown["masked_name"] == "欧阳**"
    assert shown["masked_number"].count("*") >= 15
    assert person["name"] not in str(public)
    closing = f"/benefit-notices/{notice['id']}/closing"
    early = await walk.second_clerk.refused("POST", closing, version=notice["version"])
    assert early[:2] == (409, "still_running")
    await walk.move_clock(walk.today + timedelta(days=8))
    current = await walk.second_clerk.get(f"/benefit-notices/{notice['id']}")
    await walk.second_clerk.post(closing, version=current["version"])
    due = await walk.worker.items(f"/benefit-enrolments/{case['id']}/dues")
    assert [(each["period"], each["amount"]) for each in due] == [("2026", "800.00")]

    drafted = {"scheme_id": scheme["id"], "period": "2026", "area": TOWN}
    batch = await walk.manager.post("/benefit-batches", drafted)
    assert (await walk.manager.refused("POST", "/benefit-batches", drafted))[0] == 409
    version = batch["version"]
    mine = await walk.manager.refused("POST", f"/benefit-batches/{batch['id']}/approval", version=version)
    assert mine[:2] == (409, "same_person")
    await batch_step(walk, walk.director, batch, "approval")
    sheet = await batch_step(walk, walk.manager, batch, "export?format=csv")
    rows = list(csv.DictReader(StringIO(sheet.decode("utf-8-sig"))))
    assert [(row["账号"], row["金额(元)"]) for row in rows] == [(ACCOUNT["number"], "800.00")]
    settled = await result(walk, batch, rows, "800.00")
    assert (settled["state"], settled["paid_total"]) == ("settled", "800.00")
    assert await result(walk, batch, rows, "800.00") == settled
    await batch_step(walk, walk.manager, batch, "closing")
    nothing = await walk.manager.refused("POST", "/benefit-batches", drafted)
    assert nothing[:2] == (409, "nothing_due")
    await walk.caught_up()
    assert await walk.counts("benefit_paid_fen", detail=scheme["code"]) == 80_000

    await corrected(walk, person)
    after = await walk.worker.items(f"/benefit-enrolments/{case['id']}/dues")
    assert [(each["amount"], each["paid"]) for each in after] == [("0.00", "800.00")]
    over = await walk.director.items("/benefit-overpayments", area=HERE, state="open")
    assert [each["amount"] for each in over if each["enrolment_id"] == case["id"]] == ["800.00"]
    await walk.caught_up()
    assert await walk.counts("benefit_due_fen", detail=scheme["code"]) == 0


async def corrected(walk: Walk, person: Json) -> None:
    """It turns out that the person is not sixty: asked for by one, approved by another."""
    entry = (await walk.clerk.get(f"/persons/{person['id']}/events"))["items"][0]
    asked = await walk.clerk.post(
        "/corrections",
        {
            "event_id": entry["id"],
            "changes": {"birth_date": "1968-05-05"},
            "reason": "出生日期录错",
            "confirmed_warnings": ["resident_id_birth_date_differs"],
        },
    )
    path = f"/corrections/{asked['id']}/approval"
    await walk.second_clerk.post(path, {}, version=asked["version"])
