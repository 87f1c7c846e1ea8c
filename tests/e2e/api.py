"""A caller of the JSON APIs, as a front end would be: a token, an Idempotency-Key per creation, problems."""

import asyncio
import time
from typing import Any
from uuid import uuid4

import httpx

type Json = dict[str, Any]


class ApiError(Exception):
    """An answer that is a problem; ``status``, ``code`` and the whole document."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        is_json = "json" in response.headers.get("content-type", "")
        self.problem: Json = response.json() if is_json else {"detail": response.text[:500]}
        self.code = str(self.problem.get("code", ""))
        request = response.request
        sent = request.content[:300].decode(errors="replace")
        super().__init__(f"{request.method} {request.url.path}: {self.status} {self.problem} after {sent}")


class Api:
    """One signed-in caller of one node's three services.

    With ``patience`` a request that got no answer or a 5xx is sent again with the same headers for so many
    seconds, as a front end with a bad line would; the Idempotency-Key makes that safe.
    """

    def __init__(
        self, http: httpx.AsyncClient, urls: dict[str, str], *, patience: float = 0.0, token: str = ""
    ) -> None:
        self._http = http
        self.urls = urls
        self.token = token
        self.patience = patience
        self.acknowledged = 0
        self._renewing = asyncio.Lock()
        self._credentials: tuple[str, str] | None = None

    async def sign_in(self, username: str, password: str) -> Json:
        """Fetch a token with a user name and a password and use it from now on."""
        self._credentials = (username, password)
        body = {"username": username, "password": password}
        response = await self.request("POST", "registry", "/auth/token", json=body, anonymous=True)
        answer = dict(response.json())
        self.token = str(answer["access_token"])
        return answer

    async def _renew(self, ended: str) -> bool:
        """Sign in again for a token that has ended, once for all who had it; False where that is not possible."""
        if not ended or self._credentials is None:
            return False
        async with self._renewing:
            if self.token == ended:
                await self.sign_in(*self._credentials)
        return True

    async def request(
        self, method: str, service: str, path: str, *, anonymous: bool = False, **options: Any
    ) -> httpx.Response:
        """Send one request; signs in again once when the token ran out; raises ApiError for a problem."""
        headers = {"Accept-Language": "en"} | dict(options.pop("headers", {}))
        deadline = time.monotonic() + self.patience
        attempts = 0
        renewed = False
        while True:
            attempts += 1
            token = "" if anonymous else self.token
            if token:
                headers["Authorization"] = f"Bearer {token}"
            try:
                response = await self._http.request(
                    method, self.urls[service] + path, headers=headers, timeout=60, **options
                )
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
            else:
                if response.status_code == 401 and not renewed and await self._renew(token):
                    renewed = True
                    continue
                if response.status_code < 500 or time.monotonic() > deadline:
                    break
            await asyncio.sleep(0.2)
        # Sent again after a lost answer: the first one had been carried out.
        done_before = attempts - renewed > 1 and "If-Match" in headers and response.status_code in {409, 412}
        if response.is_error and not done_before:
            raise ApiError(response)
        self.acknowledged += "Idempotency-Key" in headers
        return response

    async def get(self, service: str, path: str, **params: Any) -> Json:
        """Read a resource as JSON; parameters that are None are left out."""
        given = {name: value for name, value in params.items() if value is not None}
        return dict((await self.request("GET", service, path, params=given)).json())

    async def text(self, service: str, path: str, **params: Any) -> str:
        """Read a resource as text."""
        return (await self.request("GET", service, path, params=params)).text

    async def content(self, service: str, path: str, **params: Any) -> bytes:
        """Read a resource as bytes."""
        return (await self.request("GET", service, path, params=params)).content

    async def post(
        self, service: str, path: str, body: Json, *, key: str | None = "", version: int | None = None
    ) -> Json:
        """Create or do something; a fresh Idempotency-Key unless one is given or None."""
        headers = {} if key is None else {"Idempotency-Key": key or str(uuid4())}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        response = await self.request("POST", service, path, json=body, headers=headers)
        return dict(response.json()) if response.content else {}

    async def pages(self, service: str, path: str, **params: Any) -> list[Json]:
        """Read a whole list, page by page."""
        items: list[Json] = []
        after: str | None = None
        for _ in range(10_000):
            page = await self.get(service, path, **params, after=after)
            items += page["items"]
            after = page.get("next")
            if not after:
                break
        return items
