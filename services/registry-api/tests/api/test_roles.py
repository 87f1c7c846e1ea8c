"""Roles as data: what the built-in ones bundle, how a district defines its own, whom a change reaches."""

import re
from datetime import timedelta
from uuid import uuid4

import orjson
import pytest

from renkou_common.identity.roles import ROLE_SCOPES, Role, Scope
from renkou_common.scope import AreaScope

from ..support import Caller, Json, Registry
from .test_staff import account


def role(**changed: object) -> Json:
    given = {
        "code": f"helper_{uuid4().hex[:8]}",
        "label_zh": "随访协理员",
        "label_en": "Visit assistant",
        "scopes": ["area:read", "resident:read", "visit:write"],
    }
    return given | changed


async def told(registry: Registry, staff_id: object) -> list[Json]:
    """What the feed says of an account, oldest first."""
    async with registry.runtime.database.transaction(AreaScope.nothing()) as tx:
        rows = await tx.fetch("SELECT body FROM outbox WHERE subject = $1 ORDER BY position", str(staff_id))
    return [orjson.loads(row["body"])["data"] for row in rows]


async def test_the_built_in_roles_are_there_with_the_scopes_of_the_program(registry: Registry) -> None:
    items = (await registry.administrator.get("/roles")).json()["items"]
    built_in = {each["code"]: set(each["scopes"]) for each in items if each["built_in"]}
    assert built_in == {code.value: set(ROLE_SCOPES[code]) for code in Role}
    answer = await registry.administrator.patch("/roles/auditor", version=1, json={"active": False})
    assert (answer.status_code, answer.json()["code"]) == (409, "role_built_in")


async def test_scopes_are_listed_in_plain_words_with_what_stays_apart(registry: Registry) -> None:
    items = (await registry.administrator.get("/scopes")).json()["items"]
    assert [each["scope"] for each in items] == [scope.value for scope in Scope]
    audit = next(each for each in items if each["scope"] == "reading:audit")
    assert {each["scope"] for each in audit["apart"]} == {"*", "staff:manage"}
    assert [each["scope"] for each in items if not each["assignable"]] == ["feed:read"]


async def test_a_districts_own_role_gives_its_scopes_and_nothing_else(registry: Registry) -> None:
    body = role(scopes=["area:read", "office:read"])
    created = await registry.administrator.post("/roles", json=body)
    assert (created.status_code, created.headers["ETag"]) == (201, '"1"')
    assert (await registry.administrator.get(created.headers["Location"])).json() == created.json()
    holder = await registry.staff(body["code"], "340103009")
    assert set((await holder.get("/auth/me")).json()["scopes"]) == {"area:read", "office:read"}
    assert (await holder.get("/employers", params={"area": "340103009"})).status_code == 200
    assert (await holder.get("/persons", params={"area": "340103009"})).status_code == 403


async def test_a_changed_role_reaches_its_holders_here_and_in_the_feed(registry: Registry) -> None:
    body = role(scopes=["area:read", "office:read"])
    created = (await registry.administrator.post("/roles", json=body)).json()
    holders = [await registry.staff(body["code"], area) for area in ("340103009", "340103001")]
    path = f"/roles/{body['code']}"
    changed = await registry.administrator.patch(path, version=1, json={"scopes": ["area:read", "card:read"]})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    for holder in holders:
        (one,) = (await told(registry, holder.id))[-1]["assignments"]
        assert (one["role"], one["scopes"]) == (body["code"], ["area:read", "card:read"])
        assert set((await holder.get("/auth/me")).json()["scopes"]) == {"area:read", "card:read"}
    stale = await registry.administrator.patch(path, version=1, json={"active": False})
    assert stale.status_code == 412
    assert [each["pointer"] for each in stale.json()["errors"]] == ["/scopes"]
    assert (await registry.administrator.patch(path, version=2, json={"active": False})).status_code == 200
    assert (await told(registry, holders[0].id))[-1]["assignments"][0]["scopes"] == []
    assert (await holders[0].get("/auth/me")).json()["scopes"] == []
    refused = await registry.administrator.post(
        "/staff", json=account("not.any.more", (body["code"], "340103"))
    )
    assert refused.json()["errors"][0]["code"] == "role_unknown"
    assert created["built_in"] is False


