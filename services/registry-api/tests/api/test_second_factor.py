"""The second factor: enrolled, asked for, never taken twice, recovered, reset; needed by a role."""

import time
from base64 import b32decode
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from renkou_common.scope import AreaScope
from renkou_registry.second_factor.domain import STEP_SECONDS, code_at, matching_step

from ..support import CHOSEN, Caller, Json, Registry
from .test_substitution import leave

RFC_6238 = b"12345678901234567890"


class Authenticator:
    """The holder's telephone."""

    def __init__(self, secret: str) -> None:
        self._secret = b32decode(secret)

    def code(self, steps: int = 0) -> str:
        """The code of now, or of so many steps of 30 seconds later."""
        at = int(time.time()) + steps * STEP_SECONDS
        return TOTP(self._secret, 6, SHA1(), STEP_SECONDS).generate(at).decode()


async def sign_in(registry: Registry, member: Caller, code: str | None = None) -> httpx.Response:
    body = {"username": member.username, "password": CHOSEN} | ({"code": code} if code else {})
    return await registry.client.post("/auth/token", json=body)


async def enrolled(registry: Registry, member: Caller) -> tuple[Authenticator, list[str]]:
    begun = await member.post("/auth/totp", json={"password": CHOSEN})
    assert begun.status_code == 200, begun.text
    phone = Authenticator(begun.json()["secret"])
    confirmed = await member.post("/auth/totp/confirmation", json={"code": phone.code(-1)})
    assert confirmed.status_code == 200, confirmed.text
    return phone, confirmed.json()["recovery_codes"]


async def unlock(registry: Registry, member: Caller) -> None:
    async with registry.runtime.database.transaction(AreaScope.nothing()) as tx:
        await tx.execute(
            "UPDATE staff_account SET failed_attempts = 0, locked_until = NULL WHERE id = $1", member.id
        )


@contextmanager
def needed_by(registry: Registry, roles: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry.runtime.settings, "second_factor_roles", roles)
        yield


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (20000000000, "353130"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
    ],
)
def test_codes_are_those_of_the_standard(at: int, code: str) -> None:
    step = at // STEP_SECONDS
    assert code_at(RFC_6238, step) == code
    assert [matching_step(RFC_6238, code, at + late, None) for late in (-30, 0, 30)] == [step] * 3
    assert [matching_step(RFC_6238, code, at + late, None) for late in (-90, 90)] == [None, None]
    assert matching_step(RFC_6238, code, at, step) is None
    assert matching_step(RFC_6238, code, at, step + 1) is None


async def test_an_account_with_a_second_factor_needs_a_code_that_works_once(registry: Registry) -> None:
    member = await registry.staff("auditor", "340103")
    begun = (await member.post("/auth/totp", json={"password": CHOSEN})).json()
    asked = parse_qs(urlsplit(begun["uri"]).query)
    assert (asked["secret"], asked["issuer"]) == ([begun["secret"]], ["Renkou 340103"])
    assert begun["picture"].startswith("data:image/svg+xml")
    assert (await sign_in(registry, member)).status_code == 200  # not confirmed yet
    phone, codes = await enrolled(registry, member)
    assert len(set(codes)) == 10
    missing = await sign_in(registry, member)
    assert (missing.status_code, missing.json()["code"]) == (401, "second_factor_required")
    code = phone.code()
    answers = [await sign_in(registry, member, each) for each in (code, code)]
    assert [each.status_code for each in answers] == [200, 401]
    assert answers[1].json()["code"] == "sign_in_failed"
    assert (await sign_in(registry, member, phone.code(-1))).status_code == 401
    state = (await member.get("/auth/totp")).json()
    assert (state["in_force"], state["recovery_codes_left"]) == (True, 10)
    assert (await member.post("/auth/totp", json={"password": CHOSEN})).status_code == 409


async def test_wrong_codes_lock_as_wrong_passwords_do_and_the_right_password_does_not_help(
    registry: Registry,
) -> None:
    member = await registry.staff("auditor", "340103")
    phone, _ = await enrolled(registry, member)
    for _ in range(5):
        assert (await sign_in(registry, member, "000000")).status_code == 401
        assert (await sign_in(registry, member)).json()["code"] in (
            "second_factor_required",
            "sign_in_failed",
        )
    assert (await sign_in(registry, member, phone.code())).status_code == 401
    await unlock(registry, member)
    assert (await sign_in(registry, member, phone.code())).status_code == 200


