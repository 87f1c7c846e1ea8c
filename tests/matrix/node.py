"""A district's three services in one process, on databases of their own, with everybody's rights spread at once."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from datetime import time as hour
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import httpx
from fastapi import FastAPI

from renkou_common.database import Database
from renkou_common.messaging import inbox
from renkou_common.messaging.feed import parse_envelopes
from renkou_common.messaging.inbox import Apply
from renkou_common.scope import AreaScope
from renkou_local import keys
from renkou_local.databases import SERVICES, DatabaseAccess
from renkou_local.node import Brokers, NodeConfig
from renkou_local.ports import PortBook
from renkou_migrant.bootstrap import open_runtime as open_migrant
from renkou_migrant.consumers import registry_handler
from renkou_migrant.main import create_app as migrant_app
from renkou_migrant.settings import MigrantSettings
from renkou_registry.main import create_app as registry_app
from renkou_registry.settings import RegistrySettings
from renkou_reporting.main import build_application as reporting_app
from renkou_reporting.settings import ReportingSettings
from renkou_reporting.subscriptions import APPLY
from tests.e2e.api import Api
from tests.e2e.journey import SHANGHAI
from tests.e2e.office import first_sign_in
from tests.e2e.register.caller import Caller
from tests.e2e.register.support import DISTRICT, FIRST_DAY, STAFF, Walk

DatabaseFactory = Callable[..., Awaitable[DatabaseAccess]]
_NOWHERE = Brokers("nats://127.0.0.1:1", "nats://127.0.0.1:1")
_NUMBERED = """
UPDATE outbox o SET feed_seq = n.number FROM (
    SELECT position, (SELECT coalesce(max(feed_seq), 0) FROM outbox) + row_number() OVER (ORDER BY position) AS number
    FROM outbox WHERE feed_seq IS NULL
) AS n WHERE o.position = n.position
"""


@dataclass
class Node:
    """Migrated databases of a district and the settings of its services; applications run by :meth:`serving`."""

    config: NodeConfig
    databases: dict[str, DatabaseAccess]
    offset_file: Path

    @property
    def urls(self) -> dict[str, str]:
        """Base URLs by service, which only clients of this process reach."""
        return self.config.node().urls

    async def owner(self, service: str) -> "asyncpg.Connection[asyncpg.Record]":
        """A connection of the role that owns a service's database."""
        return await asyncpg.connect(self.databases[service].owner_url)

    async def app(self, service: str) -> "asyncpg.Connection[asyncpg.Record]":
        """A connection of the role that the service uses."""
        return await asyncpg.connect(self.databases[service].app_url)

    def move_clock(self, day: date) -> None:
        """Let it be ten in the morning of a day in every service."""
        instant = datetime.combine(day, hour(10), SHANGHAI)
        partial = self.offset_file.with_suffix(".partial")
        partial.write_text(repr(instant.timestamp() - time.time()), encoding="ascii")
        partial.rename(self.offset_file)

    def settings(self, service: str, database_url: str | None = None) -> dict[str, str]:
        """What a service's HTTP process is told, by the names of its settings."""
        environment = self.config.environment(service, "main", self.databases[service], _NOWHERE)
        given = {name.removeprefix("RENKOU_").lower(): value for name, value in environment.items()}
        given["database_url"] = database_url or self.databases[service].app_url
        del given["database_password_file"]
        return given

    async def migrate(self) -> None:
        """Bring the databases to where the services need them."""

        async def one(service: str) -> None:
            environment = self.config.environment(service, "migrate", self.databases[service], _NOWHERE)
            environment |= {
                "RENKOU_DATABASE_URL": self.databases[service].app_url,
                "RENKOU_MIGRATION_DATABASE_URL": self.databases[service].owner_url,
            }
            for name in ("RENKOU_DATABASE_PASSWORD_FILE", "RENKOU_MIGRATION_DATABASE_PASSWORD_FILE"):
                del environment[name]
            module = f"renkou_{service}.migrate"
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", module, env=os.environ | environment
            )
            assert await process.wait() == 0

        await asyncio.gather(*map(one, SERVICES))

    @asynccontextmanager
    async def serving(self, database_urls: Mapping[str, str] | None = None) -> AsyncIterator["Services"]:
        """The three applications; ``database_urls`` replaces the app role's own."""
        urls = dict(database_urls or {})
        node = _Inside({httpx.URL(url).port: service for service, url in self.urls.items()})

        def told(service: str) -> dict[str, str]:
            return self.settings(service, urls.get(service))

        async with AsyncExitStack() as stack:
            migrant_settings = MigrantSettings.model_validate(told("migrant"))
            migrant = await stack.enter_async_context(open_migrant(migrant_settings, transport=node))
            apps = {
                "registry": registry_app(RegistrySettings.model_validate(told("registry"))),
                "migrant": migrant_app(migrant_settings, migrant),
                "reporting": reporting_app(
                    ReportingSettings.model_validate(told("reporting")), httpx.AsyncClient(transport=node)
                ),
            }
            for name, app in apps.items():
                node.transports[name] = httpx.ASGITransport(app, raise_app_exceptions=False)
                await stack.enter_async_context(app.router.lifespan_context(app))
            client = httpx.AsyncClient(transport=node, timeout=60)
            yield Services(self, apps, await stack.enter_async_context(client))


