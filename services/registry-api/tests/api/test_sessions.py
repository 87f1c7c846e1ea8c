"""Sign-in sessions: renewed by tokens that work once, listed, ended; and the record of sign-ins."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from renkou_common.scope import AreaScope

from ..support import CHOSEN, ONE_TIME, Caller, Json, Registry
from .me.test_own_account import activate, opened


async def signed_in(registry: Registry, member: Caller) -> Json:
    answer = await registry.sign_in(member.username, CHOSEN)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def refresh(registry: Registry, token: str, attempt: str | None = None) -> httpx.Response:
    headers = {"Idempotency-Key": attempt} if attempt else {}
    return await registry.client.post("/auth/refresh", json={"refresh_token": token}, headers=headers)


async def reads(registry: Registry, answer: Json) -> int:
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    return (await registry.client.get("/areas/340103", headers=headers)).status_code


async def outcomes(registry: Registry, subject: UUID | str) -> list[str]:
    auditor = await registry.staff("auditor", "340103")
    page = (await auditor.get("/auth/events", params={"subject": str(subject)})).json()
    return [each["outcome"] for each in page["items"]]


async def changed(registry: Registry, sql: str, *arguments: Any) -> None:
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        await tx.execute(sql, *arguments)


async def test_a_sign_in_is_renewed_and_each_refresh_token_works_once(registry: Registry) -> None:
    member = await registry.staff("auditor", "340103")
    first = await signed_in(registry, member)
    assert first["expires_in"] == 900
    second = (await refresh(registry, first["refresh_token"])).json()
    assert second["session_id"] == first["session_id"]
    assert second["refresh_token"] != first["refresh_token"]
    assert await reads(registry, second) == 200
    assert await reads(registry, first) == 200


async def test_a_refresh_token_used_twice_ends_the_session_for_thief_and_holder(registry: Registry) -> None:
    member = await registry.staff("auditor", "340103")
    other = await signed_in(registry, member)
    first = await signed_in(registry, member)
    second = (await refresh(registry, first["refresh_token"])).json()
    third = (await refresh(registry, second["refresh_token"])).json()
    replayed = await refresh(registry, first["refresh_token"])
    assert (replayed.status_code, replayed.json()["code"]) == (401, "token_invalid")
    for token in (second["refresh_token"], third["refresh_token"], "x" * 43):
        answer = await refresh(registry, token)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
        assert answer.json()["detail"] == replayed.json()["detail"]
    registry.runtime.sessions.forget(UUID(first["session_id"]))
    assert [await reads(registry, each) for each in (third, other)] == [401, 200]
    assert (await outcomes(registry, member.id))[:2] == ["session_ended", "refresh_reused"]


async def test_of_two_at_once_one_is_the_thief(registry: Registry) -> None:
    first = await signed_in(registry, await registry.staff("auditor", "340103"))
    answers = await asyncio.gather(*(refresh(registry, first["refresh_token"]) for _ in range(6)))
    assert sorted(each.status_code for each in answers) == [200, 401, 401, 401, 401, 401]
    winner = next(each.json() for each in answers if each.status_code == 200)
    assert (await refresh(registry, winner["refresh_token"])).status_code == 401


async def test_the_same_attempt_is_answered_again_while_its_answer_was_not_used(registry: Registry) -> None:
    first = await signed_in(registry, await registry.staff("auditor", "340103"))
    attempt = str(uuid4())
    lost = (await refresh(registry, first["refresh_token"], attempt)).json()
    again = await refresh(registry, first["refresh_token"], attempt)
    assert again.status_code == 200
    assert (await refresh(registry, again.json()["refresh_token"])).status_code == 200
    assert (
        await refresh(registry, lost["refresh_token"])
    ).status_code == 401  # so whoever has the lost one is found
    assert (await refresh(registry, again.json()["refresh_token"])).status_code == 401


@pytest.mark.parametrize("second", ["another attempt of somebody", None])
async def test_another_attempt_is_a_reuse_however_soon(registry: Registry, second: str | None) -> None:
    first = await signed_in(registry, await registry.staff("auditor", "340103"))
    answered = (await refresh(registry, first["refresh_token"], str(uuid4()))).json()
    assert (await refresh(registry, first["refresh_token"], second)).status_code == 401
    assert (await refresh(registry, answered["refresh_token"])).status_code == 401


async def test_the_same_attempt_after_its_answer_was_used_or_too_late_is_a_reuse(registry: Registry) -> None:
    for late in (False, True):
        first = await signed_in(registry, await registry.staff("auditor", "340103"))
        attempt = str(uuid4())
        answered = (await refresh(registry, first["refresh_token"], attempt)).json()
        if late:
            past = "UPDATE refresh_token SET used_at = used_at - interval '61 seconds' WHERE session_id = $1"
            await changed(registry, past, UUID(first["session_id"]))
        else:
            assert (await refresh(registry, answered["refresh_token"])).status_code == 200
        assert (await refresh(registry, first["refresh_token"], attempt)).status_code == 401


@pytest.mark.parametrize(
    "past",
    [
        "UPDATE sign_in_session SET last_used_at = last_used_at - interval '61 minutes' WHERE id = $1",
        "UPDATE sign_in_session SET expires_at = clock_timestamp() - interval '1 second' WHERE id = $1",
    ],
    ids=["idle", "absolute"],
)
async def test_a_session_ends_by_itself(registry: Registry, past: str) -> None:
    member = await registry.staff("auditor", "340103")
    first = await signed_in(registry, member)
    await changed(registry, past, UUID(first["session_id"]))
    assert (await refresh(registry, first["refresh_token"])).status_code == 401
    listed = (await member.get("/auth/sessions")).json()["items"]
    assert first["session_id"] not in [each["id"] for each in listed]


async def test_an_access_token_ends_with_its_session_at_the_latest(registry: Registry) -> None:
    first = await signed_in(registry, await registry.staff("auditor", "340103"))
    soon = "UPDATE sign_in_session SET expires_at = clock_timestamp() + interval '100 seconds' WHERE id = $1"
    await changed(registry, soon, UUID(first["session_id"]))
    second = (await refresh(registry, first["refresh_token"])).json()
    assert 90 <= second["expires_in"] <= 100


async def test_sessions_are_listed_and_ended_one_by_one_or_all_others(registry: Registry) -> None:
    member = await registry.staff("auditor", "340103")
    browser = {"User-Agent": "Firefox\t" + "x" * 500}
    given = {"username": member.username, "password": CHOSEN}
    here = (await registry.client.post("/auth/token", json=given, headers=browser)).json()
    phone, desk = await signed_in(registry, member), await signed_in(registry, member)
    me = Caller(registry.client, member.id, member.username, here["access_token"])
    listed = (await me.get("/auth/sessions")).json()["items"]
    assert {each["id"] for each in listed} > {here["session_id"], phone["session_id"], desk["session_id"]}
    current = [each for each in listed if each["current"]]
    assert [(each["id"], each["agent"]) for each in current] == [(here["session_id"], "Firefox" + "x" * 193)]
    assert current[0]["address"] == "127.0.0.1"
    assert (await me.request("DELETE", f"/auth/sessions/{phone['session_id']}")).status_code == 204
    assert [await reads(registry, each) for each in (here, phone, desk)] == [200, 401, 200]
    assert (await me.request("DELETE", f"/auth/sessions/{phone['session_id']}")).status_code == 404
    assert (await me.request("DELETE", "/auth/sessions")).status_code == 204
    assert [await reads(registry, each) for each in (here, phone, desk)] == [200, 401, 401]
    assert (await refresh(registry, desk["refresh_token"])).status_code == 401
    assert (await me.request("DELETE", f"/auth/sessions/{here['session_id']}")).status_code == 204
    assert await reads(registry, here) == 401


async def test_nobody_ends_or_sees_the_session_of_another_but_the_administrator(registry: Registry) -> None:
    member, stranger = await registry.staff("auditor", "340103"), await registry.staff("auditor", "340103")
    theirs = await signed_in(registry, member)
    assert (await stranger.request("DELETE", f"/auth/sessions/{theirs['session_id']}")).status_code == 404
    assert (await stranger.get(f"/staff/{member.id}/sessions")).status_code == 403
    assert (await stranger.request("DELETE", f"/staff/{member.id}/sessions")).status_code == 403
    listed = (await registry.administrator.get(f"/staff/{member.id}/sessions")).json()["items"]
    assert theirs["session_id"] in [each["id"] for each in listed]
    for _ in range(2):
        ended = await registry.administrator.request("DELETE", f"/staff/{member.id}/sessions")
        assert ended.status_code == 204
    assert await reads(registry, theirs) == 401
    assert (await registry.administrator.get(f"/staff/{uuid4()}/sessions")).status_code == 404


async def test_a_leaver_and_a_new_one_time_password_end_every_session(registry: Registry) -> None:
    for patch in ({"active": False}, {"password": ONE_TIME + " again"}):
        member = await registry.staff("statistician", "340103")
        theirs = await signed_in(registry, member)
        answer = await registry.administrator.patch(f"/staff/{member.id}", version=2, json=patch)
        assert answer.status_code == 200
        assert await reads(registry, theirs) == 401
        assert (await refresh(registry, theirs["refresh_token"])).status_code == 401


async def test_a_changed_password_ends_the_other_sessions(registry: Registry) -> None:
    member = await registry.staff("auditor", "340103")
    here, there = await signed_in(registry, member), await signed_in(registry, member)
    body = {"current": CHOSEN, "new": "eight quiet horses"}
    headers = {"Authorization": f"Bearer {here['access_token']}"}
    assert (await registry.client.post("/auth/password", json=body, headers=headers)).status_code == 204
    assert [await reads(registry, each) for each in (here, there)] == [200, 401]


async def test_a_persons_sessions_are_renewed_and_end_with_the_account(registry: Registry) -> None:
    clerk = await registry.staff("community_worker", "340103")
    entered, account = await opened(registry, clerk)
    assert await activate(registry, account) == 204
    body = {"account": account["account"], "password": "a phrase of my own"}
    first = (await registry.client.post("/auth/token", json=body)).json()
    second = (await refresh(registry, first["refresh_token"])).json()
    me = Caller(registry.client, clerk.id, account["account"], second["access_token"])
    assert (await me.get("/me")).status_code == 200
    assert [each["current"] for each in (await me.get("/auth/sessions")).json()["items"]] == [True]
    assert (await clerk.post(f"/persons/{entered['id']}/account/closing")).status_code == 204
    assert (await me.get("/me")).status_code == 401
    assert (await refresh(registry, second["refresh_token"])).status_code == 401


async def test_an_ended_session_is_told_to_the_other_services(registry: Registry) -> None:
    member = await registry.staff("auditor", "340103")
    theirs = await signed_in(registry, member)
    me = Caller(registry.client, member.id, member.username, theirs["access_token"])
    await me.request("DELETE", f"/auth/sessions/{theirs['session_id']}")
    async with registry.runtime.database.transaction(AreaScope.nothing()) as tx:
        told = await tx.fetchval(
            "SELECT count(*) FROM outbox WHERE type = 'registry.session.ended.v1' AND body LIKE $1",
            f"%{theirs['session_id']}%",
        )
    assert told == 1


async def test_the_auditor_reads_who_tried_what_and_nobody_can_change_it(registry: Registry) -> None:
    member = await registry.staff("community_worker", "340103001")
    for guess in range(6):
        await registry.sign_in(member.username, f"a wrong guess {guess}")
    await registry.sign_in("hunter2 in the wrong field", "x" * 20)
    expected = ["refused", "locked", "failed", "failed", "failed", "failed", "signed_in", "password_set"]
    assert await outcomes(registry, member.id) == [*expected, "first_sign_in"]
    auditor = await registry.staff("auditor", "340103")
    pages: list[Json] = []
    after = None
    while len(pages) < 3:
        page = (
            await auditor.get("/auth/events", params={"limit": 2} | ({"after": after} if after else {}))
        ).json()
        pages.append(page)
        after = page["next"]
    ids = [int(each["id"]) for page in pages for each in page["items"]]
    assert ids == sorted(set(ids), reverse=True)
    tried = (await auditor.get("/auth/events", params={"outcome": "failed", "limit": 200})).json()["items"]
    assert "hunter2" not in str(tried)
    assert any(each["subject"] is None and each["name"] is None for each in tried)
    assert {each["address"] for each in tried} == {"127.0.0.1"}
    assert (await member.get("/auth/events")).status_code == 403
    assert (await registry.administrator.get("/auth/events")).status_code == 403
    for change in ("UPDATE sign_in_event SET outcome = 'failed'", "DELETE FROM sign_in_event"):
        with pytest.raises(Exception, match=r"permission denied|append"):
            await changed(registry, change)
