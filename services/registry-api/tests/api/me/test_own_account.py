"""A person's own account: opened by a worker, activated and used by the person, and by nobody else."""

import asyncio

import pytest

from renkou_common.scope import AreaScope
from renkou_registry.audit.domain import FIELDS
from renkou_registry.persons.reading import FACTS_FIELDS
from renkou_registry.persons.schemas import UnmaskField
from renkou_registry.prepregnancy.forms import Step
from renkou_registry.visits.routes import OUTCOME_FIELDS

from ...support import Caller, Json, Registry
from ..people.people import HERE, People

PASSWORD = "a phrase of my own"
WAITED_FOR = (
    "SELECT true FROM pg_locks WHERE NOT granted AND transactionid::text = pg_current_xact_id()::text"
)


async def opened(registry: Registry, clerk: Caller, **person: object) -> tuple[Json, Json]:
    """A person with an account that is not activated yet."""
    entered = await People(clerk, registry.runtime).enter(**person)
    answer = await clerk.post(f"/persons/{entered['id']}/account")
    assert answer.status_code == 201, answer.text
    return entered, answer.json()


async def activate(registry: Registry, account: Json, password: str = PASSWORD, **changes: str) -> int:
    body = {"account": account["account"], "code": account["code"], "password": password} | changes
    return (await registry.client.post("/public/accounts/activation", json=body)).status_code


async def sign_in(registry: Registry, account: Json, password: str = PASSWORD) -> Caller:
    body = {"account": account["account"], "password": password}
    answer = await registry.client.post("/auth/token", json=body)
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    return Caller(registry.client, registry.administrator.id, account["account"], token)


async def person(registry: Registry, **values: object) -> tuple[Json, Caller]:
    """A person, signed in."""
    clerk = await registry.staff("community_worker", HERE)
    entered, account = await opened(registry, clerk, **values)
    assert await activate(registry, account) == 204
    return entered, await sign_in(registry, account)


async def test_a_person_reads_the_own_record_masked_and_in_the_clear_on_request(registry: Registry) -> None:
    entered, me = await person(registry, phone="13800001234")
    masked = (await me.get("/me")).json()
    assert masked["id"] == entered["id"]
    assert masked["resident_id"] == entered["resident_id"]
    clear = (await me.get("/me", params={"clear": True})).json()
    assert len(clear["resident_id"]) == 18
    assert "*" not in clear["resident_id"]
    assert clear["phone"] == "13800001234"


async def test_a_code_opens_once_and_only_with_the_right_characters(registry: Registry) -> None:
    clerk = await registry.staff("community_worker", HERE)
    _, account = await opened(registry, clerk)
    assert await activate(registry, account, code="2222-2222-2222") == 401
    assert await activate(registry, account, code=account["code"].lower().replace("-", " ")) == 204
    assert await activate(registry, account) == 401


async def test_a_new_code_takes_the_place_of_the_first(registry: Registry) -> None:
    clerk = await registry.staff("community_worker", HERE)
    entered, first = await opened(registry, clerk)
    second = (await clerk.post(f"/persons/{entered['id']}/account")).json()
    assert second["account"] == first["account"]
    assert await activate(registry, first) == 401
    assert await activate(registry, second) == 204


