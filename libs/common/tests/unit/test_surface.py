"""What the outermost layer takes and what it refuses: shape and type of bodies, methods, headers, other origins,
proxies, requests at once and in a minute, time.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request

from renkou_common.http.application import create_application
from renkou_common.http.crowd import Crowd
from renkou_common.http.middleware import Edge
from renkou_common.http.rates import RateLimiter
from renkou_common.http.receiving import MAX_DEPTH, MAX_ELEMENTS
from renkou_common.http.surface import Surface, rate_class

TOKEN = {"Authorization": "Bearer x"}
JSON = {"Content-Type": "application/json"}
router = APIRouter()


@router.post("/things")
async def make_thing(thing: dict[str, Any]) -> int:
    return len(thing)


@router.get("/things")
async def things() -> list[str]:
    return []


@router.put("/things/{number}")
async def change_thing(number: int, thing: dict[str, Any] | None = None) -> int:
    return number


@router.get("/things/{number}")
async def slow(request: Request, number: int) -> str:
    await asyncio.sleep(number / 100)
    assert request.client is not None
    return request.client.host


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield


async def nothing_to_check() -> None:
    return None


@asynccontextmanager
async def served(
    surface: Surface | None = None, *, peer: str = "192.0.2.1", **more: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the example application behind an outermost layer with these limits."""
    app = create_application(
        title="t", description="d", lifespan=lifespan, routers=[router], readiness=lambda _: nothing_to_check
    )
    transport = httpx.ASGITransport(Edge(app, surface=surface, **more), client=(peer, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://node", headers=TOKEN) as http:
        yield http


def is_problem(answer: httpx.Response, status: int, code: str) -> bool:
    """Whether an answer is a whole problem document."""
    told = answer.json()
    return (
        (answer.status_code, told["status"], told["code"]) == (status, status, code)
        and answer.headers["content-type"] == "application/problem+json"
        and bool(told["title"] and told["detail"])
        and told["trace_id"] == answer.headers["x-trace-id"]
    )


async def test_who_gives_up_waiting_just_as_a_place_is_free_is_refused_and_takes_none_along() -> None:
    crowd = Crowd(Surface(waiting_seconds=60))
    await crowd.enter("caller", 1)
    waiting = asyncio.create_task(crowd.enter("caller", 1))
    await asyncio.sleep(0)
    waiting.cancel()
    crowd.leave("caller")
    with pytest.raises(asyncio.CancelledError):
        await waiting
    async with asyncio.timeout(1):
        await crowd.enter("caller", 1)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ('{"a":' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}", 422, "json_too_deep"),
        ("[" * 400_000, 422, "json_too_many"),
        ("{" + '"a":{' * (MAX_DEPTH + 1), 422, "json_too_deep"),
        ('{"a":[' + "1," * MAX_ELEMENTS + "1]}", 422, "json_too_many"),
        ("{" + ",".join(f'"{n}":1' for n in range(75_000)) + "}", 200, ""),
        (json.dumps({"a": '[{"\\' * 1000}), 200, ""),
        ('{"a":' + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1) + "}", 200, ""),
    ],
    ids=["deep", "brackets", "open", "long", "wide", "text", "deepest"],
)
async def test_json_has_a_depth_and_a_size(body: str, status: int, code: str) -> None:
    async with served() as client:
        answer = await client.post("/things", content=body, headers=JSON)
    assert answer.status_code == status
    assert not code or is_problem(answer, status, code)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
async def test_brackets_are_not_hidden_between_halves_of_characters(encoding: str) -> None:
    """U+2200 has the byte of a quotation mark."""
    deep = '{"∀":' + "[" * 900 + '"∀"' + "]" * 900 + "}"
    async with served() as client:
        for body in (deep, "{}", "[]"):
            answer = await client.post("/things", content=body.encode(encoding), headers=JSON)
            assert is_problem(answer, 422, "json_not_utf8")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "json"]
)
async def test_json_is_taken_from_who_says_that_it_is_json(kind: str) -> None:
    async with served() as client:
        for method, path in (("POST", "/things"), ("PUT", "/things/1")):
            answer = await client.request(method, path, content=b'{"a":1}', headers={"Content-Type": kind})
            assert is_problem(answer, 415, "content_type")
        good = await client.put(
            "/things/1", content=b"{}", headers={"Content-Type": "application/JSON; charset=utf-8"}
        )
        assert good.status_code == (await client.put("/things/1")).status_code == 200


async def test_a_path_says_which_methods_it_knows() -> None:
    async with served() as client:
        for method, path, allowed in (
            ("DELETE", "/things", "GET, POST"),
            ("OPTIONS", "/things/1", "GET, PUT"),
            ("TRACE", "/things/1", "GET, PUT"),
        ):
            answer = await client.request(method, path)
            assert is_problem(answer, 405, "http_405")
            assert answer.headers["allow"] == allowed
        assert is_problem(await client.get("/nothing"), 404, "http_404")
        assert is_problem(await client.get("/things/", follow_redirects=False), 404, "http_404")


