"""Pure ASGI middleware: trace id, the door for callers without a token, limits of body, time and number, headers,
metrics.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from uuid import UUID

import orjson
import structlog
from prometheus_client import Counter, Histogram
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from renkou_common.errors import RenkouError, Unauthenticated
from renkou_common.http.caller import network_of
from renkou_common.http.crowd import Crowd
from renkou_common.http.language import caller_language
from renkou_common.http.origin import note_origin
from renkou_common.http.problems import new_trace_id, prefers_chinese, refusal, refused
from renkou_common.http.rates import RateLimiter, policy
from renkou_common.http.receiving import Incoming
from renkou_common.http.refusals import Refusal, body_too_large, overloaded, took_too_long
from renkou_common.http.surface import EXEMPT_PATHS, Surface, rate_class, seen_through_proxies

log = structlog.get_logger()
TRACE_PARENT = re.compile(r"^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$")
REQUEST_SECONDS = Histogram(
    "renkou_http_request_seconds", "Time to answer a request", ["method", "route", "status"]
)
TURNED_AWAY = Counter("renkou_http_turned_away", "Readings refused unread while the service was busy")
_TRACE_ID = b"0" * 32
SECURE_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    (
        b"content-security-policy",
        b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; script-src 'none';"
        b" object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
]
"""What each answer gets unless it says otherwise itself, as the public page does."""
HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


def _turned_away(*, https: bool) -> bytes:
    """Return the whole answer to who is turned away, with a place for the trace id."""
    refusal = overloaded()
    both = {
        name: f"{text.zh} / {text.en}" for name, text in (("title", refusal.title), ("detail", refusal.text))
    }
    body = orjson.dumps(
        {
            "type": f"urn:renkou:problem:{refusal.code}",
            "title": both["title"],
            "status": refusal.status_code,
            "code": refusal.code,
            "detail": both["detail"],
            "trace_id": _TRACE_ID.decode(),
        }
    )
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        *((name.lower().encode(), value.encode()) for name, value in (refusal.headers or {}).items()),
        *SECURE_HEADERS,
        (b"cache-control", b"no-store"),
        *([HSTS] if https else []),
        (b"x-trace-id", _TRACE_ID),
    ]
    head = b"".join(b"%b: %b\r\n" % header for header in headers)
    return b"HTTP/1.1 503 Service Unavailable\r\n" + head + b"\r\n" + body


CORS_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CORS_TAKEN = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Traceparent")
CORS_SHOWN = (
    *(
        "ETag",
        "Location",
        "Retry-After",
        "RateLimit",
        "RateLimit-Policy",
        "X-Trace-Id",
        "Content-Disposition",
    ),
    "Idempotent-Replayed",
)
STRANGERS_PLACES = 4
"""Strangers are known by their address, which an office or a village may share: so many times one caller's places."""

PUBLIC_PATHS = (
    "/health/",
    "/metrics",
    "/docs",
    "/openapi.json",
    "/.well-known/",
    "/auth/token",
    "/auth/refresh",
    "/auth/oidc",
    "/public/",
    "/published/keys",
    "/verify",
)


type KnownCaller = Callable[[str], tuple[UUID, str] | None]
"""Returns whose a bearer token is and of which kind of caller, where this process has found it good before."""


type Proof = Callable[[str | None], Awaitable[object]]
"""Finds out whether an Authorization header is good; raises what a route would raise where it is not."""


def _nobody(_: str) -> None:
    return None


def _nobody_waits() -> int:
    return 0


_READING, _HEAD_END = b"GET /", b"\r\n\r\n"
_TO_BE_READ = (b"\r\nconnection: close", b"\r\ntransfer-encoding:", b"\r\norigin:")
_SERVED_WHILE_BUSY = tuple(f"GET {path}".encode() for path in EXEMPT_PATHS)


async def _unproven(_: str | None) -> None:
    return