async def test_many_attempts_at_accounts_leave_the_database_to_others(registry: Registry) -> None:
    clerk = await registry.staff("community_worker", HERE)
    _, account = await opened(registry, clerk)
    body = {"account": account["account"], "password": PASSWORD}
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        await tx.execute("SELECT FROM person_account WHERE account = $1 FOR UPDATE", account["account"])
        attempts = [asyncio.create_task(registry.client.post("/auth/token", json=body)) for _ in range(12)]
        async with asyncio.timeout(5):
            while not await tx.fetchval(WAITED_FOR):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            assert (await clerk.get("/auth/me")).status_code == 200
    assert {answer.status_code for answer in await asyncio.gather(*attempts)} == {401}


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa"])
async def test_a_weak_password_is_refused_with_its_field(registry: Registry, password: str) -> None:
    clerk = await registry.staff("community_worker", HERE)
    _, account = await opened(registry, clerk)
    body = {"account": account["account"], "code": account["code"], "password": password}
    answer = await registry.client.post("/public/accounts/activation", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/password"


async def test_guessing_locks_an_account_for_a_while(registry: Registry) -> None:
    clerk = await registry.staff("community_worker", HERE)
    _, account = await opened(registry, clerk)
    assert await activate(registry, account) == 204
    wrong = {"account": account["account"], "password": "not the phrase"}
    for _ in range(6):
        assert (await registry.client.post("/auth/token", json=wrong)).status_code == 401
    right = wrong | {"password": PASSWORD}
    assert (await registry.client.post("/auth/token", json=right)).status_code == 401


async def test_a_closed_account_ends_at_once(registry: Registry) -> None:
    clerk = await registry.staff("community_worker", HERE)
    entered, account = await opened(registry, clerk)
    await activate(registry, account)
    me = await sign_in(registry, account)
    assert (await clerk.post(f"/persons/{entered['id']}/account/closing")).status_code == 204
    assert (await me.get("/me")).status_code == 401
    body = {"account": account["account"], "password": PASSWORD}
    assert (await registry.client.post("/auth/token", json=body)).status_code == 401


async def test_an_account_that_is_opened_again_begins_with_its_code(registry: Registry) -> None:
    """It may have been closed because somebody else knew the password."""
    clerk = await registry.staff("community_worker", HERE)
    entered, account = await opened(registry, clerk)
    await activate(registry, account)
    assert (await clerk.post(f"/persons/{entered['id']}/account/closing")).status_code == 204
    again = (await clerk.post(f"/persons/{entered['id']}/account")).json()
    body = {"account": again["account"], "password": PASSWORD}
    assert (await registry.client.post("/auth/token", json=body)).status_code == 401
    assert await activate(registry, again, "another phrase of my own") == 204
    assert (await registry.client.post("/auth/token", json=body)).status_code == 401
    await sign_in(registry, again, "another phrase of my own")


async def test_a_person_may_do_nothing_that_staff_may(registry: Registry) -> None:
    entered, me = await person(registry)
    for path in (f"/persons/{entered['id']}", f"/persons?area={HERE}", "/staff", "/auth/me"):
        assert (await me.get(path)).status_code == 403, path


async def test_staff_have_no_own_record_here(registry: Registry) -> None:
    clerk = await registry.staff("community_worker", HERE)
    answer = await clerk.get("/me")
    assert (answer.status_code, answer.json()["code"]) == (403, "person_only")


async def test_a_worker_of_another_community_opens_no_account(registry: Registry) -> None:
    clerk = await registry.staff("community_worker", HERE)
    entered = await People(clerk, registry.runtime).enter()
    other = await registry.staff("community_worker", "340103002")
    assert (await other.post(f"/persons/{entered['id']}/account")).status_code == 404


async def test_consents_are_given_and_withdrawn_and_nothing_else_follows(registry: Registry) -> None:
    _, me = await person(registry)
    first = {each["purpose"]: each for each in (await me.get("/me/consents")).json()["items"]}
    assert not any(each["given"] for each in first.values())
    given = await me.request("PUT", "/me/consents/contact_by_phone", json={"given": True})
    assert next(e for e in given.json()["items"] if e["purpose"] == "contact_by_phone")["given"]
    again = await me.request("PUT", "/me/consents/contact_by_phone", json={"given": True})
    assert again.json() == given.json()
    taken_back = await me.request("PUT", "/me/consents/contact_by_phone", json={"given": False})
    last = next(e for e in taken_back.json()["items"] if e["purpose"] == "contact_by_phone")
    assert not last["given"]
    assert last["withdrawn_at"]
    assert (await me.request("PUT", "/me/consents/anything", json={"given": True})).status_code == 422
    unclear = await me.request("PUT", "/me/consents/contact_by_phone", json={"given": "yes"})
    assert unclear.json()["errors"][0]["pointer"] == "/given"


async def test_a_person_sees_who_read_the_record_and_what_for(registry: Registry) -> None:
    entered, me = await person(registry)
    clerk = await registry.staff("subdistrict_clerk", "340103")
    await clerk.get(f"/persons/{entered['id']}")
    await clerk.get(f"/persons/{entered['id']}/events")
    await clerk.post("/persons/search", json={"name": entered["name"], "area": HERE})
    await clerk.post(
        f"/persons/{entered['id']}/unmask",
        json={"fields": ["phone"], "purpose": "contact", "reason": "电话回访"},
    )
    shown = (await me.get("/me/readings", params={"limit": 200})).json()["items"]
    told = {(each["reader"], each["what"]) for each in shown}
    name = f"工作人员 {clerk.username}"
    assert told >= {(name, "record"), (name, "history"), (name, "unmask")}
    clear = next(each for each in shown if each["what"] == "unmask")
    assert (clear["purpose"], clear["fields"], clear["what_label"]) == (
        "电话回访",
        ["phone"],
        "明文查阅: 电话",
    )
    assert {tuple(each["fields"]) for each in shown if each["what"] != "unmask"} == {()}


async def test_a_person_sees_that_health_data_was_read_and_which(registry: Registry) -> None:
    entered, me = await person(registry)
    station = await registry.staff("service_station", "340103")
    given = {"kind": "examination", "given_on": "2025-06-02"}
    service = (await station.post(f"/persons/{entered['id']}/services", json=given)).json()
    path, seen = f"/services/{service['id']}/result", {"If-Match": f'"{service["version"]}"'}
    assert (await station.post(path, json={"result": "normal"}, headers=seen)).status_code == 200
    assert (await station.get(path, params={"purpose": "next_offer"})).status_code == 200
    shown = (await me.get("/me/readings")).json()["items"]
    told = [(each["what_label"], each["purpose"]) for each in shown if each["fields"]]
    assert told == [("明文查阅: 服务结果", "next_offer")]


def test_whatever_is_read_in_the_clear_has_plain_words() -> None:
    steps = {f"prepregnancy.{step}" for step in Step}
    names = {*FACTS_FIELDS, *OUTCOME_FIELDS, *UnmaskField, *steps}
    assert names | {"card_method", "card_expected_delivery", "account"} <= FIELDS.keys()


async def test_what_the_caller_was_refused_is_no_reading(registry: Registry) -> None:
    entered, me = await person(registry)
    stranger = await registry.staff("subdistrict_clerk", "340103009")
    assert (await stranger.get(f"/persons/{entered['id']}")).status_code == 404
    shown = (await me.get("/me/readings")).json()["items"]
    assert f"工作人员 {stranger.username}" not in {each["reader"] for each in shown}
