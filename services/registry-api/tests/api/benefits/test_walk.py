"""From a scheme as data to money on an account, each step by somebody else."""

import asyncio
from datetime import date
from io import BytesIO

from python_calamine import CalamineWorkbook

from renkou_common.http.cursors import encode_cursor

from ..people.people import HERE
from .office import DISTRICT, RURAL, SUBDISTRICT, Office, definition


async def test_a_case_goes_from_application_to_payment(office: Office) -> None:
    scheme = await office.scheme()
    person = await office.entitled(name="欧阳晓明")
    case = await office.apply(scheme, person)
    assert (case["state"], case["account_number"]) == ("applied", "***************8901")
    assert case["finding"]["result"] == "met"
    await office.approve(case)
    notice = await office.notice(scheme)
    assert notice["items"][0]["masked_name"] == "欧阳**"
    number = notice["items"][0]["masked_number"]
    assert (number[0], number[1:-2], len(number)) == ("3", "*" * 15, 18)
    public = await office.registry.client.get(f"/public/benefit-notices/{notice['id']}")
    assert public.status_code == 200
    assert public.json()["items"] == [
        {"place": 1, "area": HERE, "masked_name": "欧阳**", "masked_number": number}
    ]
    beyond = {"after": encode_cursor(2**40)}
    assert (
        await office.registry.client.get(f"/public/benefit-notices/{notice['id']}", params=beyond)
    ).json()["items"] == []
    assert (await office.close_notice(notice)).json()["code"] == "still_running"
    office.set_today(date(2026, 3, 10))
    assert (await office.registry.client.get(f"/public/benefit-notices/{notice['id']}")).status_code == 404
    assert (await office.close_notice(notice)).status_code == 200
    assert [(due["period"], due["amount"], due["months"]) for due in await office.dues(case)] == [
        ("2026", "800.00", 10)
    ]
    batch, rows = await office.exported(scheme)
    assert [(row["账号"], row["金额(元)"], row["收款人"]) for row in rows] == [
        ("6217000012345678901", "800.00", "王小明")
    ]
    settled = await office.settle(batch, rows)
    assert (settled.json()["paid_total"], settled.json()["state"]) == ("800.00", "settled")
    assert (await office.batch_step(office.payer, batch, "closing")).json()["state"] == "closed"
    assert await office.figures(scheme) == {
        "benefit_due": 1,
        "benefit_due_fen": 80_000,
        "benefit_paid": 1,
        "benefit_paid_fen": 80_000,
    }
    whole = (await office.worker.get(f"/benefit-enrolments/{case['id']}")).json()
    assert [step["state"] for step in whole["steps"]] == [
        "applied",
        "community_checked",
        "subdistrict_checked",
        "approved",
        "noticed",
        "active",
    ]
    assert len({step["taken_by"] for step in whole["steps"]}) == 5
    assert (await office.draft(scheme)).json()["code"] == "nothing_due"


async def test_a_declared_child_is_born_before_it_died_and_neither_is_to_come(office: Office) -> None:
    scheme, person = await office.scheme(), await office.entitled()

    async def refused(**days: str) -> list[tuple[str, str]]:
        body = {
            "scheme_id": scheme["id"],
            "person_id": person["id"],
            "declared": {"children": [{"sex": 1, "birth_date": "1990-01-01"}, {"sex": 2} | days]},
            "account": {"bank": "徽商银行", "number": "6217000012345678901", "holder": "王小明"},
        }
        answer = await office.worker.post("/benefit-enrolments", json=body)
        assert answer.status_code == 422, answer.text
        return [(each["pointer"], each["code"]) for each in answer.json()["errors"]]

    at = "/declared/children/1"
    assert await refused(birth_date="2999-01-01") == [(f"{at}/birth_date", "in_future")]
    assert await refused(birth_date="1991-01-01", died_on="2999-01-01") == [(f"{at}/died_on", "in_future")]
    assert await refused(birth_date="1991-01-02", died_on="1991-01-01") == [
        (f"{at}/died_on", "died_before_birth")
    ]