class _Inside(httpx.AsyncBaseTransport):
    """Requests to the node's ports go to its applications in this process."""

    def __init__(self, services: Mapping[int | None, str]) -> None:
        self.transports: dict[str, httpx.AsyncBaseTransport] = {}
        self._services = services

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self.transports[self._services[request.url.port]].handle_async_request(request)


@dataclass
class Services:
    """Running applications of a node by name, and a client that reaches them."""

    node: Node
    apps: dict[str, FastAPI]
    http: httpx.AsyncClient

    @property
    def databases(self) -> dict[str, Database]:
        """The pool of each service."""
        return {name: app.state.runtime.database for name, app in self.apps.items()}

    async def spread(self) -> None:
        """Hand everything that the register has published to the other services, as its relay would."""
        owner = await self.node.owner("registry")
        try:
            await owner.execute(_NUMBERED)
            rows = await owner.fetch("SELECT body FROM outbox WHERE feed_seq IS NOT NULL ORDER BY feed_seq")
        finally:
            await owner.close()
        events = await _complete(self.http, self.node, len(rows))
        taking: dict[str, Apply] = {
            "migrant": registry_handler(self.apps["migrant"].state.runtime),
            "reporting": APPLY["registry"],
        }
        for service, apply in taking.items():
            async with self.databases[service].transaction(AreaScope.everything()) as tx:
                high = await inbox.high_water(tx, "registry")
                await inbox.take_in(tx, "registry", [each for each in events if each.seq > high], apply)


async def _complete(http: httpx.AsyncClient, node: Node, count: int) -> list[Any]:
    token = await service_token(http, node, "reporting-worker")
    events: list[Any] = []
    while len(events) < count:
        after = events[-1].seq if events else 0
        answer = await http.get(
            f"{node.urls['registry']}/feeds/registry",
            params={"after": after, "limit": 1000},
            headers={"Authorization": f"Bearer {token}", "Accept": "application/x-ndjson"},
        )
        events += await parse_envelopes(answer.content.split(b"\n")[1:])
    return events


async def service_token(http: httpx.AsyncClient, node: Node, client: str) -> str:
    """A bearer token of one of the node's services."""
    secret = (node.config.secrets / f"{client}_secret").read_text(encoding="utf-8").strip()
    body = {"client_id": client, "client_secret": secret}
    answer = await http.post(f"{node.urls['registry']}/auth/token", json=body)
    return str(answer.json()["access_token"])


@dataclass
class Office(Walk):
    """The office of the end-to-end tests, with its services in this process."""

    services: Services = field(kw_only=True)

    @property
    def urls(self) -> dict[str, str]:
        return self.services.node.urls

    async def open(self) -> None:
        """Bring the office to work."""
        await self.move_clock(FIRST_DAY)
        secret = (self.services.node.config.secrets / "administrator_secret").read_text("utf-8").strip()
        opened = await first_sign_in(self.http, self.urls, "administrator", secret, 0)
        self.staff["administrator"] = Caller(opened)
        for name, assignment in STAFF.items():
            self.staff[name] = await self.employ(assignment)
        await self.services.spread()

    async def service(self, client: str) -> Caller:
        """Sign in as one of the node's own services."""
        token = await service_token(self.http, self.services.node, client)
        return Caller(Api(self.http, self.urls, token=token))

    async def move_clock(self, day: date) -> None:
        """Let it be ten in the morning of a day in every service; never back."""
        self.today = max(day, self.today)
        self.services.node.move_clock(self.today)
        for app in self.services.apps.values():
            app.state.runtime.clock._looked_at = float("-inf")


async def make_node(folder: Path, factory: DatabaseFactory) -> Node:
    """A node of a district with secrets and migrated databases; nothing runs."""
    folder.mkdir(parents=True, exist_ok=True)
    anchor, offset = folder / "anchor.json", folder / "clock"
    anchor.write_text(keys.trust_anchor(), encoding="utf-8")
    config = NodeConfig(DISTRICT, folder, PortBook(folder / "ports.json"), anchor, offset)
    config.prepare()
    databases = {service: await factory(service, DISTRICT) for service in SERVICES}
    node = Node(config, databases, offset)
    node.move_clock(FIRST_DAY)
    await node.migrate()
    return node


def office_of(services: Services) -> Office:
    """An office that nobody works in yet."""
    return Office(services.http, SimpleNamespace(), services=services)  # type: ignore[arg-type]
