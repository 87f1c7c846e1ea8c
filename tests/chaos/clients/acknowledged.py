"""Every write that a service acknowledged to a client, as the client saw it: kept in memory and in a file.

Hooked into the HTTP client of all callers, so that nothing is forgotten. A creation is known by its Idempotency-Key:
what is sent again under it must get the same answer, and what never got one may be there or not, but whole.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

WRITING = ("POST", "PUT", "PATCH", "DELETE")
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
DISTRICT = re.compile(r"/\d{6}(?=/|$)")


@dataclass(frozen=True)
class Write:
    """One acknowledged write. ``step`` is the path with ids replaced, ``target`` the last id in the path."""

    district: str
    service: str
    method: str
    step: str
    key: str
    status: int
    target: str
    id: str
    version: int


@dataclass
class Acknowledged:
    """All of them. ``sent`` counts requests by key, ``contradicted`` says where one key got two answers."""

    file: Path
    places: dict[tuple[str, int], tuple[str, str]] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)
    sent: Counter[str] = field(default_factory=Counter)
    refused: set[str] = field(default_factory=set)
    contradicted: list[str] = field(default_factory=list)
    _by_key: dict[str, Write] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.unlink(missing_ok=True)

    def know(self, urls: Mapping[str, Mapping[str, str]]) -> None:
        """Learn where each district's services are."""
        for district, services in urls.items():
            for service, url in services.items():
                place = httpx.URL(url)
                self.places[place.host, place.port or 0] = district, service

    @property
    def unanswered(self) -> set[str]:
        """Keys that were sent and never got an answer that settles it."""
        return set(self.sent) - set(self._by_key) - self.refused

    @property
    def again(self) -> int:
        """How many requests were sent again under a key that had been sent before."""
        return sum(self.sent.values()) - len(self.sent)

    async def asked(self, request: httpx.Request) -> None:
        """Hook: a request leaves."""
        if key := request.headers.get("Idempotency-Key"):
            self.sent[key] += 1

    async def answered(self, response: httpx.Response) -> None:
        """Hook: an answer has come."""
        request = response.request
        if request.method not in WRITING:
            return
        key = request.headers.get("Idempotency-Key", "")
        if response.is_error:
            if key and response.status_code < 500 and response.status_code not in (401, 429):
                self.refused.add(key)
            return
        await response.aread()
        self.add(request.method, request.url, key, response.status_code, _members(response))

    def add(self, method: str, url: httpx.URL, key: str, status: int, body: Mapping[str, Any]) -> None:
        """Remember one; a key that was acknowledged before must have got the same id."""
        place = self.places.get((url.host, url.port or 0))
        if place is None:
            return
        path = url.path
        found = ID.findall(path)
        version = body.get("version")
        write = Write(
            *place,
            method,
            DISTRICT.sub("/{district}", ID.sub("{id}", path)),
            key,
            status,
            found[-1] if found else "",
            str(body.get("id", "")),
            version if isinstance(version, int) else 0,
        )
        if key and (before := self._by_key.get(key)) is not None:
            if before.id != write.id:
                self.contradicted.append(f"{method} {path} {key}: {before.id}, then {write.id}")
            return
        if key:
            self._by_key[key] = write
        self.writes.append(write)
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(write)) + "\n")

    def created(self, district: str, service: str, step: str) -> set[str]:
        """Ids that a kind of creation was answered with."""
        return {
            write.id
            for write in self.writes
            if (write.district, write.service, write.method, write.step) == (district, service, "POST", step)
        }

    def by_step(self) -> dict[str, int]:
        """How many writes of each kind were acknowledged."""
        return dict(
            sorted(Counter(f"{write.service} {write.method} {write.step}" for write in self.writes).items())
        )


def _members(response: httpx.Response) -> Mapping[str, Any]:
    if not response.content or not response.headers.get("content-type", "").startswith("application/json"):
        return {}
    found = response.json()
    return found if isinstance(found, dict) else {}