async def test_nobody_takes_two_steps_of_a_case(office: Office) -> None:
    scheme = await office.scheme()
    case = await office.apply(scheme, await office.entitled())
    own = await office.step(office.worker, case, "community-check", result="pass")
    assert (own.status_code, own.json()["code"]) == (409, "same_person")
    assert (await office.step(office.clerk, case, "community-check", result="pass")).status_code == 200
    twice = await office.step(office.clerk, case, "subdistrict-check", result="pass")
    assert (twice.status_code, twice.json()["code"]) == (409, "same_person")
    passed = await office.step(office.publisher, case, "subdistrict-check", result="pass")
    assert passed.status_code == 200
    assert (await office.step(office.approver, case, "approval", result="pass")).status_code == 200
    body = {"scheme_id": scheme["id"], "area": SUBDISTRICT}
    refused = await office.publisher.post("/benefit-notices", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_notice")


async def test_a_scheme_is_activated_and_a_batch_approved_by_somebody_else(office: Office) -> None:
    body = {
        "code": "own_scheme",
        "name_zh": "奖励扶助",
        "name_en": "Reward",
        "legal_basis": "示例文件",
        "valid_from": "2020-01-01",
        "definition": definition(),
    }
    scheme = (await office.manager.post("/benefit-schemes", json=body)).json()
    activation = f"/benefit-schemes/{scheme['id']}/versions/1/activation"
    own = await office.manager.post(activation, headers={"If-Match": '"1"'})
    assert (own.status_code, own.json()["code"]) == (409, "same_person")
    await office.activate(scheme)
    case = await office.apply(scheme, await office.entitled())
    await office.start(scheme, case)
    batch = (await office.draft(scheme)).json()
    refused = await office.batch_step(office.payer, batch, "approval")
    assert (refused.status_code, refused.json()["code"]) == (409, "same_person")


async def test_a_returned_case_is_completed_and_a_rejected_one_may_be_applied_for_again(
    office: Office,
) -> None:
    scheme = await office.scheme()
    person = await office.entitled()
    case = await office.apply(scheme, person)
    without = await office.step(office.checker, case, "community-check", result="return")
    assert (without.status_code, without.json()["errors"][0]["pointer"]) == (422, "/reason")
    back = await office.step(office.checker, case, "community-check", result="return", reason="请补户口簿")
    assert back.json()["state"] == "returned"
    account = {"bank": "中国银行", "number": "6216000099998888", "holder": "王小明"}
    again = await office.step(office.worker, case, "resubmission", account=account)
    assert (again.json()["state"], again.json()["account_bank"]) == ("applied", "中国银行")
    no = await office.step(office.checker, case, "community-check", result="reject", reason="户籍不实")
    assert no.json()["state"] == "rejected"
    new = await office.apply(scheme, person)
    assert new["previous_id"] == case["id"]
    twice = await office.worker.post("/benefit-enrolments", json=office.application(scheme, person))
    assert (twice.status_code, twice.json()["code"]) == (409, "enrolled_already")
    withdrawn = await office.step(office.worker, new, "withdrawal")
    assert withdrawn.json()["state"] == "withdrawn"


async def test_an_approval_needs_every_condition_and_what_was_declared_counts_only_once_confirmed(
    office: Office,
) -> None:
    given = definition()
    given["conditions"]["all"].append({"fact": "rural_registration"})
    scheme = await office.scheme(given)
    case = await office.apply(scheme, await office.entitled(), declared=RURAL)
    for caller, name in ((office.checker, "community-check"), (office.clerk, "subdistrict-check")):
        assert (await office.step(caller, case, name, result="pass")).status_code == 200
    refused = await office.step(office.approver, case, "approval", result="pass")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_entitled")
    assert "农村居民户口" in refused.json()["detail"]
    other = await office.apply(scheme, await office.entitled(), declared=RURAL)
    foreign = await office.step(
        office.checker, other, "community-check", result="pass", confirmed=["child_died"]
    )
    assert foreign.json()["errors"][0]["pointer"] == "/confirmed"
    await office.approve(other, ["rural_registration"])


async def test_eligibility_is_explained_as_of_a_day(office: Office) -> None:
    scheme = await office.scheme()
    person = await office.people.enter(birth_date="1967-03-02")
    path = f"/benefit-schemes/{scheme['id']}/eligibility"
    answer = (await office.worker.get(path, params={"person_id": person["id"]})).json()
    assert answer["result"] == "not_met"
    age = answer["finding"]["parts"][1]
    assert (age["reason_zh"], age["reason_en"]) == (
        "未满 60 周岁: 1967-03-02 出生",
        "not yet 60: born 1967-03-02",
    )
    later = {"person_id": person["id"], "on": "2027-03-02"}
    assert (await office.worker.get(path, params=later)).json()["result"] == "met"
    early = await office.worker.get(path, params={"person_id": person["id"], "on": "2019-12-31"})
    assert (early.status_code, early.json()["code"]) == (409, "not_in_force")


async def test_people_who_may_be_entitled_are_found_so_that_they_can_be_told(office: Office) -> None:
    scheme = await office.scheme()
    old, young = await office.entitled(), await office.people.enter(birth_date="1990-01-01")
    found: dict[str, str] = {}
    after = None
    while True:
        params = {"area": HERE, "limit": "1"} | ({"after": after} if after else {})
        page = (await office.worker.get(f"/benefit-schemes/{scheme['id']}/candidates", params=params)).json()
        found |= {each["person_id"]: each["name_masked"] for each in page["items"]}
        after = page["next"]
        if after is None:
            break
    assert found[old["id"]] == "王**"
    assert young["id"] not in found


async def test_objections_are_settled_before_anybody_is_paid(office: Office) -> None:
    scheme = await office.scheme()
    first = await office.apply(scheme, await office.entitled())
    second = await office.apply(scheme, await office.entitled())
    for case in (first, second):
        await office.approve(case)
    notice = await office.notice(scheme)
    path = f"/benefit-notices/{notice['id']}/objections"
    for case in (first, second):
        recorded = await office.checker.post(path, json={"enrolment_id": case["id"], "words": "户籍已迁出"})
        assert recorded.status_code == 201
    office.set_today(date(2026, 3, 11))
    assert (await office.close_notice(notice)).json()["code"] == "objections_open"
    settler = await office.registry.staff("subdistrict_clerk", SUBDISTRICT)
    for objection, upheld in zip(recorded.json()["objections"], (True, False), strict=True):
        settled = await settler.post(
            f"{path}/{objection['id']}/settlement",
            headers={"If-Match": '"1"'},
            json={"upheld": upheld, "resolution": "已核实"},
        )
        assert settled.status_code == 200, settled.text
    assert (await office.close_notice(notice)).status_code == 200
    states = [
        (await office.worker.get(f"/benefit-enrolments/{case['id']}")).json()["state"]
        for case in (first, second)
    ]
    assert states == ["returned", "active"]


async def test_the_national_samples_can_be_proposed_and_activated(office: Office) -> None:
    for name in (
        "dusheng_jiangli",
        "jiangli_fuzhu",
        "tebie_fuzhu_died",
        "tebie_fuzhu_disabled",
        "yuer_butie",
    ):
        made = await office.manager.post("/benefit-schemes/from-sample", json={"sample": name})
        assert made.status_code == 201, made.text
        await office.activate(made.json())
    listed = (await office.worker.get("/benefit-schemes")).json()["items"]
    assert [each["code"] for each in listed] == sorted(each["code"] for each in listed)
    assert {each["state"] for each in listed} == {"active"}


async def test_a_wrong_definition_is_refused_with_its_pointer(office: Office) -> None:
    body = {
        "code": "wrong_one",
        "name_zh": "错误项目",
        "name_en": "Wrong",
        "legal_basis": "无依据",
        "valid_from": "2026-01-01",
        "definition": {
            "conditions": {"all": [{"fact": "nothing"}, {"age": {"at_least": 60, "at_most": 1}}]},
            "amount": {"unit": "person", "every": "year", "bands": [{"from": "2026-01-01", "yuan": 1}]},
        },
    }
    refused = await office.manager.post("/benefit-schemes", json=body)
    assert refused.status_code == 422
    assert {each["pointer"] for each in refused.json()["errors"]} == {
        "/definition/conditions/all/0/fact",
        "/definition/conditions/all/1/age",
        "/definition/amount/bands/0/yuan",
    }


async def test_a_new_version_follows_the_one_before_without_overlap(office: Office) -> None:
    scheme = await office.scheme()
    body = {
        "name_zh": "奖励扶助",
        "name_en": "Reward",
        "legal_basis": "新文件",
        "valid_from": "2026-07-01",
        "definition": definition(bands=[{"from": "2026-07-01", "yuan": "1200.00"}]),
    }
    proposed = await office.manager.post(f"/benefit-schemes/{scheme['id']}/versions", json=body)
    assert proposed.status_code == 201, proposed.text
    activated = await office.activate(proposed.json())
    assert [each["valid_to"] for each in activated["versions"]] == ["2026-06-30", None]
    changed = body | {"definition": definition(every="month", by_months=False)}
    refused = await office.manager.post(f"/benefit-schemes/{scheme['id']}/versions", json=changed)
    assert refused.json()["errors"][0]["pointer"] == "/definition/amount/every"


async def test_the_workbook_for_the_bank_holds_account_numbers_as_text(office: Office) -> None:
    scheme = await office.scheme()
    await office.start(scheme, await office.apply(scheme, await office.entitled()))
    batch = (await office.draft(scheme)).json()
    await office.batch_step(office.approver, batch, "approval")
    exported = await office.batch_step(office.payer, batch, "export")
    rows = CalamineWorkbook.from_filelike(BytesIO(exported.content)).get_sheet_by_index(0).to_python()
    assert rows[1][3] == "6217000012345678901"
    read = (await office.payer.get(f"/benefit-batches/{batch['id']}")).json()
    assert read["export"]["checksum"] == exported.headers["X-Checksum-Sha256"]
    twice = await office.batch_step(office.payer, batch, "export")
    assert (twice.status_code, twice.json()["code"]) == (409, "wrong_state")


async def test_a_check_of_a_version_that_is_gone_is_refused_and_the_same_application_twice_is_one(
    office: Office,
) -> None:
    scheme = await office.scheme()
    body = office.application(scheme, await office.entitled())
    first, second = [
        await office.worker.post("/benefit-enrolments", json=body, key="the same key twice") for _ in range(2)
    ]
    assert first.json()["id"] == second.json()["id"]
    path = f"/benefit-enrolments/{first.json()['id']}/community-check"
    assert (await office.checker.post(path, json={"result": "pass"})).status_code == 428
    stale = await office.checker.post(path, headers={"If-Match": '"9"'}, json={"result": "pass"})
    assert (stale.status_code, stale.headers["ETag"]) == (412, '"1"')
    both = await asyncio.gather(
        *(
            office.checker.post(path, headers={"If-Match": '"1"'}, json={"result": result, "reason": "核对"})
            for result in ("pass", "reject")
        )
    )
    assert sorted(answer.status_code for answer in both) == [200, 412]


async def test_another_areas_staff_find_nothing(office: Office) -> None:
    scheme = await office.scheme()
    case = await office.apply(scheme, await office.entitled())
    stranger = await office.registry.staff("subdistrict_clerk", "340103002")
    asked = [
        await stranger.get(f"/benefit-enrolments/{case['id']}"),
        await stranger.get(f"/benefit-enrolments/{case['id']}/dues"),
        await stranger.get("/benefit-enrolments", params={"area": HERE, "scheme_id": scheme["id"]}),
        await stranger.get("/benefit-overpayments", params={"area": DISTRICT}),
        await stranger.get(f"/benefit-schemes/{scheme['id']}/candidates", params={"area": HERE}),
        await stranger.get(
            f"/benefit-schemes/{scheme['id']}/eligibility", params={"person_id": case["person_id"]}
        ),
        await office.step(stranger, case, "community-check", result="pass"),
    ]
    assert [each.status_code for each in asked] == [404] * len(asked)
