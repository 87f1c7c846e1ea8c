"""Four eyes: who gives others power over accounts, or over the log, does not do it alone."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

from renkou_common.scope import AreaScope

from ..support import CHOSEN, ONE_TIME, Caller, Json, Registry
from .test_roles import role
from .test_staff import account
from .test_substitution import leave


async def asked(registry: Registry, role_code: str) -> Json:
    """An account that is to get a role: its record, the role still waiting."""
    body = account(f"to.be.{uuid4().hex[:8]}", (role_code, "340103"))
    answer = await registry.administrator.post("/staff", json=body)
    assert answer.status_code == 201, answer.text
    record: Json = answer.json()
    return record


async def decide(caller: Caller, approval: str, way: str = "approval", version: int = 1) -> Any:
    return await caller.request(
        "POST",
        f"/approvals/{approval}/{way}",
        headers={"If-Match": f'"{version}"'},
        json=None if way == "withdrawal" else {"remark": "已核实, 同意"},
    )


async def change(by: Caller, of: Caller, **wanted: Any) -> Any:
    """Change an account as it is now."""
    version = (await by.get(f"/staff/{of.id}")).json()["version"]
    return await by.patch(f"/staff/{of.id}", version=version, json=wanted)


async def test_an_only_administrator_is_not_locked_out_and_it_is_written_down(
    fresh_registry: Registry,
) -> None:
    administrator = fresh_registry.administrator
    second = await asked(fresh_registry, "administrator")
    assert [each["role"] for each in second["assignments"]] == ["administrator"]
    assert second["awaiting_approval"] == []
    (one,) = (await administrator.get("/approvals", params={"closed": True})).json()["items"]
    assert (one["state"], one["decided_by"], one["subject_id"]) == (
        "executed",
        str(administrator.id),
        second["id"],
    )
    assert "nobody else" in one["remark"]


async def test_the_auditor_agrees_where_there_is_one_administrator_only(fresh_registry: Registry) -> None:
    registry = fresh_registry
    auditor = await registry.staff("auditor", "340103")
    waiting = await asked(registry, "administrator")
    assert waiting["assignments"] == []
    (approval,) = waiting["awaiting_approval"]
    own = await decide(registry.administrator, approval)
    assert (own.status_code, own.json()["code"]) == (403, "approval_own")
    agreed = await decide(auditor, approval)
    assert (agreed.status_code, agreed.json()["state"]) == (200, "executed")
    again = await decide(auditor, approval, version=2)
    assert (again.status_code, again.json()["code"]) == (409, "approval_closed")
    path = f"/staff/{waiting['id']}"
    given = (await registry.administrator.get(path)).json()
    assert [each["role"] for each in given["assignments"]] == ["administrator"]
    assert given["awaiting_approval"] == []
    await registry.choose_password(given["username"], ONE_TIME, CHOSEN)
    second = await registry.caller(given["username"], CHOSEN)
    third = await asked(registry, "auditor")
    refused = await decide(auditor, third["awaiting_approval"][0])
    assert (refused.status_code, refused.json()["code"]) == (403, "approval_not_yours")
    assert (await decide(second, third["awaiting_approval"][0])).status_code == 200


async def test_ordinary_staff_need_no_second_person(registry: Registry) -> None:
    await registry.staff("auditor", "340103")
    record = await asked(registry, "subdistrict_clerk")
    assert record["awaiting_approval"] == []
    assert [each["role"] for each in record["assignments"]] == ["subdistrict_clerk"]


async def test_what_is_refused_withdrawn_or_too_old_is_never_done(fresh_registry: Registry) -> None:
    registry = fresh_registry
    auditor = await registry.staff("auditor", "340103")
    one, other, old = [await asked(registry, "administrator") for _ in range(3)]
    assert (await decide(auditor, one["awaiting_approval"][0], "refusal")).json()["state"] == "refused"
    foreign = await decide(auditor, other["awaiting_approval"][0], "withdrawal")
    assert foreign.status_code == 403
    back = await decide(registry.administrator, other["awaiting_approval"][0], "withdrawal")
    assert back.json()["state"] == "withdrawn"
    registry.set_now(registry.runtime.clock.now() + timedelta(days=7, minutes=1))
    late = await decide(auditor, old["awaiting_approval"][0])
    assert (late.status_code, late.json()["code"]) == (409, "approval_closed")
    for each in (one, other, old):
        record = (await registry.administrator.get(f"/staff/{each['id']}")).json()
        assert (record["assignments"], record["awaiting_approval"]) == ([], [])


async def test_of_an_approval_a_refusal_and_a_withdrawal_at_once_one_alone_counts(
    fresh_registry: Registry,
) -> None:
    registry = fresh_registry
    auditor = await registry.staff("auditor", "340103")
    ways = {"approval": "executed", "refusal": "refused", "withdrawal": "withdrawn"}
    for asking in [await asked(registry, "administrator") for _ in range(4)]:
        (waiting,) = asking["awaiting_approval"]
        answers = await asyncio.gather(
            decide(auditor, waiting, "approval"),
            decide(auditor, waiting, "refusal"),
            decide(registry.administrator, waiting, "withdrawal"),
        )
        assert sorted(each.status_code for each in answers) == [200, 412, 412]
        ((way, won),) = [
            (way, each) for way, each in zip(ways, answers, strict=True) if each.status_code == 200
        ]
        kept = (await auditor.get(f"/approvals/{waiting}")).json()
        assert won.json()["state"] == kept["state"] == ways[way]
        assert kept["version"] == 2
        record = (await registry.administrator.get(f"/staff/{asking['id']}")).json()
        given = [each["role"] for each in record["assignments"]]
        assert (given, record["awaiting_approval"]) == (["administrator"] if way == "approval" else [], [])


async def test_a_guarded_role_added_to_an_account_waits_while_the_rest_is_given(registry: Registry) -> None:
    guard = await registry.staff("auditor", "340103")
    clerk = await registry.staff("subdistrict_clerk", "340103009")
    wanted = [{"role": "statistician", "area": "340103"}, {"role": "administrator", "area": "340103"}]
    answer = await registry.administrator.patch(f"/staff/{clerk.id}", version=2, json={"assignments": wanted})
    assert [each["role"] for each in answer.json()["assignments"]] == ["statistician"]
    (approval,) = answer.json()["awaiting_approval"]
    read = await guard.get(f"/approvals/{approval}")
    assert read.json()["wanted"]["assignments"][0]["role"] == "administrator"
    assert (await clerk.get("/approvals")).status_code == 403


async def test_a_role_that_audits_is_changed_by_two(registry: Registry) -> None:
    await registry.staff("auditor", "340103")
    body = role(scopes=["area:read", "reading:audit"])
    await registry.administrator.post("/roles", json=body)
    path = f"/roles/{body['code']}"
    wanted = {"scopes": ["area:read", "reading:audit", "figure:read"]}
    answer = await registry.administrator.patch(path, version=1, json=wanted)
    assert (answer.status_code, answer.json()["scopes"]) == (200, ["area:read", "reading:audit"])
    (approval,) = answer.json()["awaiting_approval"]
    await registry._approve(approval)
    changed = (await registry.administrator.get(path)).json()
    assert (set(changed["scopes"]), changed["awaiting_approval"]) == (set(wanted["scopes"]), [])


async def test_whose_password_the_asker_has_reset_is_no_second_person(fresh_registry: Registry) -> None:
    registry = fresh_registry
    auditor = await registry.staff("auditor", "340103")
    second = await registry.staff("administrator", "340103")
    known = "known to the one who asks"
    reset = await change(registry.administrator, second, password=known)
    assert reset.status_code == 200
    (waiting,) = (await asked(registry, "administrator"))["awaiting_approval"]
    await registry.choose_password(second.username, known, f"{known}, too")
    puppet = await registry.caller(second.username, f"{known}, too")
    refused = await decide(puppet, waiting)
    assert (refused.status_code, refused.json()["code"]) == (403, "approval_not_yours")
    assert (await decide(auditor, waiting)).json()["state"] == "executed"


async def test_nobody_acts_alone_after_putting_the_others_out_of_the_way(fresh_registry: Registry) -> None:
    registry = fresh_registry
    auditor, second = [await registry.staff(each, "340103") for each in ("auditor", "administrator")]
    closed = await change(registry.administrator, auditor, active=False)
    stripped = await change(registry.administrator, second, assignments=[])
    assert (closed.status_code, stripped.status_code) == (200, 200)
    waiting = await asked(registry, "administrator")
    assert (waiting["assignments"], len(waiting["awaiting_approval"])) == ([], 1)
    async with registry.runtime.database.transaction(AreaScope.nothing()) as tx:
        await tx.execute("UPDATE staff_account SET updated_at = updated_at - interval '8 days'")
    later = await asked(registry, "administrator")
    assert ([each["role"] for each in later["assignments"]], later["awaiting_approval"]) == (
        ["administrator"],
        [],
    )


async def test_days_that_would_leave_no_administrator_are_not_given_by_two_either(
    fresh_registry: Registry,
) -> None:
    registry = fresh_registry
    auditor = await registry.staff("auditor", "340103")
    soon = (registry.runtime.clock.today() + timedelta(days=3)).isoformat()
    second = await registry.staff("administrator", "340103")
    limited = [{"role": "administrator", "area": "340103", "valid_to": soon}]
    own = await change(second, second, assignments=limited)
    agreed = await decide(registry.administrator, own.json()["awaiting_approval"][0])
    assert agreed.status_code == 200
    other = await change(second, registry.administrator, assignments=limited)
    (about_the_other,) = other.json()["awaiting_approval"]
    last = await decide(auditor, about_the_other)
    assert (last.status_code, last.json()["code"]) == (409, "last_administrator")


async def test_nobody_gives_themselves_rights_over_people(registry: Registry) -> None:
    """By no way: a role of their own, a colleague's duties, or more scopes in a role that they have."""
    await registry.staff("auditor", "340103")
    administrator = await registry.staff("administrator", "340103")
    clerk = await registry.staff("subdistrict_clerk", "340103009")
    both = [{"role": each, "area": "340103"} for each in ("administrator", "subdistrict_clerk")]
    given = (await change(administrator, administrator, assignments=both)).json()
    assert [each["role"] for each in given["assignments"]] == ["administrator"]
    assert len(given["awaiting_approval"]) == 1
    today = registry.runtime.clock.today()
    duties = leave(administrator, today, today, holder_id=str(clerk.id))
    refused = await administrator.post("/substitutions", json=duties)
    assert (refused.status_code, refused.json()["code"]) == (403, "own_advantage")
    body = role(scopes=["area:read"])
    await administrator.post("/roles", json=body)
    own = [{"role": each, "area": "340103"} for each in ("administrator", body["code"])]
    assert (await change(registry.administrator, administrator, assignments=own)).status_code == 200
    path, more = f"/roles/{body['code']}", {"scopes": ["area:read", "resident:read"]}
    extended = await administrator.patch(path, version=1, json=more)
    assert (extended.json()["scopes"], len(extended.json()["awaiting_approval"])) == (["area:read"], 1)
    assert "resident:read" not in (await administrator.get("/auth/me")).json()["scopes"]
    by_another = await registry.administrator.patch(path, version=1, json=more)
    assert by_another.json()["scopes"] == ["area:read", "resident:read"]
