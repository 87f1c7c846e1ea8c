"""The bearer token with which this service reads the feeds of the others."""

import time
from pathlib import Path

import httpx

from renkou_common.settings import read_secret
from renkou_reporting.settings import CLIENT_ID

_RENEW_BEFORE_SECONDS = 60


class ServiceToken:
    """Fetches a token at registry-api with the client secret and keeps it until shortly before its end.

    Calling it raises httpx.HTTPError where registry-api cannot be reached or refuses.
    """

    def __init__(self, registry_url: str, secret_file: Path, http: httpx.AsyncClient) -> None:
        self._url = f"{registry_url.rstrip('/')}/auth/token"
        self._secret_file = secret_file
        self._http = http
        self._token = ""
        self._renew_at = 0.0

    async def __call__(self) -> str:
        if time.monotonic() >= self._renew_at:
            body = {"client_id": CLIENT_ID, "client_secret": read_secret(self._secret_file)}
            response = await self._http.post(self._url, json=body)
            response.raise_for_status()
            answer = response.json()
            self._token = answer["access_token"]
            self._renew_at = time.monotonic() + max(answer["expires_in"] - _RENEW_BEFORE_SECONDS, 1)
        return self._token
