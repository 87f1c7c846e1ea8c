"""Staff sign in by an OpenID provider that is not ours (npm `oidc-provider`): `make interop` installs it.

The person's browser is played by an HTTP client: authorization code flow with PKCE, as a front end would.
"""

import asyncio
import hmac
import json
import secrets
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from joserfc import jwt
from joserfc.jwk import RSAKey

from renkou_common.scope import AreaScope
from renkou_local.layout import REPOSITORY
from renkou_registry.approvals.domain import OF_ONE_HAND
from renkou_registry.sign_in_events import service as sign_in_events

from ..support import ONE_TIME, Caller, DatabaseFactory, Json, Registry, Template, running
from .test_second_factor import enrolled, needed_by, unlock

pytestmark = pytest.mark.asyncio(loop_scope="session")
INTEROP = REPOSITORY / "tests" / "interop"
NODE = Path(sys.executable).parent / "node"
CLIENT = "renkou-340103"


def hashed(text: str) -> str:
    return part_of_bytes(sha256(text.encode()).digest())


@dataclass
class Provider:
    """The foreign provider; ``impostor`` has the same keys and another name."""

    process: asyncio.subprocess.Process
    issuer: str
    impostor: str
    redirect: str

    async def tell(self, **what: object) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(what).encode() + b"\n")
        assert json.loads(await self.process.stdout.readline()) == {"done": True}

    async def id_token(self, who: str, nonce: str, *, client: str = CLIENT, issuer: str | None = None) -> str:
        """What a front end gets: by discovery, an authorization code with PKCE, and its exchange."""
        verifier = secrets.token_urlsafe(32)
        async with httpx.AsyncClient(trust_env=False) as browser:
            path = "/.well-known/openid-configuration"
            described = (await browser.get(f"{issuer or self.issuer}{path}")).json()
            asked = {
                "client_id": client,
                "response_type": "code",
                "scope": "openid",
                "redirect_uri": self.redirect,
                "code_challenge": hashed(verifier),
                "code_challenge_method": "S256",
                "nonce": nonce,
                "login_hint": who,
            }
            answer = await browser.get(described["authorization_endpoint"], params=asked)
            for _ in range(5):
                assert answer.is_redirect, answer.text
                if answer.headers["location"].startswith(self.redirect):
                    break
                answer = await browser.get(str(answer.url.join(answer.headers["location"])))
            code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
            exchange = {
                "grant_type": "authorization_code",
                "client_id": client,
                "code": code,
                "code_verifier": verifier,
                "redirect_uri": self.redirect,
            }
            given = await browser.post(described["token_endpoint"], data=exchange)
            assert given.status_code == 200, given.text
            return str(given.json()["id_token"])