async def test_every_refusal_is_told_in_the_callers_language() -> None:
    async with served(Surface(body_bytes=10)) as client:
        for language, word in (("zh", "请求体"), ("en", "body")):
            headers = JSON | {"Accept-Language": language}
            answer = await client.post("/things", content=b'{"a":"0123456789"}', headers=headers)
            assert is_problem(answer, 413, "body_too_large")
            assert word in answer.json()["title"]


async def test_every_answer_has_the_headers_that_browsers_obey() -> None:
    async with served() as client:
        for path in ("/health/live", "/docs", "/openapi.json", "/things", "/nothing", "/things/x"):
            answer = await client.get(path)
            found = answer.headers
            assert found["content-type"]
            assert found["x-content-type-options"] == "nosniff"
            assert found["x-frame-options"] == "DENY"
            assert found["referrer-policy"] == "no-referrer"
            assert (
                found["cross-origin-opener-policy"] == found["cross-origin-resource-policy"] == "same-origin"
            )
            assert "frame-ancestors 'none'" in found["content-security-policy"]
            assert "geolocation=()" in found["permissions-policy"]
            assert found["cache-control"] == "no-store"
            assert "strict-transport-security" not in found
            assert "server" not in found
            assert "access-control-allow-origin" not in found
    async with served(Surface(https=True)) as client:
        assert "max-age=" in (await client.get("/things")).headers["strict-transport-security"]


async def test_another_origin_is_let_in_only_where_it_is_named() -> None:
    origin, asks = "https://desk.example", {"Access-Control-Request-Method": "POST"}
    async with served() as closed:
        answer = await closed.options("/things", headers={"Origin": origin, **asks})
        assert answer.status_code == 405
        assert "access-control-allow-origin" not in answer.headers
    async with served(Surface(cors_origins=(origin,))) as client:
        client.headers.pop("Authorization")
        preflight = await client.options("/things", headers={"Origin": origin, **asks})
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == origin
        assert preflight.headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-credentials" not in preflight.headers
        for other in ("https://desk.example.evil", "http://desk.example", "null", "https://x.desk.example"):
            refused = await client.options("/things", headers={"Origin": other, **asks})
            assert "access-control-allow-origin" not in refused.headers
        stranger = await client.get("/things", headers={"Origin": origin})
        assert stranger.status_code == 401
        assert stranger.headers["access-control-allow-origin"] == origin
        assert "X-Trace-Id" in stranger.headers["access-control-expose-headers"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9, nonsense", "10.0.0.1"),
        ("10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
    ],
)
async def test_an_address_counts_only_from_a_proxy_that_is_trusted(
    peer: str, forwarded: str, seen: str
) -> None:
    surface = Surface(trusted_proxies=(ip_network("10.0.0.0/8"),))
    headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"}
    async with served(surface, peer=peer) as client:
        answer = await client.get("/things/0", headers=headers)
    assert answer.json() == seen
    assert ("strict-transport-security" in answer.headers) == (peer == "10.0.0.1")


async def test_one_callers_requests_wait_for_each_other_and_too_many_are_refused() -> None:
    callers = {"a": (UUID(int=1), "staff"), "b": (UUID(int=2), "staff")}
    surface = Surface(caller_at_once=2, caller_waiting=2, at_once=5)
    async with served(surface, known=callers.get) as client:

        async def ask(token: str) -> httpx.Response:
            return await client.get("/things/20", headers={"Authorization": f"Bearer {token}"})

        answers = await asyncio.gather(*(ask("a") for _ in range(5)), ask("b"), ask("b"))
        assert [each.status_code for each in answers] == [200] * 4 + [429, 200, 503]
        assert is_problem(answers[4], 429, "too_many_at_once")
        assert is_problem(answers[6], 503, "overloaded")
        assert all("retry-after" in each.headers for each in (answers[4], answers[6]))
        assert (await ask("a")).status_code == 200


async def test_while_the_service_is_busy_only_the_machinery_is_answered() -> None:
    waiting = 128
    async with served(line=lambda: waiting) as client:
        refused = await client.get("/things")
        assert is_problem(refused, 503, "overloaded")
        assert int(refused.headers["retry-after"]) > 0
        assert (await client.get("/health/live")).status_code == 200
        waiting = 127
        assert (await client.get("/things")).status_code == 200


async def test_who_waits_and_leaves_gives_the_place_to_the_next() -> None:
    surface = Surface(caller_at_once=1, caller_waiting=9, waiting_seconds=0.1)
    async with served(surface, known=lambda _: (UUID(int=1), "staff")) as client:
        first = asyncio.create_task(client.get("/things/30"))
        await asyncio.sleep(0)
        leaving = asyncio.create_task(client.get("/things/1"))
        assert is_problem(await client.get("/things/1"), 429, "too_many_at_once")
        leaving.cancel()
        assert (await first).status_code == 200
        assert (await client.get("/things/1")).status_code == 200


