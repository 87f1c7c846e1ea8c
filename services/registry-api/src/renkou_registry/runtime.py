"""What a process holds while it runs, handed to services as one typed value; built in :mod:`.bootstrap`."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from renkou_common.audit.recorder import ReadingRecorder
from renkou_common.audit.root import AuditKey
from renkou_common.clock import Clock
from renkou_common.codes.area import AreaCode
from renkou_common.crypto import FieldCipher
from renkou_common.database import Database
from renkou_common.identity.principal import Identity
from renkou_common.identity.sessions import SessionGate
from renkou_common.identity.tokens import TokenIssuer
from renkou_common.messaging.outbox import Outbox
from renkou_registry.oidc.provider import Provider
from renkou_registry.settings import RegistrySettings


@dataclass(frozen=True, slots=True)
class Runtime:
    """Connections, keys and clock of one process."""

    settings: RegistrySettings
    district: AreaCode
    database: Database
    clock: Clock
    cipher: FieldCipher
    outbox: Outbox
    issuer: TokenIssuer
    identity: Identity
    readings: ReadingRecorder
    audit_key: AuditKey
    sessions: SessionGate
    provider: Provider | None

    @property
    def audit_log(self) -> str:
        """What this service's audit log is called in its roots: district and service."""
        return f"{self.settings.district}/registry-api"


async def _current_runtime(request: Request) -> Runtime:
    runtime = request.app.state.runtime
    assert isinstance(runtime, Runtime)
    return runtime


CurrentRuntime = Annotated[Runtime, Depends(_current_runtime)]
