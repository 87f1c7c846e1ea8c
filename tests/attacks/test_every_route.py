"""Every operation of all three services, out of their own descriptions, as a browser or a stranger would ask for it.

The applications run without databases: what gets past the outermost layer ends in an error of the service, and so every
route is also seen failing.
"""

import re
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest
import structlog.testing

from renkou_common.http.middleware import Edge
from renkou_local.api_page import applications

ORIGIN = {"Origin": "https://elsewhere.example"}
TOKEN = {"Authorization": "Bearer not-a-token"}
PROTECTION = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
POLICY = ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'")
PROBLEM = "application/problem+json"
LARGEST = 1 << 31


def operations(service: str) -> Iterator[tuple[str, str, list[str]]]:
    """Method, path with made-up ids, and the kinds of content that are taken."""
    for path, methods in applications()[service].openapi()["paths"].items():
        filled = re.sub(r"\{[^}]*\}", "0197f000-0000-7000-8000-00000000dead", path)
        for method, operation in methods.items():
            yield method.upper(), filled, list(operation.get("requestBody", {}).get("content", {}))


def client(service: str) -> httpx.AsyncClient:
    """Ask a service as a server would hand it the requests."""
    transport = httpx.ASGITransport(app=Edge(applications()[service]), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://node", timeout=30)


def unprotected(answer: httpx.Response) -> list[str]:
    """Return what a browser is not told, or told too much, by an answer."""
    headers = answer.headers
    found = [name for name, value in PROTECTION.items() if headers.get(name) != value]
    found += [part for part in POLICY if part not in headers.get("content-security-policy", "")]
    found += [name for name in ("server", "x-powered-by", "set-cookie") if name in headers]
    found += [name for name in headers if name.startswith("access-control-")]
    if not re.fullmatch(r"[0-9a-f]{32}", headers.get("x-trace-id", "")):
        found.append("x-trace-id")
    if answer.status_code >= 400:
        found += ["cache-control"] if headers.get("cache-control") != "no-store" else []
        found += unspoken(answer)
    return found


def unspoken(answer: httpx.Response) -> list[str]:
    """Return what a problem document lacks, or tells of the inside."""
    if answer.request.method != "HEAD" and answer.headers.get("content-type", "") != PROBLEM:
        return [f"content-type {answer.headers.get('content-type')}"]
    told = {} if answer.request.method == "HEAD" else answer.json()
    found = [name for name in ("code", "title", "trace_id") if told and not told.get(name)]
    found += ["status"] if told and told["status"] != answer.status_code else []
    return found + [
        word for word in ("Traceback", "site-packages", "asyncpg", "SELECT ") if word in answer.text
    ]


async def asked(
    http: httpx.AsyncClient, method: str, path: str, headers: dict[str, str], content: bytes | None = None
) -> tuple[int, list[str]]:
    """The status of an answer, and what is wrong with it."""
    answer = await http.request(method, path, headers=ORIGIN | headers, content=content)
    return answer.status_code, unprotected(answer)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What the applications log of their errors is not looked at: drawing every trace takes minutes."""
    with structlog.testing.capture_logs():
        yield


@pytest.mark.parametrize("service", applications())
async def test_every_answer_of_every_route_is_protected_whatever_goes_wrong(service: str) -> None:
    wrong: list[str] = []
    seen: Counter[int] = Counter()
    http = client(service)
    for method, path, kinds in operations(service):
        too_much = {"Content-Length": str(LARGEST)}
        tries: dict[str, tuple[dict[str, str], bytes | None]] = {
            "without a token": ({}, None),
            "with a bad token": (TOKEN | {"Accept": "text/html"}, b"{}" if kinds else None),
            "too large": (TOKEN | too_much, b"{}"),
        }
        if kinds:
            tries["another kind of content"] = (TOKEN | {"Content-Type": "text/plain"}, b"{}")
        for what, (headers, content) in tries.items():
            status, lacking = await asked(http, method, path, headers, content)
            seen[status] += 1
            wrong += [f"{method} {path} {what} {status}: {lacking}"] if lacking else []
            if what == "too large" and status != 413:
                wrong.append(f"{method} {path} takes {LARGEST} bytes: {status}")
    assert wrong == []
    assert seen[413] > 10
    assert seen[401] > 10
    assert seen[500] > 10, "errors of the service itself were to be seen as well"


@pytest.mark.parametrize("service", applications())
async def test_no_path_takes_a_method_that_it_does_not_name(service: str) -> None:
    known: dict[str, set[str]] = {}
    for method, path, _ in operations(service):
        known.setdefault(path, set()).add(method)
    wrong = []
    http = client(service)
    for path, methods in known.items():
        for method in sorted({"TRACE", "DELETE", "PROPFIND"} - methods):
            status, lacking = await asked(http, method, path, TOKEN)
            wrong += [f"{method} {path}: {status} {lacking}"] if status != 405 or lacking else []
    assert wrong == []


@pytest.mark.parametrize("service", applications())
async def test_no_route_lets_a_page_of_another_origin_in(service: str) -> None:
    async with client(service) as http:
        for method, path, _ in operations(service):
            before = ORIGIN | {"Access-Control-Request-Method": method}
            answer = await http.options(
                path, headers=before | {"Access-Control-Request-Headers": "authorization"}
            )
            assert answer.status_code >= 400, path
            assert not unprotected(answer), path


@pytest.mark.parametrize("service", applications())
async def test_what_is_nowhere_is_answered_like_everything_else(service: str) -> None:
    http = client(service)
    for path in (
        "/nowhere",
        "/..%2f..%2fetc/passwd",
        "/%00",
        "//",
        "/nowhere/%ff",
        "/.git/config",
        "/" + "a" * 5000,
    ):
        for headers in ({}, TOKEN):
            status, lacking = await asked(http, "GET", path, headers)
            assert status in (401, 404, 405, 422), (path, status)
            assert not lacking, path
