"""Signing in: first sign-in, wrong secrets, locks, service accounts, tokens."""

from datetime import UTC, datetime
from typing import Literal

import pytest
from argon2 import PasswordHasher
from joserfc.jwk import OKPKey

from renkou_common.identity.tokens import TokenIssuer
from renkou_common.scope import AreaScope
from renkou_registry.auth import passwords

from ..support import CHOSEN, Json, Registry


async def new_account(registry: Registry, username: str, password: str = "given once by the office") -> Json:
    body = {
        "username": username,
        "display_name": "新来的",
        "password": password,
        "assignments": [{"role": "statistician", "area": "340103"}],
    }
    answer = await registry.administrator.post("/staff", json=body)
    assert answer.status_code == 201, answer.text
    record: Json = answer.json()
    return record


async def test_a_first_sign_in_only_sets_the_password(registry: Registry) -> None:
    await new_account(registry, "first.comer")
    answer = await registry.sign_in("first.comer", "given once by the office")
    assert answer.json()["password_change_required"] is True
    setup = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    for path in ("/auth/me", "/areas/340103", "/staff"):
        assert (await registry.client.get(path, headers=setup)).status_code == 403
    changed = await registry.client.post(
        "/auth/password",
        json={"current": "given once by the office", "new": "eight quiet horses"},
        headers=setup,
    )
    assert changed.status_code == 204
    assert (await registry.sign_in("first.comer", "given once by the office")).status_code == 401
    caller = await registry.caller("first.comer", "eight quiet horses")
    assert (await caller.get("/areas/340103")).status_code == 200


