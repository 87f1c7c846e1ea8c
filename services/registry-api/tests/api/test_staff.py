"""Staff accounts: who may manage them, what is refused, what the other services are told."""

from typing import Any
from uuid import uuid4

import pytest

from renkou_common.scope import AreaScope

from ..support import Json, Registry


def account(name: str, *assignments: tuple[str, str], **changed: Any) -> Json:
    pairs = [{"role": role, "area": area} for role, area in assignments]
    return {
        "username": name,
        "display_name": "办事员",
        "password": "given once by the office",
        "assignments": pairs,
    } | changed


async def feed(registry: Registry) -> list[tuple[str, str, str]]:
    """The events in the outbox, oldest first (no relay runs here)."""
    async with registry.runtime.database.transaction(AreaScope.nothing()) as tx:
        rows = await tx.fetch("SELECT type, subject, body FROM outbox ORDER BY position")
    return [(row["type"], row["subject"], row["body"]) for row in rows]


async def test_an_account_is_created_read_listed_and_changed(registry: Registry) -> None:
    created = await registry.administrator.post(
        "/staff", json=account("li.na", ("subdistrict_clerk", "340103009"), ("statistician", "340103"))
    )
    assert created.status_code == 201
    assert created.headers["ETag"] == '"1"'
    record = created.json()
    assert record["assignments"] == [
        {"role": "statistician", "area": "340103", "valid_from": None, "valid_to": None},
        {"role": "subdistrict_clerk", "area": "340103009", "valid_from": None, "valid_to": None},
    ]
    assert "argon2" not in created.text
    assert "given once" not in created.text
    read = await registry.administrator.get(created.headers["Location"])
    assert read.json() == record
    changed = await registry.administrator.patch(
        f"/staff/{record['id']}", version=1, json={"display_name": "李娜", "assignments": []}
    )
    assert (changed.json()["display_name"], changed.json()["assignments"]) == ("李娜", [])
    assert changed.headers["ETag"] == '"2"'


async def test_accounts_are_listed_page_by_page(registry: Registry) -> None:
    for n in range(3):
        await registry.administrator.post("/staff", json=account(f"paged.{n}"))
    names, after = [], None
    while True:
        page = (
            await registry.administrator.get(
                "/staff", params={"limit": 2} | ({"after": after} if after else {})
            )
        ).json()
        names += [each["username"] for each in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert names == sorted(set(names))
    assert {"paged.0", "paged.1", "paged.2", "administrator"} <= set(names)


@pytest.mark.parametrize(
    "role", ["subdistrict_clerk", "community_worker", "statistician", "auditor", "service_station"]
)
async def test_only_administrators_manage_accounts(registry: Registry, role: str) -> None:
    caller = await registry.staff(role, "340103")
    for answer in (
        await caller.get("/staff"),
        await caller.get(f"/staff/{caller.id}"),
        await caller.post("/staff", json=account("never.made")),
        await caller.patch(f"/staff/{caller.id}", version=1, json={"active": False}),
    ):
        assert answer.status_code == 403


@pytest.mark.parametrize(
    ("role", "area", "code"),
    [
        ("subdistrict_clerk", "310115", "area_outside_district"),
        ("subdistrict_clerk", "3401", "area_outside_district"),
        ("subdistrict_clerk", "34010", "area_code_length"),
        ("administrator", "340103009", "administrator_area"),
        ("auditor", "340103009", "auditor_area"),
    ],
)
async def test_areas_lie_in_the_district(registry: Registry, role: str, area: str, code: str) -> None:
    answer = await registry.administrator.post("/staff", json=account("never.made", (role, area)))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == code
    assert answer.json()["errors"][0]["pointer"] == "/assignments/0/area"


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": "No Spaces"},
        {"password": "short"},
        {"display_name": " "},
        {"salary": 1},
        {"assignments": [{"role": "king", "area": "340103"}]},
    ],
)
async def test_what_is_not_an_account_is_refused(registry: Registry, wrong: Json) -> None:
    answer = await registry.administrator.post("/staff", json=account("never.made", **wrong))
    assert answer.status_code == 422


async def test_the_same_creation_twice_makes_one_account(registry: Registry) -> None:
    body = account("made.once")
    first = await registry.administrator.post("/staff", json=body, key="the-same-key")
    again = await registry.administrator.post("/staff", json=body, key="the-same-key")
    assert first.json()["id"] == again.json()["id"]
    other = await registry.administrator.post("/staff", json=account("other.body"), key="the-same-key")
    assert other.status_code == 409
    taken = await registry.administrator.post("/staff", json=body)
    assert (taken.status_code, taken.json()["code"]) == (409, "username_taken")


async def test_a_change_needs_the_version_that_was_read(registry: Registry) -> None:
    record = (await registry.administrator.post("/staff", json=account("twice.changed"))).json()
    path = f"/staff/{record['id']}"
    assert (await registry.administrator.patch(path, version=None, json={"active": False})).status_code == 428
    stale = await registry.administrator.patch(path, version=7, json={"active": False})
    assert (stale.status_code, stale.headers["ETag"]) == (412, '"1"')
    unknown = await registry.administrator.patch(f"/staff/{uuid4()}", version=1, json={"active": False})
    assert unknown.status_code == 404


async def test_the_last_active_administrator_stays(fresh_registry: Registry) -> None:
    administrator = fresh_registry.administrator
    path = f"/staff/{administrator.id}"
    changes: list[Json] = [{"active": False}, {"assignments": []}]
    for change in changes:
        answer = await administrator.patch(path, version=2, json=change)
        assert (answer.status_code, answer.json()["code"]) == (409, "last_administrator")
    second = await fresh_registry.staff("administrator", "340103")
    assert (await second.patch(path, version=2, json={"active": False})).status_code == 200


async def test_the_other_services_are_told_of_every_change(registry: Registry) -> None:
    record = (
        await registry.administrator.post("/staff", json=account("told.about", ("statistician", "340103009")))
    ).json()
    await registry.administrator.patch(f"/staff/{record['id']}", version=1, json={"active": False})
    events = [each for each in await feed(registry) if each[1] == record["id"]]
    assert [kind for kind, _, _ in events] == ["registry.staff.changed.v1"] * 2
    assert '"active":true' in events[0][2]
    assert '"active":false' in events[1][2]
    assert (
        '{"role":"statistician","area":"340103009000","area_high":"340103009999","scopes":["area:read",'
        in events[0][2]
    )
    assert "told.about" not in events[0][2]
