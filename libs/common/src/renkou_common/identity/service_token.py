"""A service's own bearer token: fetched at registry-api with its client secret, kept until shortly before its end."""

import time
from pathlib import Path

import httpx

from renkou_common.errors import Unavailable
from renkou_common.settings import read_secrets

_RENEW_BEFORE_SECONDS = 60.0


class ServiceToken:
    """Calling it returns a token with some life left.

    The secret is read from its file each time a token is fetched, so that a new one needs no restart: the first line,
    where two are in force.
    """

    def __init__(self, registry_url: str, client_id: str, secret_file: Path, http: httpx.AsyncClient) -> None:
        self._url = f"{registry_url.rstrip('/')}/auth/token"
        self._client_id = client_id
        self._secret_file = secret_file
        self._http = http
        self._token = ""
        self._renew_at = 0.0

    async def __call__(self) -> str:
        """Return a token; raises Unavailable where registry-api gives none."""
        if time.monotonic() >= self._renew_at:
            self._token, lifetime = await self._fetch()
            self._renew_at = time.monotonic() + max(lifetime - _RENEW_BEFORE_SECONDS, lifetime / 2)
        return self._token

    def forget(self) -> None:
        """Fetch a new token next time (the last one was refused)."""
        self._renew_at = 0.0

    async def _fetch(self) -> tuple[str, float]:
        body = {"client_id": self._client_id, "client_secret": read_secrets(self._secret_file)[0]}
        try:
            response = await self._http.post(self._url, json=body)
            response.raise_for_status()
            answer = response.json()
            return str(answer["access_token"]), float(answer["expires_in"])
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise Unavailable(
                "service_token_unavailable",
                "人口登记服务未签发本服务的凭证",
                f"registry-api gave this service no token: {error!r}",
            ) from error
