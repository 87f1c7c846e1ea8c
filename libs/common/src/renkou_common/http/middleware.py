"""Pure ASGI middleware: trace id, the door for callers without a token, body limit, headers, metrics."""

import re
import time
from collections.abc import Mapping

import structlog
from prometheus_client import Histogram
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from renkou_common.errors import Unauthenticated
from renkou_common.http.language import caller_language
from renkou_common.http.origin import note_origin
from renkou_common.http.problems import new_trace_id, refusal, wants_chinese

log = structlog.get_logger()
TRACE_PARENT = re.compile(r"^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$")
REQUEST_SECONDS = Histogram(
    "renkou_http_request_seconds", "Time to answer a request", ["method", "route", "status"]
)
SECURE_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (
        b"content-security-policy",
        b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
    ),
]


PUBLIC_PATHS = (
    "/health/",
    "/metrics",
    "/docs",
    "/openapi.json",
    "/.well-known/",
    "/auth/token",
    "/public/",
    "/published/keys",
    "/verify",
)


class BodyTooLargeError(HTTPException):
    """The body passed the limit while it was being read; an HTTPException, as FastAPI hides any other."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"the body is larger than {limit} bytes")


class Edge:
    """Outermost layer of a service. ``limits`` maps path prefixes to body limits in bytes."""

    def __init__(
        self, app: ASGIApp, *, default_limit: int = 1 << 20, limits: Mapping[str, int] | None = None
    ) -> None:
        self._app = app
        self._default_limit = default_limit
        self._limits = dict(limits or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace_id = self._trace_id(scope)
        scope["renkou.trace_id"] = trace_id
        note_origin(scope, trace_id)
        caller_language.set("zh-CN" if wants_chinese(Request(scope)) else "en")
        limit = self._limit(scope["path"])
        started = time.perf_counter()
        status = 500
        seen = 0
        answered = False

        async def limited_receive() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise BodyTooLargeError(limit)
            return message

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
                headers.append((b"x-trace-id", trace_id.encode()))
                message["headers"] = headers
            await send(message)

        try:
            if not self._may_enter(scope):
                missing = Unauthenticated("token_missing", "请先登录", "A bearer token is required")
                await refusal(Request(scope), missing)(scope, limited_receive, marked_send)
            elif self._declared(scope) > limit:
                await _refuse_body(marked_send, limit)
            else:
                await self._app(scope, limited_receive, marked_send)
        except BodyTooLargeError:
            await _refuse_body(marked_send, limit)
        except Exception as error:
            # The application raises again what it has logged and answered; the server would log it once more
            # and close a connection that further requests may use.
            if not answered:
                log.error("no answer", exc_info=error, trace_id=trace_id)
                raise
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            elapsed = time.perf_counter() - started
            REQUEST_SECONDS.labels(scope["method"], route, str(status)).observe(elapsed)
            log.debug("request", method=scope["method"], route=route, status=status, trace_id=trace_id)

    def _limit(self, path: str) -> int:
        for prefix, limit in self._limits.items():
            if path.startswith(prefix):
                return limit
        return self._default_limit

    @staticmethod
    def _may_enter(scope: Scope) -> bool:
        """Whether a path is public or some token is shown; whether it is good is for the route to say.

        Without this, FastAPI would tell a stranger what is wrong with a body before asking who it is.
        """
        if scope["path"].startswith(PUBLIC_PATHS):
            return True
        return any(name == b"authorization" for name, _ in scope["headers"])

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


async def _refuse_body(send: Send, limit: int) -> None:
    detail = f"请求体超过 {limit} 字节 / the body is larger than {limit} bytes"
    body = (
        '{"type":"urn:renkou:problem:body_too_large","title":"请求体过大 / The body is too large",'
        f'"status":413,"code":"body_too_large","detail":"{detail}"}}'
    ).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
