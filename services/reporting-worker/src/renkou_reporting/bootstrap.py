"""The one place where a process is put together; nothing connects before :func:`open_runtime`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx

from renkou_common.codes.area import AreaCode
from renkou_common.database import Database
from renkou_common.http.outgoing import ways_to_services
from renkou_common.identity.principal import Identity
from renkou_common.identity.rights import assignment_loader
from renkou_common.identity.service_token import ServiceToken
from renkou_common.identity.sessions import ended_session_gate
from renkou_common.identity.tokens import TokenVerifier
from renkou_common.messaging.consumer import FeedConsumer
from renkou_common.messaging.feed import FeedClient
from renkou_common.messaging.nats_client import NatsClient
from renkou_reporting.accounts.checking import Checker
from renkou_reporting.areas.sync import AreaReader
from renkou_reporting.copies.domain import ALL, FIRST
from renkou_reporting.copies.intake import PartitionedInbox
from renkou_reporting.copies.membership import Membership
from renkou_reporting.facts.consumers import prepare
from renkou_reporting.province.pulling import Puller
from renkou_reporting.rebuild.working import Rebuilder
from renkou_reporting.reconciliation.people import People
from renkou_reporting.reconciliation.register import Register
from renkou_reporting.reconciliation.returns import Returns
from renkou_reporting.reconciliation.working import Reconciler
from renkou_reporting.runtime import CurrentRuntime, Runtime
from renkou_reporting.settings import CLIENT_ID, ReportingSettings
from renkou_reporting.subscriptions import APPLY

__all__ = ["CurrentRuntime", "Runtime", "build_consumers", "build_puller", "build_rebuilder", "open_runtime"]

INTAKE = 2000
"""Events taken in with one transaction at most: the more there are, the fewer sums of a town or a year each."""
_IDLE_SECONDS = 1.0
"""When nothing comes for so long, a feed is looked at over HTTP: a copy's new partitions may be behind."""


def _service_token(settings: ReportingSettings, http: httpx.AsyncClient) -> ServiceToken:
    if settings.service_secret_file is None:
        raise ValueError("RENKOU_SERVICE_SECRET_FILE has to name a file")
    return ServiceToken(settings.registry_url, CLIENT_ID, settings.service_secret_file, http)


def _feeds(settings: ReportingSettings, http: httpx.AsyncClient) -> dict[str, FeedClient]:
    """Return the HTTP side of both feeds: for catching up, for rebuilds, for their heads."""
    token = _service_token(settings, http)
    return {
        "registry": FeedClient(settings.registry_url, "registry", token, http),
        "migrant": FeedClient(settings.migrant_url, "migrant", token, http),
    }


def build_runtime(settings: ReportingSettings, http: httpx.AsyncClient | None = None) -> Runtime:
    """Wire the parts; connects to nothing. ``http`` replaces the client that calls other services."""
    client = http or httpx.AsyncClient(
        timeout=httpx.Timeout(30, connect=5), trust_env=False, mounts=ways_to_services(settings)
    )
    database = Database(settings.database_dsn, pool_size=settings.database_pool_size)

    async def node_keys() -> dict[str, Any]:
        response = await client.get(f"{settings.registry_url.rstrip('/')}/.well-known/jwks.json")
        response.raise_for_status()
        keys: dict[str, Any] = response.json()
        return keys

    return Runtime(
        settings=settings,
        district=AreaCode.parse(settings.district),
        database=database,
        clock=settings.clock,
        http=client,
        feeds=_feeds(settings, client),
        identity=Identity(
            TokenVerifier(settings.issuer, node_keys),
            assignment_loader(database),
            sessions=ended_session_gate(database),
            now=settings.clock.now,
        ),
    )


@asynccontextmanager
async def open_runtime(
    settings: ReportingSettings, http: httpx.AsyncClient | None = None
) -> AsyncIterator[Runtime]:
    """Build the runtime, connect its database, and close both database and HTTP client at the end."""
    runtime = build_runtime(settings, http)
    await runtime.database.open()
    try:
        yield runtime
    finally:
        await runtime.database.close()
        await runtime.http.aclose()


def build_broker(runtime: Runtime) -> NatsClient:
    """Return the connection to the node's NATS account; its ``run()`` connects."""
    settings = runtime.settings
    return NatsClient(
        settings.nats_url,
        name=CLIENT_ID,
        seed_file=settings.nats_seed_file,
        inbox_prefix="_INBOX_reporting",
        ca_file=settings.nats_ca_file,
    )


def build_consumers(
    runtime: Runtime, broker: NatsClient, membership: Membership | None = None
) -> list[FeedConsumer]:
    """Return the consumers of both feeds, for the copy's partitions, or for all where it is the only one."""

    def owned() -> frozenset[int]:
        return ALL if membership is None else membership.owned

    return [
        FeedConsumer(
            runtime.database,
            feed,
            apply,
            runtime.feeds[feed],
            broker,
            feed.upper(),
            f"reporting-{feed}",
            own=PartitionedInbox(owned),
            prepare=partial(prepare, feed),
            leads=lambda: FIRST in owned(),
            batch=INTAKE,
            idle_seconds=_IDLE_SECONDS,
        )
        for feed, apply in APPLY.items()
    ]


def build_membership(runtime: Runtime) -> Membership:
    """Return this process as one copy of the worker among others."""
    return Membership(runtime.database)


def build_puller(runtime: Runtime) -> Puller | None:
    """Return the job that follows districts' published figures; None on a node that is no province."""
    settings, sources = runtime.settings, runtime.settings.province_sources
    if sources is None:
        return None
    return Puller(runtime.database, runtime.clock, runtime.http, sources, settings.province_pull_seconds)


def build_checker(runtime: Runtime) -> Checker:
    """Return the job that checks population accounts."""
    return Checker(runtime.database, runtime.clock, runtime.district)


def build_rebuilder(runtime: Runtime) -> Rebuilder:
    """Return the job that works off requested rebuilds."""
    return Rebuilder(runtime.database, runtime.feeds, runtime.clock)


def build_reconciler(runtime: Runtime) -> Reconciler:
    """Return the job that compares what was taken in with what the services hold."""
    settings = runtime.settings
    register = Register(settings.registry_url, _service_token(settings, runtime.http), runtime.http)
    people = People(runtime.database, register, runtime.clock, runtime.district)
    return Reconciler(runtime.database, runtime.feeds, Returns(runtime.database), people, runtime.clock)


def build_area_reader(runtime: Runtime) -> AreaReader:
    """Return what reads the district's divisions from registry-api."""
    settings = runtime.settings
    token = _service_token(settings, runtime.http)
    return AreaReader(runtime.database, runtime.district, settings.registry_url, token, runtime.http)