@pytest.mark.parametrize(
    ("scopes", "code"),
    [
        (["reading:audit", "area:read", "visit:write"], "scopes_apart"),
        (["reading:audit", "staff:manage"], "scopes_apart"),
        (["feed:read"], "scope_of_services"),
        ([], "scopes_empty"),
    ],
)
async def test_what_may_not_be_bundled_is_refused_in_both_languages(
    registry: Registry, scopes: list[str], code: str
) -> None:
    told = {}
    for language in ("zh", "en"):
        answer = await registry.administrator.post(
            "/roles", json=role(scopes=scopes), headers={"Accept-Language": language}
        )
        error = answer.json()["errors"][0]
        assert (answer.status_code, error["code"], error["pointer"]) == (422, code, "/scopes")
        told[language] = bool(re.search("[一-鿿]", error["detail"]))
    assert told == {"zh": True, "en": False}


async def test_rights_that_stay_apart_do_not_meet_in_one_hand_by_two_roles(registry: Registry) -> None:
    body = role(scopes=["area:read"])
    await registry.administrator.post("/roles", json=body)
    await registry.staff("auditor", "340103", body["code"], "340103009")
    answer = await registry.administrator.patch(
        f"/roles/{body['code']}", version=1, json={"scopes": ["area:read", "visit:write"]}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "scopes_apart")
    assert (await registry.administrator.get(f"/roles/{body['code']}")).json()["scopes"] == ["area:read"]
    third = account("never.made", ("auditor", "340103"), ("subdistrict_clerk", "340103009"))
    answer = await registry.administrator.post("/staff", json=third)
    assert (answer.status_code, answer.json()["code"]) == (422, "scopes_apart")


async def test_the_same_definition_twice_makes_one_role_and_a_code_is_given_once(registry: Registry) -> None:
    body = role()
    first = await registry.administrator.post("/roles", json=body, key="one-role-only")
    again = await registry.administrator.post("/roles", json=body, key="one-role-only")
    assert first.json()["id"] == again.json()["id"]
    taken = await registry.administrator.post("/roles", json=body)
    assert (taken.status_code, taken.json()["code"]) == (409, "role_code_taken")
    assert (await registry.administrator.post("/roles", json=role(scopes=["king:be"]))).status_code == 422


async def test_only_administrators_define_roles(registry: Registry) -> None:
    clerk = await registry.staff("subdistrict_clerk", "340103")
    assert (await clerk.post("/roles", json=role())).status_code == 403
    assert (await clerk.patch("/roles/auditor", version=1, json={"active": False})).status_code == 403
    assert (await clerk.get("/roles")).status_code == 200


async def test_an_assignment_holds_from_its_first_day_to_its_last(fresh_registry: Registry) -> None:
    registry = fresh_registry
    today = registry.runtime.clock.today()
    first, last = today + timedelta(days=10), today + timedelta(days=20)
    clerk: Caller = await registry.staff("subdistrict_clerk", "340103009")
    days = {"valid_from": first.isoformat(), "valid_to": last.isoformat()}
    changed = await registry.administrator.patch(
        f"/staff/{clerk.id}",
        version=2,
        json={"assignments": [{"role": "subdistrict_clerk", "area": "340103009", **days}]},
    )
    assert changed.json()["assignments"][0] == {"role": "subdistrict_clerk", "area": "340103009", **days}
    (one,) = (await told(registry, clerk.id))[-1]["assignments"]
    assert (one["valid_from"][:10], one["valid_to"][:10]) == (
        (first - timedelta(days=1)).isoformat() if one["valid_from"].endswith("Z") else first.isoformat(),
        last.isoformat() if one["valid_to"].endswith("Z") else (last + timedelta(days=1)).isoformat(),
    )
    seen = {}
    for day in (first - timedelta(days=1), first, last, last + timedelta(days=1)):
        registry.set_today(day)
        seen[day] = (await clerk.get("/persons", params={"area": "340103009"})).status_code
    assert list(seen.values()) == [403, 200, 200, 403]
    events = len(await told(registry, clerk.id))
    assert events == 2
    backwards = {"role": "auditor", "area": "340103", "valid_from": "2026-02-02", "valid_to": "2026-02-01"}
    answer = await registry.administrator.patch(
        f"/staff/{clerk.id}", version=3, json={"assignments": [backwards]}
    )
    assert answer.json()["errors"][0]["code"] == "days_reversed"


async def test_an_administrator_for_some_days_is_not_the_last_one(fresh_registry: Registry) -> None:
    administrator = fresh_registry.administrator
    soon = (fresh_registry.runtime.clock.today() + timedelta(days=3)).isoformat()
    limited = {"role": "administrator", "area": "340103", "valid_to": soon}
    answer = await administrator.patch(
        f"/staff/{administrator.id}", version=2, json={"assignments": [limited]}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "last_administrator")
