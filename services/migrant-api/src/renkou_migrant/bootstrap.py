"""The one place where a process is put together; nothing connects before :func:`open_runtime`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from renkou_common.audit.recorder import ReadingRecorder
from renkou_common.audit.root import AuditKey
from renkou_common.codes.area import AreaCode
from renkou_common.database import Database
from renkou_common.http.outgoing import ways_to_services
from renkou_common.identity.principal import Identity
from renkou_common.identity.rights import assignment_loader
from renkou_common.identity.service_token import ServiceToken
from renkou_common.identity.sessions import ended_session_gate
from renkou_common.identity.tokens import TokenVerifier
from renkou_common.messaging.outbox import Outbox
from renkou_common.settings import read_json
from renkou_migrant.audit.domain import PURPOSES
from renkou_migrant.credentials.jws import VerifyingKey
from renkou_migrant.credentials.own_keys import OwnKey
from renkou_migrant.exchange.wire import ExchangeKeys
from renkou_migrant.registry_client import RegistryClient
from renkou_migrant.runtime import CurrentRuntime, Runtime
from renkou_migrant.settings import MigrantSettings, field_cipher, required

__all__ = ["CurrentRuntime", "Runtime", "build_runtime", "event_source", "open_runtime"]

CLIENT_ID = "migrant-api"


def event_source(settings: MigrantSettings) -> str:
    """Return the CloudEvents source of this service."""
    return f"{settings.issuer}/{CLIENT_ID}"


def build_runtime(settings: MigrantSettings, http: httpx.AsyncClient) -> Runtime:
    """Read keys and wire the parts; connects to nothing. ``http`` reaches registry-api."""
    clock = settings.clock
    database = Database(settings.database_dsn, pool_size=settings.database_pool_size)
    secret_file = required(settings.service_secret_file, "SERVICE_SECRET_FILE")
    token = ServiceToken(settings.registry_url, CLIENT_ID, secret_file, http)
    registry = RegistryClient(settings.registry_url, http, token)
    certificate_keys = read_json(required(settings.certificate_keys_file, "CERTIFICATE_KEYS_FILE"))["keys"]
    exchange_keys = read_json(required(settings.exchange_keys_file, "EXCHANGE_KEYS_FILE"))
    anchor = read_json(required(settings.trust_anchor_file, "TRUST_ANCHOR_FILE"))
    return Runtime(
        settings=settings,
        district=AreaCode(settings.district),
        database=database,
        clock=clock,
        cipher=field_cipher(settings),
        outbox=Outbox(event_source(settings), clock),
        identity=Identity(
            TokenVerifier(settings.issuer, registry.token_keys),
            assignment_loader(database),
            sessions=ended_session_gate(database),
            now=clock.now,
        ),
        http=http,
        registry=registry,
        certificate_keys=tuple(OwnKey.from_jwk(jwk) for jwk in certificate_keys),
        exchange_keys=ExchangeKeys.from_jwk_set(exchange_keys),
        anchor=VerifyingKey.from_jwk(anchor),
        readings=ReadingRecorder(database, clock, PURPOSES),
        audit_key=AuditKey(read_json(required(settings.audit_key_file, "AUDIT_KEY_FILE"))),
    )


@asynccontextmanager
async def open_runtime(
    settings: MigrantSettings, *, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[Runtime]:
    """Build the runtime, connect its database and close it again. ``transport`` replaces the network."""
    timeout = httpx.Timeout(10.0, connect=3.0)
    ways = ways_to_services(settings) if transport is None else {}
    async with httpx.AsyncClient(timeout=timeout, trust_env=False, transport=transport, mounts=ways) as http:
        runtime = build_runtime(settings, http)
        await runtime.database.open()
        try:
            yield runtime
        finally:
            await runtime.database.close()
