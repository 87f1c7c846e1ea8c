"""The one place where a process is put together; nothing connects before :func:`open_runtime`."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from renkou_common.audit.recorder import ReadingRecorder
from renkou_common.audit.root import AuditKey
from renkou_common.codes.area import AreaCode
from renkou_common.database import Database
from renkou_common.identity.principal import Identity
from renkou_common.identity.token_keys import TokenKeyFile
from renkou_common.identity.tokens import TokenIssuer, TokenVerifier
from renkou_common.messaging.outbox import Outbox
from renkou_common.settings import read_json
from renkou_registry.audit.domain import PURPOSES
from renkou_registry.benefits.facts import use_providers
from renkou_registry.benefits.registers import FACT_PROVIDERS
from renkou_registry.oidc.provider import Provider
from renkou_registry.runtime import CurrentRuntime, Runtime
from renkou_registry.sessions.service import session_gate
from renkou_registry.settings import RegistrySettings, field_cipher, required
from renkou_registry.staff.service import assignment_loader

__all__ = ["CurrentRuntime", "Runtime", "event_source", "open_runtime"]

_PROVIDER_SECONDS = 5.0


def event_source(settings: RegistrySettings) -> str:
    """Return the CloudEvents source of this service."""
    return f"{settings.issuer}/registry-api"


def build_runtime(settings: RegistrySettings, http: httpx.AsyncClient) -> Runtime:
    """Read keys and wire the parts; connects to nothing."""
    use_providers(FACT_PROVIDERS)
    clock = settings.clock
    database = Database(settings.database_dsn, pool_size=settings.database_pool_size)
    key_file = required(settings.token_key_file, "TOKEN_KEY_FILE")
    issuer = TokenIssuer(
        TokenKeyFile(key_file), settings.issuer, lifetime_seconds=settings.access_token_seconds
    )
    sessions = session_gate(database)

    async def own_keys() -> dict[str, Any]:
        return issuer.public_keys()

    verifier = TokenVerifier(settings.issuer, own_keys, keep_seconds=1, pause_seconds=1)
    return Runtime(
        settings=settings,
        district=AreaCode(settings.district),
        database=database,
        clock=clock,
        cipher=field_cipher(settings),
        outbox=Outbox(event_source(settings), clock),
        issuer=issuer,
        identity=Identity(verifier, assignment_loader(database), sessions=sessions, now=clock.now),
        readings=ReadingRecorder(database, clock, PURPOSES),
        audit_key=AuditKey(read_json(required(settings.audit_key_file, "AUDIT_KEY_FILE"))),
        sessions=sessions,
        provider=_provider(settings, http),
    )


def _provider(settings: RegistrySettings, http: httpx.AsyncClient) -> Provider | None:
    if not settings.oidc_issuer:
        return None
    return Provider(
        http,
        settings.oidc_issuer,
        settings.oidc_client_id,
        claim=settings.oidc_claim,
        two_factors=settings.two_factors_of_provider,
    )


@asynccontextmanager
async def open_runtime(settings: RegistrySettings) -> AsyncIterator[Runtime]:
    """Build the runtime, connect its database and close it again."""
    trust = ssl.create_default_context(cafile=settings.oidc_ca_file)
    async with httpx.AsyncClient(verify=trust, timeout=_PROVIDER_SECONDS, trust_env=False) as http:
        runtime = build_runtime(settings, http)
        await runtime.database.open()
        try:
            yield runtime
        finally:
            await runtime.database.close()