async def test_a_recovery_code_works_once_however_it_is_typed(registry: Registry) -> None:
    member = await registry.staff("auditor", "340103")
    _, codes = await enrolled(registry, member)
    typed = codes[3].lower().replace("-", " ")
    assert (await sign_in(registry, member, typed)).status_code == 200
    assert (await sign_in(registry, member, codes[3])).status_code == 401
    assert (await sign_in(registry, member, codes[4])).status_code == 200
    assert (await member.get("/auth/totp")).json()["recovery_codes_left"] == 8


async def test_a_role_that_needs_a_second_factor_opens_nothing_before_it_is_there(registry: Registry) -> None:
    member = await registry.staff("auditor", "340103")
    with needed_by(registry, "administrator,auditor"):
        given: Json = (await sign_in(registry, member)).json()
        assert given["second_factor_enrolment_required"] is True
        assert given["refresh_token"] is None
        setup = Caller(registry.client, member.id, member.username, given["access_token"])
        assert (await setup.get("/areas/340103")).status_code == 403
        assert (await setup.get("/auth/me")).status_code == 403
        phone, _ = await enrolled(registry, setup)
        after = await sign_in(registry, member, phone.code())
        assert after.status_code == 200
        assert after.json()["second_factor_enrolment_required"] is False
        clerk = await registry.staff("statistician", "340103")
        assert (await sign_in(registry, clerk)).json()["refresh_token"]


async def renewed(registry: Registry, answer: httpx.Response) -> httpx.Response:
    body = {"refresh_token": answer.json()["refresh_token"]}
    return await registry.client.post("/auth/refresh", json=body)


async def test_a_session_of_one_factor_is_not_renewed_once_a_role_needs_two(registry: Registry) -> None:
    member = await registry.staff("auditor", "340103")
    first, other = await sign_in(registry, member), await sign_in(registry, member)
    with needed_by(registry, "auditor"):
        refused = await renewed(registry, first)
        assert (refused.status_code, refused.json()["code"]) == (401, "second_factor_required")
        assert "sign in again" in (await english(registry, other)).json()["detail"]
        ended = {"Authorization": f"Bearer {first.json()['access_token']}"}
        assert (await registry.client.get("/auth/me", headers=ended)).status_code == 401
        assert (await sign_in(registry, member)).json()["second_factor_enrolment_required"] is True


async def english(registry: Registry, answer: httpx.Response) -> httpx.Response:
    body = {"refresh_token": answer.json()["refresh_token"]}
    return await registry.client.post("/auth/refresh", json=body, headers={"Accept-Language": "en"})


async def test_a_session_with_both_factors_goes_on_until_one_is_taken_away(registry: Registry) -> None:
    member = await registry.staff("auditor", "340103")
    before = await sign_in(registry, member)
    enrolling = await sign_in(registry, member)
    holder = Caller(registry.client, member.id, member.username, enrolling.json()["access_token"])
    phone, codes = await enrolled(registry, holder)
    with needed_by(registry, "auditor"):
        enrolling = await renewed(registry, enrolling)
        assert enrolling.status_code == 200
        assert (await renewed(registry, before)).json()["code"] == "second_factor_required"
        signed_in = await sign_in(registry, member, phone.code())
        signed_in = await renewed(registry, signed_in)
        assert signed_in.status_code == 200
        taken_away = {"password": CHOSEN, "code": codes[0]}
        assert (await holder.post("/auth/totp/removal", json=taken_away)).status_code == 204
        for session in (enrolling, signed_in):
            assert (await renewed(registry, session)).json()["code"] == "second_factor_required"


async def test_guesses_at_the_first_code_lock_the_account_too(registry: Registry) -> None:
    member = await registry.staff("auditor", "340103")
    begun = (await member.post("/auth/totp", json={"password": CHOSEN})).json()
    path, wrong = "/auth/totp/confirmation", {"code": "000000"}
    answers = [await member.post(path, json=wrong) for _ in range(6)]
    assert [each.json()["code"] for each in answers] == ["code_wrong"] * 5 + ["sign_in_failed"]
    right = {"code": Authenticator(begun["secret"]).code()}
    assert (await member.post(path, json=right)).status_code == 401
    assert (await sign_in(registry, member)).status_code == 401
    await unlock(registry, member)
    assert (await member.post(path, json=right)).status_code == 200


