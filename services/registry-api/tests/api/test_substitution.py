"""Substitution during leave: a colleague holds the duties from day to day, and everybody can tell whose they are."""

import asyncio
from datetime import date, timedelta
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import pytest

from renkou_common.identity.roles import Scope

from ..support import Caller, Json, Registry
from .test_roles import told

HERE, THERE = "340103009", "340103011"


def leave(substitute: Caller, first: date, last: date, **changed: Any) -> Json:
    return {
        "substitute_id": str(substitute.id),
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
        "reason": "年休假",
    } | changed


async def hand_over(giver: Caller, body: Json) -> Json:
    answer = await giver.post("/substitutions", json=body)
    assert answer.status_code == 201, answer.text
    given: Json = answer.json()
    return given


async def reads(caller: Caller, area: str) -> int:
    return (await caller.get("/persons", params={"area": area})).status_code


@pytest.fixture
async def today(registry: Registry) -> date:
    return registry.runtime.clock.today()


async def test_duties_are_held_from_the_first_day_to_the_last_and_no_longer(fresh_registry: Registry) -> None:
    registry, today = fresh_registry, fresh_registry.runtime.clock.today()
    absent = await registry.staff("subdistrict_clerk", HERE)
    helper = await registry.staff("statistician", THERE)
    first, last = today + timedelta(days=3), today + timedelta(days=9)
    given = await hand_over(absent, leave(helper, first, last))
    assert (given["holder_id"], given["state"], given["duties"]) == (str(absent.id), "to_come", None)
    assert given["substitute_name"] == f"工作人员 {helper.username}"
    seen = []
    for day in (first - timedelta(days=1), first, last, last + timedelta(days=1)):
        registry.set_today(day)
        seen.append(await reads(helper, HERE))
    assert seen == [403, 200, 200, 403]
    own, acted = (await told(registry, helper.id))[-1]["assignments"]
    assert (own["role"], own["acting_for"]) == ("statistician", None)
    assert (acted["role"], acted["acting_for"]) == ("subdistrict_clerk", str(absent.id))
    assert acted["area"] == "340103009000"
    assert acted["valid_from"] is not None


async def test_the_account_says_whose_duty_is_exercised(registry: Registry, today: date) -> None:
    absent, helper = [await registry.staff("subdistrict_clerk", area) for area in (HERE, THERE)]
    await hand_over(absent, leave(helper, today, today))
    me = (await helper.get("/auth/me")).json()
    assert [each["area"] for each in me["assignments"]] == [THERE]
    (duty,) = me["duties"]
    assert (duty["role"], duty["area"], duty["acting_for"]) == ("subdistrict_clerk", HERE, str(absent.id))
    assert (duty["acting_for_name"], duty["valid_to"]) == (f"工作人员 {absent.username}", today.isoformat())
    registry.runtime.identity.forget(helper.id)
    access = await registry.runtime.identity.access(f"Bearer {helper.token}", Scope.RESIDENT_READ)
    assert access.acting_for(340103009001) == absent.id
    assert access.acting_for(340103011001) is None


async def test_some_duties_are_handed_over_and_the_others_stay(registry: Registry, today: date) -> None:
    absent = await registry.staff("subdistrict_clerk", HERE, "statistician", "340103")
    helper = await registry.staff("community_worker", "340103011001")
    duties = [{"role": "subdistrict_clerk", "area": HERE}]
    given = await hand_over(absent, leave(helper, today, today + timedelta(days=5), duties=duties))
    assert given["duties"] == duties
    scopes = (await helper.get("/auth/me")).json()["scopes"]
    assert "certificate:issue" in scopes
    assert "figure:manage" not in scopes
    wrong = leave(helper, today, today, duties=[{"role": "subdistrict_clerk", "area": THERE}])
    assert (await absent.post("/substitutions", json=wrong)).json()["errors"][0]["code"] == "duty_unknown"


async def test_it_ends_early_for_either_of_them_and_for_an_administrator(
    registry: Registry, today: date
) -> None:
    absent, helper, stranger = [
        await registry.staff("subdistrict_clerk", area) for area in (HERE, THERE, HERE)
    ]
    for who in (absent, helper, registry.administrator):
        given = await hand_over(absent, leave(helper, today, today + timedelta(days=30)))
        path = f"/substitutions/{given['id']}"
        assert (await stranger.get(path)).status_code == 404
        assert (await stranger.request("POST", f"{path}/end", headers={"If-Match": '"1"'})).status_code == 404
        assert (await who.request("POST", f"{path}/end")).status_code == 428
        ended = await who.request("POST", f"{path}/end", headers={"If-Match": '"1"'})
        assert (ended.status_code, ended.json()["state"], ended.json()["ended_by"]) == (
            200,
            "ended",
            str(who.id),
        )
        assert len((await told(registry, helper.id))[-1]["assignments"]) == 1
        again = await who.request("POST", f"{path}/end", headers={"If-Match": '"2"'})
        assert (again.status_code, again.json()["code"]) == (409, "substitution_ended")
    listed = (await helper.get("/substitutions", params={"ended": True})).json()["items"]
    assert [each["state"] for each in listed] == ["ended"] * 3
    assert (await helper.get("/substitutions")).json()["items"] == []
    assert (await stranger.get("/substitutions", params={"ended": True})).json()["items"] == []


