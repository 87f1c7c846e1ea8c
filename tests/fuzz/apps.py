"""The three services' applications in this process, on the node's databases, reached as a server would reach them."""

import asyncio
import json
import time
from contextlib import AsyncExitStack
from typing import Any, cast
from urllib.parse import unquote

import requests
import structlog
import uvloop
from fastapi import FastAPI
from schemathesis.core.transport import Response
from starlette.types import ASGIApp, Message

from renkou_common.http.middleware import Edge
from renkou_migrant.main import create_app as migrant_app
from renkou_migrant.settings import MigrantSettings
from renkou_registry.main import BODY_LIMITS
from renkou_registry.main import create_app as registry_app
from renkou_registry.settings import RegistrySettings
from renkou_reporting.main import build_application as reporting_app
from renkou_reporting.settings import ReportingSettings
from tests.fuzz.world import Credentials, World

BASE = "http://node"
_RENEW_SECONDS = 400.0
_PATIENCE_SECONDS = 60.0


class Apps:
    """``send`` asks a service; callers' tokens are fetched and renewed here."""

    def __init__(self, world: World) -> None:
        self._loop = uvloop.new_event_loop()
        self._world = world
        self._stack = AsyncExitStack()
        self._edges: dict[str, ASGIApp] = {}
        self.documents: dict[str, dict[str, Any]] = {}
        self._tokens: dict[str, tuple[str, float]] = {}
        self.errors: list[str] = []
        """What the applications logged as errors since the last look."""
        structlog.configure(processors=[structlog.processors.format_exc_info, self._note])

    def open(self) -> None:
        """Connect the applications to their databases."""
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._open())

    def close(self) -> None:
        """Close what was opened."""
        self._loop.run_until_complete(self._stack.aclose())
        self._loop.close()

    def send(self, service: str, request: requests.PreparedRequest) -> Response:
        """Return the answer to a request; raises TimeoutError after a minute."""
        started = time.perf_counter()
        status, headers, body = self._loop.run_until_complete(
            asyncio.wait_for(self._ask(self._edges[service], request), _PATIENCE_SECONDS)
        )
        named: dict[str, list[str]] = {}
        for name, value in headers:
            named.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
        return Response(status, named, body, request, time.perf_counter() - started, verify=False)

    def authorization(self, caller: Credentials) -> str | None:
        """Return the value of the Authorization header of a caller, None without a token."""
        if caller.token:
            return f"Bearer {caller.token}"
        if caller.body is None:
            return None
        token, until = self._tokens.get(caller.name, ("", 0.0))
        if time.monotonic() > until:
            token = self._sign_in(caller)
            self._tokens[caller.name] = (token, time.monotonic() + _RENEW_SECONDS)
        return f"Bearer {token}"

    def refused(self, caller: Credentials) -> None:
        """A token was not good any longer: have another one next time."""
        token, until = self._tokens.get(caller.name, ("", 0.0))
        self._tokens[caller.name] = (token, min(until, time.monotonic() + 1.0))

    def last_errors(self) -> list[str]:
        """Return what was logged since, and forget it."""
        found, self.errors = self.errors, []
        return found

    def _sign_in(self, caller: Credentials) -> str:
        asked = requests.Request("POST", f"{BASE}/auth/token", json=caller.body).prepare()
        answer = self.send("registry", asked)
        return (
            str(json.loads(answer.content).get("access_token", "none"))
            if answer.status_code == 200
            else "none"
        )

    def _note(self, _: Any, method: str, event: Any) -> Any:
        if method in ("error", "critical", "exception"):
            text = str(event.get("exception", ""))[-1500:]
            self.errors = [*self.errors[-5:], f"{event.get('event')}: {text}"]
        raise structlog.DropEvent

    async def _open(self) -> None:
        made = {
            "registry": registry_app(RegistrySettings.model_validate(self._given("registry"))),
            "migrant": migrant_app(MigrantSettings.model_validate(self._given("migrant"))),
            "reporting": reporting_app(ReportingSettings.model_validate(self._given("reporting"))),
        }
        limits = {"registry": BODY_LIMITS, "migrant": {"/trust-list": 33 << 20}}
        for name, app in made.items():
            await self._start(name, app, limits.get(name))

    async def _start(self, name: str, app: FastAPI, limits: dict[str, int] | None) -> None:
        await self._stack.enter_async_context(app.router.lifespan_context(app))
        self._edges[name] = Edge(app, limits=limits)
        self.documents[name] = app.openapi()

    def _given(self, service: str) -> dict[str, str]:
        return {
            name.removeprefix("RENKOU_").lower(): value
            for name, value in self._world.environments[service].items()
        }

    async def _ask(
        self, app: ASGIApp, request: requests.PreparedRequest
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        target = (request.url or "").removeprefix(BASE)
        raw, _, query = target.partition("?")
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else cast(bytes, body)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": unquote(raw),
            "raw_path": raw.encode("ascii", "replace"),
            "query_string": query.encode("ascii", "replace"),
            "root_path": "",
            "headers": [(_bytes(name).lower(), _bytes(value)) for name, value in request.headers.items()],
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 80),
        }
        given = iter([{"type": "http.request", "body": content, "more_body": False}])
        ended = asyncio.Event()
        status, headers, parts = 0, [], bytearray()

        async def receive() -> Message:
            for message in given:
                return message
            await ended.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], list(message.get("headers", []))
            else:
                parts.extend(message.get("body", b""))
                if not message.get("more_body"):
                    ended.set()

        try:
            await app(scope, receive, send)
        except Exception as error:  # uvicorn would answer so
            self.errors.append(f"raised to the server: {error!r}")
            return 500, headers, bytes(parts)
        return status, headers, bytes(parts)


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1", "replace")
