"""One signed-in caller of a node, with the version of what is changed and the refusal of what is not."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from tests.e2e.api import Api, ApiError, Json


@dataclass
class Caller:
    """Somebody at a front end: staff, a person, a service."""

    api: Api

    async def send(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        version: int | None = None,
        key: str | None = None,
        service: str = "registry",
        **more: Any,
    ) -> httpx.Response:
        """Send a request; a creation under ``key`` or a fresh one, a change at ``version``."""
        headers = {"Idempotency-Key": key or str(uuid4())} if method == "POST" else {}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        if body is not None:
            more["json"] = body
        headers |= more.pop("headers", {})
        return await self.api.request(method, service, path, headers=headers, **more)

    async def get(self, path: str, *, service: str = "registry", **params: Any) -> Json:
        """Read JSON; parameters that are None are left out."""
        return await self.api.get(service, path, **params)

    async def items(self, path: str, *, service: str = "registry", **params: Any) -> list[Json]:
        """Read a whole list, page by page."""
        return await self.api.pages(service, path, **params)

    async def content(self, path: str, *, service: str = "registry", **params: Any) -> bytes:
        """Read a file."""
        return await self.api.content(service, path, **params)

    async def post(self, path: str, body: Json | None = None, **more: Any) -> Json:
        """Create or do something; returns the answer, nothing for none."""
        return _json(await self.send("POST", path, body, **more))

    async def patch(self, path: str, body: Json, version: int, **more: Any) -> Json:
        """Change what was read at a version."""
        return _json(await self.send("PATCH", path, body, version=version, **more))

    async def put(self, path: str, body: Json, **more: Any) -> Json:
        """Put something in a place."""
        return _json(await self.send("PUT", path, body, **more))

    async def refused(
        self, method: str, path: str, body: Json | None = None, **more: Any
    ) -> tuple[int, str, Json]:
        """Status, code and the whole problem of a request that must not go through."""
        try:
            answer = await self.send(method, path, body, **more)
        except ApiError as error:
            return error.status, error.code, error.problem
        raise AssertionError(f"{method} {path} went through: {answer.status_code} {answer.text[:300]}")


def _json(response: httpx.Response) -> Json:
    return dict(response.json()) if response.content else {}