async def test_an_administrator_hands_over_for_somebody_who_is_ill_a_colleague_does_not(
    registry: Registry, today: date
) -> None:
    absent, helper = [await registry.staff("subdistrict_clerk", area) for area in (HERE, THERE)]
    body = leave(helper, today, today, holder_id=str(absent.id), reason="病假")
    answer = await helper.post("/substitutions", json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_own_duties")
    given = await hand_over(registry.administrator, body)
    assert (given["holder_id"], given["given_by"]) == (str(absent.id), str(registry.administrator.id))


async def test_the_administrators_own_rights_and_the_auditors_are_never_handed_over(
    registry: Registry, today: date
) -> None:
    helper = await registry.staff("subdistrict_clerk", HERE)
    body = leave(helper, today, today)
    answer = await registry.administrator.post("/substitutions", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_hand_over")
    named = body | {"duties": [{"role": "administrator", "area": "340103"}]}
    answer = await registry.administrator.post("/substitutions", json=named)
    assert answer.json()["errors"][0]["code"] == "duty_not_transferable"
    assert "staff:manage" not in (await helper.get("/auth/me")).json()["scopes"]


async def test_what_nobody_may_hold_together_is_not_brought_together_by_a_substitution(
    registry: Registry, today: date
) -> None:
    absent, auditor = (
        await registry.staff("subdistrict_clerk", HERE),
        await registry.staff("auditor", "340103"),
    )
    answer = await absent.post("/substitutions", json=leave(auditor, today, today))
    assert (answer.status_code, answer.json()["code"]) == (422, "scopes_apart")
    helper = await registry.staff("community_worker", "340103011001")
    await hand_over(absent, leave(helper, today, today))
    body = {"assignments": [{"role": "auditor", "area": "340103"}]}
    answer = await registry.administrator.patch(f"/staff/{helper.id}", version=2, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "scopes_apart")


async def test_what_was_held_for_another_and_is_over_keeps_nobody_from_a_role(
    fresh_registry: Registry,
) -> None:
    registry, today = fresh_registry, fresh_registry.runtime.clock.today()
    absent = await registry.staff("subdistrict_clerk", HERE)
    helper = await registry.staff("subdistrict_clerk", THERE)
    await hand_over(absent, leave(helper, today, today))
    registry.set_today(today + timedelta(days=2))
    body = {"assignments": [{"role": "auditor", "area": "340103"}]}
    answer = await registry.administrator.patch(f"/staff/{helper.id}", version=2, json=body)
    assert (answer.status_code, answer.json()["assignments"][0]["role"]) == (200, "auditor")


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [(-1, 3, "day_past"), (3, 2, "days_reversed"), (0, 400, "substitution_too_long")],
)
async def test_days_that_make_no_sense_are_refused(
    registry: Registry, today: date, first: int, last: int, code: str
) -> None:
    absent, helper = [await registry.staff("subdistrict_clerk", area) for area in (HERE, THERE)]
    body = leave(helper, today + timedelta(days=first), today + timedelta(days=last))
    answer = await absent.post("/substitutions", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)
    own = await absent.post("/substitutions", json=leave(absent, today, today))
    assert own.json()["errors"][0]["code"] == "own_substitute"
    nobody = leave(helper, today, today) | {"substitute_id": str(UUID(int=uuid4().int))}
    assert (await absent.post("/substitutions", json=nobody)).status_code == 404


async def test_a_leavers_duties_end_at_once_and_nobody_exercises_them_any_more(
    registry: Registry, today: date
) -> None:
    leaver, helper = (
        await registry.staff("subdistrict_clerk", HERE),
        await registry.staff("auditor", "340103"),
    )
    clerk = await registry.staff("statistician", "340103")
    await hand_over(leaver, leave(clerk, today, today + timedelta(days=5)))
    assert [await reads(each, HERE) for each in (leaver, clerk)] == [200, 200]
    closed = await registry.administrator.patch(f"/staff/{leaver.id}", version=2, json={"active": False})
    assert closed.status_code == 200
    closed_at = monotonic()
    while [await reads(each, HERE) for each in (leaver, clerk)] != [401, 403]:
        assert monotonic() < closed_at + 1.2  # sessions and rights are looked up every second
        await asyncio.sleep(0.05)
    assert (await told(registry, leaver.id))[-1]["active"] is False
    assert [each["role"] for each in (await told(registry, clerk.id))[-1]["assignments"]] == ["statistician"]
    assert (await registry.sign_in(leaver.username, "a phrase of one's own")).status_code == 401
    given = await registry.administrator.patch(
        f"/staff/{leaver.id}",
        version=3,
        json={"assignments": [{"role": "statistician", "area": "340103"}]},
    )
    assert (given.status_code, given.json()["code"]) == (409, "account_closed")
    to_closed = await registry.administrator.post(
        "/substitutions", json=leave(leaver, today, today, holder_id=str(clerk.id))
    )
    assert (to_closed.status_code, to_closed.json()["code"]) == (409, "account_closed")
    assert (await helper.get("/auth/me")).status_code == 200


async def test_a_changed_duty_reaches_who_exercises_it(registry: Registry, today: date) -> None:
    absent = await registry.staff("subdistrict_clerk", HERE)
    helper = await registry.staff("statistician", "340103")
    await hand_over(absent, leave(helper, today, today))
    body = {"assignments": [{"role": "subdistrict_clerk", "area": THERE}]}
    assert (
        await registry.administrator.patch(f"/staff/{absent.id}", version=2, json=body)
    ).status_code == 200
    assert (await told(registry, helper.id))[-1]["assignments"][1]["area"] == "340103011000"
    registry.runtime.identity.forget(helper.id)
    assert await reads(helper, THERE) == 200