async def test_the_password_alone_buys_no_more_guesses_at_the_code(registry: Registry) -> None:
    member = await registry.staff("auditor", "340103")
    phone, _ = await enrolled(registry, member)
    for _ in range(4):
        assert (await sign_in(registry, member, "000000")).status_code == 401
    assert (await member.post("/auth/totp", json={"password": CHOSEN})).status_code == 409
    changed = {"current": CHOSEN, "new": f"{CHOSEN} once more"}
    assert (await member.post("/auth/password", json=changed)).status_code == 204
    body = {"username": member.username, "password": changed["new"]}
    for code in ("000000", phone.code()):
        answer = await registry.client.post("/auth/token", json=body | {"code": code})
        assert answer.json()["code"] == "sign_in_failed"


async def test_whoever_exercises_such_a_role_for_another_needs_the_factor_too(registry: Registry) -> None:
    absent = await registry.staff("subdistrict_clerk", "340103009")
    helper = await registry.staff("community_worker", "340103009001")
    today = registry.runtime.clock.today()
    assert (await absent.post("/substitutions", json=leave(helper, today, today))).status_code == 201
    with needed_by(registry, "subdistrict_clerk"):
        answer = await sign_in(registry, helper)
    assert answer.json()["second_factor_enrolment_required"] is True


async def test_a_lost_factor_is_lifted_by_two_who_never_see_the_secret(registry: Registry) -> None:
    member = await registry.staff("subdistrict_clerk", "340103009")
    second = await registry.staff("administrator", "340103")
    await enrolled(registry, member)
    reset = f"/staff/{member.id}/totp"
    assert (await member.request("DELETE", reset)).status_code == 403
    asked = await registry.administrator.request("DELETE", reset)
    assert (await registry.administrator.request("DELETE", reset)).json() == asked.json()
    assert (await sign_in(registry, member)).json()["code"] == "second_factor_required"
    assert (await member.get("/auth/totp")).status_code == 200
    (approval,) = asked.json()["awaiting_approval"]
    path, given = f"/approvals/{approval}/approval", {"json": {"remark": "已当面核实"}}
    for who, status in ((registry.administrator, 403), (member, 403), (second, 200)):
        answer = await who.request("POST", path, headers={"If-Match": '"1"'}, **given)
        assert answer.status_code == status, answer.text
    assert (await registry.administrator.request("DELETE", reset)).status_code == 404
    assert (await member.get("/auth/totp")).status_code == 401
    assert (await sign_in(registry, member)).status_code == 200
    own = f"/staff/{registry.administrator.id}/totp"
    assert (await registry.administrator.request("DELETE", own)).status_code == 409


async def test_where_nobody_else_could_agree_one_lifts_it_and_that_stands_written(
    fresh_registry: Registry,
) -> None:
    member = await fresh_registry.staff("subdistrict_clerk", "340103009")
    await enrolled(fresh_registry, member)
    lifted = await fresh_registry.administrator.request("DELETE", f"/staff/{member.id}/totp")
    assert lifted.json() == {"awaiting_approval": []}
    assert (await sign_in(fresh_registry, member)).status_code == 200
    listed = (await fresh_registry.administrator.get("/approvals", params={"closed": True})).json()["items"]
    assert [(each["kind"], each["state"]) for each in listed] == [("second_factor", "executed")]


async def test_taking_it_away_takes_both_factors(registry: Registry) -> None:
    member = await registry.staff("auditor", "340103")
    phone, _ = await enrolled(registry, member)
    for wrong in (
        {"password": "not this one", "code": phone.code()},
        {"password": CHOSEN, "code": "000000"},
    ):
        assert (await member.post("/auth/totp/removal", json=wrong)).status_code == 401
    right = {"password": CHOSEN, "code": phone.code()}
    assert (await member.post("/auth/totp/removal", json=right)).status_code == 204
    assert (await sign_in(registry, member)).status_code == 200
    auditor = await registry.staff("auditor", "340103")
    page = (await auditor.get("/auth/events", params={"subject": str(member.id)})).json()["items"]
    outcomes = [each["outcome"] for each in page]
    assert outcomes[:5] == ["signed_in", "factor_removed", "failed", "failed", "factor_enrolled"]


async def test_the_secret_is_sealed_and_recovery_codes_are_kept_as_hashes(registry: Registry) -> None:
    member = await registry.staff("auditor", "340103")
    begun = (await member.post("/auth/totp", json={"password": CHOSEN})).json()
    async with registry.runtime.database.transaction(AreaScope.nothing(), read_only=True) as tx:
        kept = await tx.fetchval("SELECT secret_sealed FROM second_factor WHERE staff_id = $1", member.id)
    assert b32decode(begun["secret"]) not in kept