async def test_an_answer_that_takes_too_long_is_given_up() -> None:
    async with served(Surface(request_seconds=0.05)) as client:
        answer = await client.get("/things/100")
        assert is_problem(answer, 503, "took_too_long")
        assert answer.headers["retry-after"]


@pytest.mark.parametrize(
    ("head", "first"),
    [([], b""), ([(b"content-length", b"2")], b"a")],
    ids=["of any length", "of known length"],
)
async def test_an_answer_in_parts_may_take_longer_than_others(head: list[Any], first: bytes) -> None:
    """One of known length from its first part on, another from its head on."""

    async def parts(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": head})
        if first:
            await send({"type": "http.response.body", "body": first, "more_body": True})
        await asyncio.sleep(0.15)
        await send({"type": "http.response.body", "body": b"ab"[len(first) :]})

    transport = httpx.ASGITransport(Edge(parts, surface=Surface(request_seconds=0.05)))
    async with httpx.AsyncClient(transport=transport, base_url="http://node", headers=TOKEN) as client:
        assert (await client.get("/things")).content == b"ab"


async def test_a_body_that_trickles_is_given_up_and_one_at_a_fair_rate_is_not() -> None:
    async def drip(pause: float) -> AsyncIterator[bytes]:
        for part in (b'{"a"', b":", b'"' + b"x" * 4000, b'"}'):
            await asyncio.sleep(pause)
            yield part

    async with served(Surface(body_grace_seconds=0.2, body_bytes_per_second=20_000)) as client:
        answer = await client.post("/things", content=drip(0.15), headers=JSON)
        assert is_problem(answer, 408, "body_too_slow")
        assert answer.headers["connection"] == "close"
        assert (await client.post("/things", content=drip(0.01), headers=JSON)).status_code == 200


async def test_requests_of_a_minute_are_counted_by_caller_and_class() -> None:
    """The shared part is played by a dictionary here; ``test_rates`` has the database."""
    left: dict[str, int] = {}

    async def take(sql: str, bucket: str, per_minute: float, wanted: int) -> dict[str, float]:
        before = left.setdefault(bucket, int(per_minute))
        taken = min(before, wanted)
        left[bucket] -= taken
        return {"taken": taken, "left_over": left[bucket]}

    callers = {"a": (UUID(int=1), "staff"), "b": (UUID(int=2), "staff"), "s": (UUID(int=3), "service")}
    surface = Surface(rates={"read": 3, "write": 2, "search": 1, "sign_in": 1}, service_rate=100)
    async with served(surface, known=callers.get, rates=RateLimiter(take)) as client:

        async def ask(token: str, times: int, method: str = "GET") -> list[int]:
            headers = {"Authorization": f"Bearer {token}"} | JSON
            body = b"{}" if method == "POST" else None
            asked = [
                await client.request(method, "/things", headers=headers, content=body) for _ in range(times)
            ]
            return [each.status_code for each in asked]

        assert await ask("a", 4) == [200, 200, 200, 429]
        assert await ask("a", 3, "POST") == [200, 200, 429]
        assert await ask("b", 1) == [200]
        assert await ask("s", 20) == [200] * 20
        assert await ask("forged", 3) + await ask("also forged", 1) == [200, 200, 200, 429]
        assert (await client.get("/health/live")).status_code == 200
        refused = await client.get("/things", headers={"Authorization": "Bearer a"})
        assert is_problem(refused, 429, "too_many_requests")
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.headers["ratelimit-policy"] == '"read";q=3;w=60'
        assert refused.headers["ratelimit"].startswith('"read";r=0;t=')
        answered = await client.get("/things", headers={"Authorization": "Bearer b"})
        assert answered.headers["ratelimit"] == '"read";r=1;t=60'


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/persons/1", "read"),
        ("POST", "/persons", "write"),
        ("POST", "/persons/search", "search"),
        ("POST", "/persons/match", "search"),
        ("POST", "/persons/1/unmask", "search"),
        ("GET", "/exports/files/x", "search"),
        ("POST", "/auth/token", "sign_in"),
        ("POST", "/public/accounts/activation", "sign_in"),
        ("GET", "/research", "read"),
    ],
)
def test_what_a_curious_person_would_use_has_a_budget_of_its_own(
    method: str, path: str, expected: str
) -> None:
    assert rate_class(method, path) == expected


@pytest.mark.parametrize(
    ("others", "status"), [("2001:db8:0:1:ffff::9", 429), ("2001:db8:0:2::1", 200), ("::ffff:192.0.2.1", 200)]
)
async def test_a_stranger_with_many_addresses_of_one_line_is_one_stranger(others: str, status: int) -> None:
    async def take(_: str, *asked: Any) -> Any:
        left.setdefault(asked[0], [1]).append(0)
        return {"taken": left[asked[0]].pop(0), "left_over": 0.0}

    left: dict[str, list[int]] = {}
    rates = RateLimiter(take)
    answers = []
    for peer in ("2001:db8:0:1::1", others):
        async with served(Surface(rates={"read": 1}), peer=peer, rates=rates) as client:
            answers.append((await client.get("/things")).status_code)
    assert answers == [200, status]
