"""The OWASP API Security Top Ten of 2023, one prototype each against a running registry-api.

More of each stands elsewhere: `docs/threats.md` names the tests.
"""

import base64
import json
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from fastapi.routing import iter_route_contexts

from renkou_common.http.application import outermost
from renkou_common.http.middleware import Edge
from renkou_common.http.surface import Surface
from renkou_registry.main import BODY_LIMITS

from ...support import Caller, Json, Registry
from ..people.people import PeopleOf

HERE, ELSEWHERE = "340103001001", "340103002001"
NUMBER = "340103198805120029"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def clerk(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103001")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stranger(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103002")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def edge(registry: Registry) -> httpx.AsyncClient:
    """The service as a network reaches it."""
    transport = httpx.ASGITransport(app=Edge(registry.client._transport.app), raise_app_exceptions=False)  # type: ignore[attr-defined]
    return httpx.AsyncClient(transport=transport, base_url="http://registry")


async def test_api1_broken_object_level_authorization(
    clerk: Caller, stranger: Caller, people_of: PeopleOf
) -> None:
    person = await people_of(clerk).enter()
    path = f"/persons/{person['id']}"
    nobody = f"/persons/{uuid4()}"
    for there, nowhere in (
        (await stranger.get(path), await stranger.get(nobody)),
        (
            await stranger.patch(path, version=1, json={"phone": None}),
            await stranger.patch(nobody, version=1, json={"phone": None}),
        ),
    ):
        assert (there.status_code, there.json()["code"]) == (404, "not_found")
        assert {**there.json(), "trace_id": ""} == {**nowhere.json(), "trace_id": ""}
    body = {"number": f"户-{uuid4()}", "area": ELSEWHERE, "members": [{"person_id": person["id"]}]}
    in_a_body = await stranger.post("/households", json=body)
    assert in_a_body.status_code in {404, 422}


async def test_api2_broken_authentication(registry: Registry, clerk: Caller) -> None:
    head, claims, signature = clerk.token.split(".")

    def part(value: Json) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    def opened(text: str) -> Json:
        return dict(json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))

    old = opened(claims) | {"exp": int(time.time()) - 10}
    administrator = opened(claims) | {"sub": str(registry.administrator.id)}
    wrong = [
        f"{part(opened(head) | {'alg': 'none'})}.{claims}.",
        f"{part(opened(head) | {'alg': 'HS256'})}.{claims}.{signature}",
        f"{part(opened(head) | {'kid': '../../etc/passwd'})}.{claims}.{signature}",
        f"{part(opened(head) | {'jku': 'http://127.0.0.1/keys'})}.{claims}.{signature}",
        f"{head}.{part(old)}.{signature}",
        f"{head}.{part(administrator)}.{signature}",
    ]
    for token in wrong:
        answer = await registry.client.get("/auth/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401, opened(token.split(".")[0])


async def test_api3_broken_object_property_level_authorization(clerk: Caller, people_of: PeopleOf) -> None:
    person = await people_of(clerk).enter()
    told = (await clerk.get(f"/persons/{person['id']}")).text
    assert "sealed" not in told
    assert "index" not in told
    for member in ("id", "version", "person_ref", "created_at", "locked", "resident_id_index"):
        answer = await clerk.patch(f"/persons/{person['id']}", version=1, json={member: "1"})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "extra_forbidden")


async def test_api4_unrestricted_resource_consumption(edge: httpx.AsyncClient, clerk: Caller) -> None:
    page = await clerk.get("/persons", params={"area": HERE, "limit": 1_000_000})
    assert (page.status_code, page.json()["errors"][0]["pointer"]) == (422, "/query/limit")
    body = b'{"name":"' + b"x" * (2 << 20) + b'"}'
    headers = clerk.headers | {"Content-Type": "application/json", "Idempotency-Key": str(uuid4())}
    assert (await edge.post("/persons", content=body, headers=headers)).status_code == 413


class Large:
    """A body larger than most paths take, counted as it is asked for."""

    def __init__(self) -> None:
        self.asked = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(40):
            self.asked += 1
            yield b"1" * (1 << 20)