class Edge:
    """Outermost layer of a service. ``limits`` maps paths, or what they begin with where that ends in a slash, to body
    limits in bytes; larger bodies than the usual are received from whom ``proof`` knows. Without ``rates`` the number
    of requests is not limited. While as many as the surface says stand in ``line`` for the
    database, nothing new is taken on.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        default_limit: int | None = None,
        limits: Mapping[str, int] | None = None,
        surface: Surface | None = None,
        known: KnownCaller = _nobody,
        proof: Proof = _unproven,
        rates: RateLimiter | None = None,
        line: Callable[[], int] = _nobody_waits,
    ) -> None:
        self._app = app
        self._surface = surface or Surface()
        self._default_limit = default_limit or self._surface.body_bytes
        self._limits = dict(limits or {})
        self._known = known
        self._proof = proof
        self._rates = rates
        self._line = line
        self._coming = 0
        self._turned_away = _turned_away(https=self._surface.https)
        self._crowd = Crowd(self._surface)
        self._inner: ASGIApp = self._admit
        if self._surface.cors_origins:
            self._inner = CORSMiddleware(
                self._admit,
                allow_origins=self._surface.cors_origins,
                allow_methods=CORS_METHODS,
                allow_headers=CORS_TAKEN,
                expose_headers=CORS_SHOWN,
                allow_credentials=False,
            )

    def turn_away(self, data: bytes) -> bytes | None:
        """Return the whole answer for what has just come on an idle connection while the service is busy, None for
        what is to be read and answered as usual.

        A reading that is refused the usual way costs a third of one that is carried out, so that three times the load
        would leave hardly anything served. Only heads of readings that came in one piece are taken so; everything else
        waits to be read and meets the same refusal later.
        """
        coming, surface = self._coming, self._surface
        if self._line() + coming < surface.line and self._crowd.size + coming < surface.at_once:
            if not self._coming:
                asyncio.get_running_loop().call_soon(self._came)
            self._coming += 1  # it will stand in line, once everything that has come at this moment is read
            return None
        if not data.startswith(_READING) or data.startswith(_SERVED_WHILE_BUSY):
            return None
        if data.find(_HEAD_END) != len(data) - len(_HEAD_END):
            return None
        head = data.lower()
        if any(each in head for each in _TO_BE_READ):
            return None
        TURNED_AWAY.inc()
        return self._turned_away.replace(_TRACE_ID, new_trace_id().encode())

    def _came(self) -> None:
        self._coming = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace_id = self._trace_id(scope)
        scope["renkou.trace_id"] = trace_id
        caller_language.set("zh-CN" if _speaks_chinese(scope) else "en")
        if self._surface.trusted_proxies:
            seen_through_proxies(scope, self._surface.trusted_proxies)
        note_origin(scope, trace_id)
        hsts = self._surface.https or scope.get("scheme") == "https"
        started = time.perf_counter()
        status = 500
        answered = False

        async def marked_send(message: Message) -> None:
            nonlocal status, answered
            answered = answered or (message["type"] == "http.response.body" and not message.get("more_body"))
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", []))
                names = {name.lower() for name, _ in headers}
                headers += [(name, value) for name, value in SECURE_HEADERS if name not in names]
                if b"cache-control" not in names:
                    headers.append((b"cache-control", b"no-store"))
                if hsts:
                    headers.append(HSTS)
                headers.append((b"x-trace-id", trace_id.encode()))
                message["headers"] = headers
            await send(message)

        try:
            await self._inner(scope, receive, marked_send)
        except Exception as error:
            # The application raises again what it has logged and answered; the server would log it once more
            # and close a connection that further requests may use.
            if not answered:
                log.error("no answer", exc_info=error, trace_id=trace_id)
                raise
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            elapsed = time.perf_counter() - started
            _seconds(scope["method"], route, status).observe(elapsed)
            log.debug("request", method=scope["method"], route=route, status=status, trace_id=trace_id)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request as far as the limits let it in."""
        begun = goes_on = False
        budget: list[tuple[bytes, bytes]] = []
        limit = self._limit(scope["path"])
        incoming = Incoming(receive, self._surface, limit, is_json=b"json" in _content_type(scope))

        async def timed_send(message: Message) -> None:
            nonlocal begun, goes_on
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = headers = [*message.get("headers", []), *budget]
                more = all(name != b"content-length" for name, _ in headers)
            else:
                more = message.get("more_body", False)
            if more and not goes_on:  # an answer that leaves at once needs no second timer
                goes_on = True
                incoming.more_time(self._surface.stream_seconds)
            await send(message)

        try:
            if not self._may_enter(scope):
                missing = Unauthenticated("token_missing", "请先登录", "A bearer token is required")
                await refusal(Request(scope), missing)(scope, receive, timed_send)
            elif self._declared(scope) > limit:
                raise body_too_large(limit)
            elif scope["path"].startswith(EXEMPT_PATHS):
                await self._app(scope, incoming.receive, timed_send)
            else:
                await self._in_turn(scope, incoming, timed_send, budget)
        except (Refusal, RenkouError) as error:
            if begun:
                raise
            request = Request(scope)
            answer = refused(request, error) if isinstance(error, Refusal) else refusal(request, error)
            await answer(scope, receive, timed_send)

    async def _in_turn(
        self, scope: Scope, incoming: Incoming, send: Send, budget: list[tuple[bytes, bytes]]
    ) -> None:
        """Count the request, wait for a place, and carry it out within its time."""
        if self._line() >= self._surface.line:
            raise overloaded()
        caller, kind = self._caller(scope)
        if self._rates is not None:
            budget += await self._counted(scope, caller, kind)
        places = self._surface.caller_at_once
        await self._crowd.enter(caller, places if kind == "staff" else STRANGERS_PLACES * places)
        try:
            async with asyncio.timeout(self._surface.request_seconds) as clock:
                incoming.clock = clock
                if self._limit(scope["path"]) > self._default_limit:
                    await self._proof(_authorization(scope))
                await self._app(scope, incoming.receive, send)
        except TimeoutError:
            if not clock.expired():
                raise
            raise took_too_long(self._surface.request_seconds) from None
        finally:
            incoming.clock = None
            self._crowd.leave(caller)

    async def _counted(self, scope: Scope, caller: str, kind: str) -> list[tuple[bytes, bytes]]:
        assert self._rates is not None
        name = rate_class(scope["method"], scope["path"])
        if name == "sign_in":
            caller = _network(scope)  # whoever signs in, with whatever token
        per_minute = self._surface.rates.get(name, 0)
        if kind == "service" and name != "sign_in":
            per_minute = self._surface.service_rate
        if not per_minute:
            return []
        left = await self._rates.count(name, caller, per_minute)
        return [(b"ratelimit-policy", policy(name, per_minute).encode()), (b"ratelimit", left.encode())]

    def _caller(self, scope: Scope) -> tuple[str, str]:
        """Return who is asking, as far as it is known for sure: by a token found good before, else by address."""
        shown = _authorization(scope)
        found = None if shown is None else self._known(shown.partition(" ")[2].strip())
        if found is None:
            return _network(scope), "stranger"
        return str(found[0]), "service" if found[1] == "service" else "staff"

    def _limit(self, path: str) -> int:
        for place, limit in self._limits.items():
            if path == place or (place.endswith("/") and path.startswith(place)):
                return limit
        return self._default_limit

    @staticmethod
    def _may_enter(scope: Scope) -> bool:
        """Whether a path is public or some token is shown; whether it is good is for the route to say.

        Without this, FastAPI would tell a stranger what is wrong with a body before asking who it is.
        """
        if scope["path"].startswith(PUBLIC_PATHS):
            return True
        return _authorization(scope) is not None

    @staticmethod
    def _declared(scope: Scope) -> int:
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit():
                return int(value)
        return 0

    @staticmethod
    def _trace_id(scope: Scope) -> str:
        for name, value in scope["headers"]:
            if name == b"traceparent":
                match = TRACE_PARENT.match(value.decode("latin-1"))
                if match:
                    return match.group(1)
        return new_trace_id()


@lru_cache(maxsize=1024)
def _seconds(method: str, route: str, status: int) -> Histogram:
    """Return what counts such requests: looking it up by its labels takes longer than counting."""
    return REQUEST_SECONDS.labels(method, route, str(status))


def _speaks_chinese(scope: Scope) -> bool:
    for name, value in scope["headers"]:
        if name == b"accept-language":
            return prefers_chinese(value.decode("latin-1"))
    return prefers_chinese("")


def _authorization(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"authorization":
            shown: str = value.decode("latin-1")
            return shown
    return None


def _content_type(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"content-type":
            lowered: bytes = value.lower()
            return lowered
    return b""


def _network(scope: Scope) -> str:
    client = scope.get("client")
    return network_of(client[0]) if client else "unknown"