@asynccontextmanager
async def provider_running() -> AsyncIterator[Provider]:
    assert (INTEROP / "node_modules" / "oidc-provider").is_dir(), "run `make interop` once"
    process = await asyncio.create_subprocess_exec(
        str(NODE),
        "provider.mjs",
        cwd=INTEROP,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdin
    assert process.stdout
    try:
        yield Provider(process, **json.loads(await asyncio.wait_for(process.stdout.readline(), 60)))
    finally:
        process.stdin.close()
        await process.wait()


@dataclass
class Office:
    """A registry whose staff sign in by the provider."""

    registry: Registry
    provider: Provider

    async def sign_in(self, who: str, *, code: str | None = None) -> httpx.Response:
        """A whole sign-in of somebody whom the provider knows."""
        secret = secrets.token_urlsafe(32)
        token = await self.provider.id_token(who, hashed(secret))
        return await self.show(token, secret, code=code)

    async def show(self, token: str, secret: str, *, code: str | None = None) -> httpx.Response:
        body = {"id_token": token, "nonce_secret": secret} | ({"code": code} if code else {})
        return await self.registry.client.post("/auth/oidc", json=body)

    async def link(self, member: Caller, subject: str) -> Json:
        answer = await self.registry.administrator.request(
            "PUT", f"/staff/{member.id}/identity", json={"subject": subject}
        )
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def clerk(self, subject: str) -> Caller:
        """A clerk who is linked with a name of the provider's."""
        member = await self.registry.staff("community_worker", "340103009001")
        assert (await self.link(member, subject))["subject"] == subject
        return member

    async def outcomes(self, member: Caller) -> list[str]:
        async with self.registry.runtime.database.transaction(AreaScope.everything()) as tx:
            rows = await tx.fetch(
                "SELECT outcome FROM sign_in_event WHERE subject = $1 ORDER BY id DESC", member.id
            )
        return [row["outcome"] for row in rows]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(
    registry_template: Template,
    lasting_database_factory: DatabaseFactory,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    async with (
        provider_running() as provider,
        running(
            registry_template,
            lasting_database_factory,
            folder,
            oidc_issuer=provider.issuer,
            oidc_client_id=CLIENT,
            oidc_second_factor="otp,https://id.example/two-factors",
        ) as registry,
    ):
        assert registry.runtime.provider
        registry.runtime.provider._keys._pause = 0.0  # how it is throttled: test_token_keys.py
        yield Office(registry, provider)


def refused(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.json()["code"]) == (401, "provider_sign_in_failed")


async def whoami(office: Office, answer: httpx.Response) -> Json:
    assert answer.status_code == 200, answer.text
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    found: Json = (await office.registry.client.get("/auth/me", headers=headers)).json()
    return found


async def test_a_clerk_signs_in_with_the_rights_that_our_database_gives(office: Office) -> None:
    told = await office.registry.client.get("/auth/oidc")
    assert told.json() == {"issuer": office.provider.issuer, "client_id": CLIENT}
    member = await office.clerk("wang.fang")
    answer = await office.sign_in("wang.fang")
    me = await whoami(office, answer)
    assert (me["id"], [each["area"] for each in me["assignments"]]) == (str(member.id), ["340103009001"])
    again = await office.registry.client.post(
        "/auth/refresh", json={"refresh_token": answer.json()["refresh_token"]}
    )
    assert again.json()["session_id"] == answer.json()["session_id"]
    assert (await office.outcomes(member))[:3] == ["signed_in", "provider_proved", "provider_linked"]


async def test_an_id_token_signs_in_once_and_only_whoever_began(office: Office) -> None:
    member = await office.clerk("once")
    secret = secrets.token_urlsafe(32)
    token = await office.provider.id_token("once", hashed(secret))
    assert refused(await office.show(token, secrets.token_urlsafe(32)))
    assert refused(await office.show(token, hashed(secret)))
    answers = await asyncio.gather(*(office.show(token, secret) for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [200, 401, 401, 401]
    assert all(refused(each) for each in answers if each.status_code != 200)
    assert (await office.outcomes(member)).count("provider_replayed") == 3


async def test_whoever_nobody_linked_and_a_leaver_stay_outside_and_are_answered_alike(office: Office) -> None:
    stranger = await office.sign_in("a.stranger")
    member = await office.clerk("li.leaver")
    before = await whoami(office, await office.sign_in("li.leaver"))
    assert before["id"] == str(member.id)
    version = (await office.registry.administrator.get(f"/staff/{member.id}")).json()["version"]
    closed = await office.registry.administrator.patch(
        f"/staff/{member.id}", version=version, json={"active": False}
    )
    assert closed.status_code == 200
    leaver = await office.sign_in("li.leaver")
    assert refused(stranger)
    assert refused(leaver)
    assert stranger.json()["detail"] == leaver.json()["detail"]


async def test_ending_the_link_ends_the_sessions_and_the_name_is_free_again(office: Office) -> None:
    member, other = await office.clerk("shared.name"), await office.clerk("other.name")
    answer = await office.sign_in("shared.name")
    administrator = office.registry.administrator
    for account, subject in ((other, "shared.name"), (member, "yet.another")):
        taken = await administrator.request("PUT", f"/staff/{account.id}/identity", json={"subject": subject})
        assert (taken.status_code, taken.json()["code"]) == (409, "identity_linked")
    path = f"/staff/{member.id}/identity"
    assert (await administrator.request("DELETE", path)).status_code == 204
    assert (await administrator.request("DELETE", path)).status_code == 404
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert (await office.registry.client.get("/auth/me", headers=headers)).status_code == 401
    assert refused(await office.sign_in("shared.name"))
    assert (await administrator.get(path)).json()["subject"] is None
    assert (await office.link(member, "shared.name"))["made_by"] == str(administrator.id)


@pytest.mark.parametrize("algorithm", ["ES256", "Ed25519", "PS256", "RS256"])
async def test_the_providers_keys_change_without_anybody_noticing(office: Office, algorithm: str) -> None:
    await office.clerk(f"rotating.{algorithm}")
    assert (await office.sign_in(f"rotating.{algorithm}")).status_code == 200
    secret = secrets.token_urlsafe(32)
    old = await office.provider.id_token(f"rotating.{algorithm}", hashed(secret))
    await office.provider.tell(rotate=algorithm)
    assert (await office.sign_in(f"rotating.{algorithm}")).status_code == 200
    assert refused(await office.show(old, secret))  # signed with a key that is no longer published


async def test_a_token_for_another_client_or_of_another_issuer_is_refused(office: Office) -> None:
    await office.clerk("elsewhere")
    for other in ({"client": "another-client"}, {"issuer": office.provider.impostor}):
        secret = secrets.token_urlsafe(32)
        token = await office.provider.id_token("elsewhere", hashed(secret), **other)
        assert refused(await office.show(token, secret))


@pytest.mark.parametrize("seconds", [-400, -3000, 400], ids=["stale", "expired", "of the future"])
async def test_a_token_of_another_time_is_refused(office: Office, seconds: int) -> None:
    await office.clerk(f"late{seconds}")
    await office.provider.tell(offset=seconds)
    try:
        assert refused(await office.sign_in(f"late{seconds}"))
    finally:
        await office.provider.tell(offset=0)
    assert (await office.sign_in(f"late{seconds}")).status_code == 200


def part_of_bytes(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def part(content: object) -> str:
    return part_of_bytes(json.dumps(content).encode())


async def test_a_forged_token_is_refused_whatever_its_header_says(office: Office) -> None:
    await office.clerk("victim")
    secret = secrets.token_urlsafe(32)
    good = await office.provider.id_token("victim", hashed(secret))
    head, body, signature = good.split(".")
    header = json.loads(urlsafe_b64decode(head + "=="))
    claims = json.loads(urlsafe_b64decode(body + "=="))
    async with httpx.AsyncClient(trust_env=False) as http:
        published = (await http.get(f"{office.provider.issuer}/jwks")).json()["keys"][0]
    own = RSAKey.generate_key(2048, private=True)
    public = RSAKey.import_key({name: published[name] for name in ("kty", "n", "e")})
    confused = f"{part(header | {'alg': 'HS256'})}.{body}"
    mac = hmac.digest(public.as_pem(private=False), confused.encode(), "sha256")
    forged = {
        "no algorithm": f"{part(header | {'alg': 'none'})}.{body}.",
        "no signature": f"{head}.{body}.",
        "another's claims": f"{head}.{part(claims | {'sub': 'wang.fang'})}.{signature}",
        "public key as a secret": f"{confused}.{part_of_bytes(mac)}",
        "another key": jwt.encode(header, claims, own, ["RS256"]),
        "its own key": jwt.encode(header | {"jwk": own.as_dict(private=False)}, claims, own, ["RS256"]),
        "an unknown key": jwt.encode(header | {"kid": "nobody's"}, claims, own, ["RS256"]),
        "no name of a key": jwt.encode({"alg": "RS256"}, claims, own, ["RS256"]),
        "a critical extension": f"{part(header | {'crit': ['exp']})}.{body}.{signature}",
        "another type": f"{part(header | {'typ': 'logout+jwt'})}.{body}.{signature}",
        "rubbish": "x" * 40,
    }
    assert [name for name, token in forged.items() if not refused(await office.show(token, secret))] == []
    assert (await office.show(good, secret)).status_code == 200


async def test_our_second_factor_is_asked_where_the_provider_asked_for_one_only(office: Office) -> None:
    member = await office.clerk("two.factors")
    phone, _ = await enrolled(office.registry, member)
    secret = secrets.token_urlsafe(32)
    token = await office.provider.id_token("two.factors+pwd", hashed(secret))
    asked = await office.show(token, secret)
    assert (asked.status_code, asked.json()["code"]) == (401, "second_factor_required")
    assert refused(await office.show(token, secret, code="000000"))
    assert (await office.show(token, secret, code=phone.code())).status_code == 200
    assert refused(await office.show(token, secret, code=phone.code(1)))
    assert (await office.sign_in("two.factors+pwd+otp")).status_code == 200


async def test_guesses_at_the_code_lock_and_guesses_at_the_password_do_not_lock_out(office: Office) -> None:
    plain, guarded = await office.clerk("plain"), await office.clerk("guarded")
    phone, _ = await enrolled(office.registry, guarded)
    for _ in range(5):
        await office.registry.sign_in(plain.username, "a wrong password")
        assert refused(await office.sign_in("guarded", code="000000"))
    assert (await office.sign_in("plain")).status_code == 200
    assert refused(await office.sign_in("guarded", code=phone.code()))
    await unlock(office.registry, guarded)
    assert (await office.sign_in("guarded", code=phone.code(1))).status_code == 200


async def test_a_good_sign_in_by_the_provider_forgets_wrong_codes(office: Office) -> None:
    member = await office.clerk("forgetful")
    phone, _ = await enrolled(office.registry, member)
    for _ in range(3):
        assert refused(await office.sign_in("forgetful", code="000000"))
    assert (await office.sign_in("forgetful", code=phone.code(1))).status_code == 200
    async with office.registry.runtime.database.transaction(AreaScope.everything()) as tx:
        counted = "SELECT failed_attempts FROM staff_account WHERE id = $1"
        assert await tx.fetchval(counted, member.id) == 0


async def test_a_role_that_needs_two_factors_takes_the_providers(office: Office) -> None:
    await office.clerk("needing")
    with needed_by(office.registry, "community_worker"):
        one = (await office.sign_in("needing+pwd")).json()
        two = (await office.sign_in("needing+pwd+otp")).json()
        body = {"refresh_token": two["refresh_token"]}
        renewed = await office.registry.client.post("/auth/refresh", json=body)
    assert (one["second_factor_enrolment_required"], one["refresh_token"]) == (True, None)
    assert two["second_factor_enrolment_required"] is False
    assert renewed.status_code == 200


async def test_who_comes_by_the_provider_needs_no_password_and_the_one_time_one_ends(office: Office) -> None:
    registry = office.registry
    body = {
        "username": "newcomer",
        "display_name": "新同事",
        "password": ONE_TIME,
        "assignments": [{"role": "community_worker", "area": "340103009001"}],
    }
    created = (await registry.administrator.post("/staff", json=body)).json()
    newcomer = Caller(registry.client, UUID(created["id"]), "newcomer", "")
    await office.link(newcomer, "new.comer")
    me = await whoami(office, await office.sign_in("new.comer"))
    assert me["assignments"][0]["role"] == "community_worker"
    assert (await registry.sign_in("newcomer", ONE_TIME)).status_code == 401


async def test_an_auditors_account_is_linked_by_two(office: Office) -> None:
    registry = office.registry
    auditor = await registry.staff("auditor", "340103")
    second = await registry.staff("administrator", "340103")
    asked = await office.link(auditor, "the.auditor")
    assert (asked["subject"], len(asked["awaiting_approval"])) == (None, 1)
    assert await office.link(auditor, "the.auditor") == asked
    assert refused(await office.sign_in("the.auditor"))
    path = f"/approvals/{asked['awaiting_approval'][0]}/approval"
    given = {"headers": {"If-Match": '"1"'}, "json": {"remark": "已核实"}}
    own = await registry.administrator.request("POST", path, **given)
    assert (own.status_code, own.json()["code"]) == (403, "approval_own")
    assert (await second.request("POST", path, **given)).status_code == 200
    me = await whoami(office, await office.sign_in("the.auditor"))
    assert me["id"] == str(auditor.id)


async def test_whom_the_asker_has_linked_is_no_second_person(office: Office) -> None:
    registry = office.registry
    puppet = await registry.staff("community_worker", "340103009001")
    await office.link(puppet, "in.the.askers.hand")
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        assert await sign_in_events.reset_by(tx, registry.administrator.id, [puppet.id], OF_ONE_HAND) == {
            puppet.id
        }
        assert not await sign_in_events.reset_by(tx, puppet.id, [puppet.id], OF_ONE_HAND)


async def test_a_node_without_a_provider_has_no_such_door(registry: Registry) -> None:
    body = {"id_token": "x" * 40, "nonce_secret": "y" * 40}
    assert (await registry.client.get("/auth/oidc")).status_code == 404
    assert (await registry.client.post("/auth/oidc", json=body)).status_code == 404