@pytest.mark.parametrize(
    ("path", "kind", "token", "status"),
    [
        ("/imports", "text/csv", "forged", 401),
        ("/imports", "application/json", "forged", 401),
        ("/external-lists", "text/csv", "forged", 401),
        ("/imports", "application/json", None, 415),
        ("/external-lists/profiles", "application/json", None, 413),
        (
            "/external-lists/00000000-0000-0000-0000-00000000dead/settlements",
            "application/json",
            "forged",
            413,
        ),
    ],
)
async def test_api4_no_large_body_is_kept_for_who_is_nobody(
    registry: Registry, clerk: Caller, path: str, kind: str, token: str | None, status: int
) -> None:
    app = outermost(registry.client._transport.app, BODY_LIMITS, Surface())  # type: ignore[attr-defined]
    headers = {"Authorization": f"Bearer {token or clerk.token}", "Content-Type": kind}
    body = Large()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://registry"
    ) as outside:
        answer = await outside.post(path, content=body, headers=headers | {"Idempotency-Key": str(uuid4())})
    assert answer.status_code == status
    assert body.asked <= 2


async def test_api5_broken_function_level_authorization(registry: Registry) -> None:
    worker = await registry.staff("community_worker", HERE)
    auditor = await registry.staff("auditor", "340103")
    for caller, method, path in (
        (worker, "GET", "/staff"),
        (worker, "POST", "/staff"),
        (worker, "POST", "/imports"),
        (auditor, "POST", "/persons"),
        (auditor, "GET", f"/persons?area={HERE}"),
        (registry.administrator, "GET", f"/persons?area={HERE}"),
    ):
        answer = await caller.request(method, path, json={}, headers={"Idempotency-Key": str(uuid4())})
        assert (answer.status_code, answer.json()["code"]) in {
            (403, "scope_missing"),
            (415, "content_type"),
        }, path


async def test_api6_unrestricted_access_to_sensitive_business_flows(
    registry: Registry, clerk: Caller, stranger: Caller, people_of: PeopleOf
) -> None:
    """Numbers of people elsewhere are not found by looking them up; a creation tells only that a number is taken."""
    body = people_of(clerk).body()
    person = (await clerk.post("/persons", json=body)).json()
    known = body["resident_id"]
    own = await clerk.post("/persons/search", json={"resident_id": known})
    assert [each["id"] for each in own.json()["items"]] == [person["id"]]
    found = await stranger.post("/persons/search", json={"resident_id": known})
    assert (found.status_code, found.json()["items"]) == (200, [])
    taken = await stranger.post(
        "/persons", json=body | {"registered_area": ELSEWHERE, "present_area": ELSEWHERE}
    )
    assert (taken.status_code, taken.json()["code"]) == (409, "person_exists")
    assert person["id"] not in taken.text


async def test_api7_server_side_request_forgery(registry: Registry, clerk: Caller) -> None:
    document = (await registry.client.get("/openapi.json")).json()
    taken = [
        name
        for schema in document["components"]["schemas"].values()
        for name, member in schema.get("properties", {}).items()
        if member.get("format") in {"uri", "url", "uri-reference"}
    ]
    assert taken == []
    body = {"name": "http://169.254.169.254/", "photo_url": "http://169.254.169.254/"}
    answer = await clerk.post("/persons", json=body)
    assert ("/photo_url", "extra_forbidden") in {
        (each["pointer"], each["code"]) for each in answer.json()["errors"]
    }


async def test_api8_security_misconfiguration(edge: httpx.AsyncClient, clerk: Caller) -> None:
    asked = clerk.headers | {"Origin": "https://evil.example"}
    answer = await edge.get("/auth/me", headers=asked)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in answer.headers
    assert "server" not in answer.headers
    for method in ("TRACE", "PUT", "DELETE"):
        refused = await edge.request(method, "/auth/me", headers=asked)
        assert (refused.status_code, "Traceback" in refused.text) == (405, False)


async def test_api9_improper_inventory_management(registry: Registry) -> None:
    app = registry.client._transport.app  # type: ignore[attr-defined]
    described = (await registry.client.get("/openapi.json")).json()["paths"]
    served = {
        (context.path_format, method.lower())
        for context in iter_route_contexts(app.routes)
        for method in context.methods or ()
    }
    hidden = {(path, method) for path, method in served if method not in described.get(path or "", {})}
    assert {path for path, method in hidden if method != "head"} <= {"/docs", "/metrics", "/openapi.json"}


async def test_api10_unsafe_consumption_of_apis(registry: Registry) -> None:
    """What another service of the node sends is checked as anybody's: its own right, known members, limits."""
    migrant = await registry.service("migrant-api")
    assert (await migrant.get(f"/persons?area={HERE}")).status_code == 403
    body = {"resident_id": NUMBER, "name": "张三", "give_me": "everything"}
    answer = await migrant.post("/persons/match", json=body)
    assert answer.status_code in {403, 422}
    facts = await migrant.get(f"/persons/by-ref/{uuid4()}/facts", params={"purpose": "curiosity"})
    assert facts.status_code == 422