@pytest.mark.parametrize(
    ("new", "code"),
    [
        ("too short", "string_too_short"),
        ("first.choice", "password_guessable"),
        ("FIRST.choice2026", "password_guessable"),
        ("aaaaaaaaaaaaaaaa", "password_guessable"),
        ("given once by the office", "password_unchanged"),
    ],
)
async def test_a_password_that_is_no_password_is_refused(registry: Registry, new: str, code: str) -> None:
    if (await registry.sign_in("first.choice", "given once by the office")).status_code != 200:
        await new_account(registry, "first.choice")
    token = (await registry.sign_in("first.choice", "given once by the office")).json()["access_token"]
    answer = await registry.client.post(
        "/auth/password",
        json={"current": "given once by the office", "new": new},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 422
    assert [each["code"] for each in answer.json()["errors"]] == [code]


async def test_wrong_name_wrong_password_and_locked_account_answer_alike(registry: Registry) -> None:
    await new_account(registry, "much.tried")
    answers = [await registry.sign_in("much.tried", f"a wrong guess {n}") for n in range(5)]
    answers.append(await registry.sign_in("much.tried", "given once by the office"))
    answers.append(await registry.sign_in("no.such.person", "given once by the office"))
    seen = {
        (a.status_code, a.json()["code"], a.json()["detail"], a.headers["WWW-Authenticate"]) for a in answers
    }
    assert len(seen) == 1
    assert answers[0].status_code == 401


async def test_whoever_tries_and_whatever_for_one_password_is_checked(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is not there, who has left and who is locked cost as much as who is there: time tells nothing."""
    checked: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            checked.append(str(hash))
            return super().verify(hash, password)

    there, gone, locked = [await registry.staff("community_worker", "340103009001") for _ in range(3)]
    leaver = await registry.administrator.get(f"/staff/{gone.id}")
    version = leaver.json()["version"]
    await registry.administrator.patch(f"/staff/{gone.id}", version=version, json={"active": False})
    for n in range(5):
        await registry.sign_in(locked.username, f"a wrong guess {n}")
    monkeypatch.setattr(passwords, "HASHER", Counting(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobody.cache_clear()
    for username in ("no.such.person", there.username, gone.username, locked.username):
        checked.clear()
        assert (await registry.sign_in(username, "not the phrase")).status_code == 401
        assert [each.rsplit("$", 2)[0] for each in checked] == ["$argon2id$v=19$m=8,t=1,p=1"], username
    passwords._nobody.cache_clear()


async def test_a_lock_ends_by_itself_and_grows(registry: Registry) -> None:
    account = await new_account(registry, "once.locked")
    for n in range(5):
        await registry.sign_in("once.locked", f"a wrong guess {n}")
    async with registry.runtime.database.transaction(AreaScope.nothing()) as tx:
        first = await tx.fetchval("SELECT locked_until FROM staff_account WHERE username = 'once.locked'")
        await tx.execute("UPDATE staff_account SET locked_until = now() WHERE username = 'once.locked'")
    await registry.sign_in("once.locked", "a sixth wrong guess")
    async with registry.runtime.database.transaction(AreaScope.nothing()) as tx:
        second = await tx.fetchval("SELECT locked_until FROM staff_account WHERE username = 'once.locked'")
        await tx.execute("UPDATE staff_account SET locked_until = now() WHERE username = 'once.locked'")
    assert second - first > first - datetime.now(UTC)
    assert (await registry.sign_in("once.locked", "given once by the office")).status_code == 200
    assert account["active"]


async def test_an_administrator_ends_a_lock_with_a_new_one_time_password(registry: Registry) -> None:
    account = await new_account(registry, "set.free")
    for n in range(6):
        await registry.sign_in("set.free", f"a wrong guess {n}")
    changed = await registry.administrator.patch(
        f"/staff/{account['id']}", version=1, json={"password": "another for one time"}
    )
    assert changed.status_code == 200
    answer = await registry.sign_in("set.free", "another for one time")
    assert answer.json()["password_change_required"] is True


async def test_a_change_of_password_under_way_does_not_undo_an_administrators(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = await registry.staff("community_worker", "340103001")

    async def meanwhile(password: str) -> str:
        monkeypatch.undo()
        record = (await registry.administrator.get(f"/staff/{member.id}")).json()
        given = {"password": "given by the office"}
        path = f"/staff/{member.id}"
        done = await registry.administrator.patch(path, version=record["version"], json=given)
        assert done.status_code == 200
        return await passwords.hash_password(password)

    monkeypatch.setattr("renkou_registry.auth.service.hash_password", meanwhile)
    body = {"current": CHOSEN, "new": "whoever knows the old one"}
    assert (await member.request("POST", "/auth/password", json=body)).status_code == 401
    assert (await registry.sign_in(member.username, "whoever knows the old one")).status_code == 401
    answer = await registry.sign_in(member.username, "given by the office")
    assert answer.json()["password_change_required"] is True


async def test_services_sign_in_with_their_secret_and_have_fixed_scopes(registry: Registry) -> None:
    migrant = await registry.service("migrant-api")
    me = (await migrant.get("/auth/me")).json()
    assert (me["kind"], me["scopes"]) == ("service", ["area:read", "feed:read", "resident:facts"])
    assert (await migrant.get("/staff")).status_code == 403
    wrong = {"client_id": "migrant-api", "client_secret": "guessed"}
    assert (await registry.client.post("/auth/token", json=wrong)).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": "administrator"},
        {"username": "administrator", "client_secret": "x"},
        {"username": "a", "password": "b", "client_id": "c", "client_secret": "d"},
        {"username": "a", "password": "b", "remember_me": True},
    ],
)
async def test_half_credentials_are_invalid(registry: Registry, body: Json) -> None:
    assert (await registry.client.post("/auth/token", json=body)).status_code == 422


@pytest.mark.parametrize(
    "path", ["/auth/me", "/staff", "/areas/340103", "/feeds/registry", "/imports/template.xlsx"]
)
async def test_without_a_good_token_there_is_nothing(registry: Registry, path: str) -> None:
    stranger = TokenIssuer(OKPKey.generate_key("Ed25519", private=True), "renkou:340103")
    forged = stranger.issue(registry.administrator.id, "staff", "administrator")
    for headers in ({}, {"Authorization": "Bearer x.y.z"}, {"Authorization": f"Bearer {forged}"}):
        answer = await registry.client.get(path, headers=headers)
        assert answer.status_code == 401, headers
        assert answer.headers["content-type"] == "application/problem+json"


async def test_the_public_keys_check_tokens(registry: Registry) -> None:
    keys = (await registry.client.get("/.well-known/jwks.json")).json()["keys"]
    assert [(key["kty"], key["crv"], key["use"]) for key in keys] == [("OKP", "Ed25519", "sig")]
    assert "d" not in keys[0]


async def test_a_closed_account_loses_its_rights_at_once(registry: Registry) -> None:
    leaver = await registry.staff("statistician", "340103")
    assert (await leaver.get("/areas/340103")).status_code == 200
    await registry.administrator.patch(f"/staff/{leaver.id}", version=2, json={"active": False})
    registry.runtime.identity._known.clear()
    assert (await leaver.get("/areas/340103")).status_code == 401
    assert (await leaver.get("/auth/me")).status_code == 401
    assert (await registry.sign_in(leaver.username, "a phrase of one's own")).status_code == 401
