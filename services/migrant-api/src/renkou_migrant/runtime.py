"""What a process holds while it runs, handed to services as one typed value; built in :mod:`.bootstrap`."""

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import httpx
from fastapi import Depends, Request

from renkou_common.audit.recorder import ReadingRecorder
from renkou_common.audit.root import AuditKey
from renkou_common.clock import Clock
from renkou_common.codes.area import AreaCode
from renkou_common.codes.working_days import WorkingDays
from renkou_common.crypto import FieldCipher
from renkou_common.database import Database
from renkou_common.identity.principal import Identity
from renkou_common.messaging.outbox import Outbox
from renkou_migrant.credentials.jws import VerifyingKey
from renkou_migrant.credentials.own_keys import OwnKey
from renkou_migrant.credentials.status_list import StatusList
from renkou_migrant.credentials.trust import TrustList
from renkou_migrant.exchange.contracts import VERSIONS, MessageKind
from renkou_migrant.exchange.wire import ExchangeKeys
from renkou_migrant.registry_client import RegistryClient
from renkou_migrant.settings import MigrantSettings


@dataclass(slots=True)
class TrustCache:
    """The last trust list read from the database, verified once; see ``partners.service.trust_list``."""

    current: TrustList | None = None
    described: int = 0
    """Position of the last description of a partner whose keys are among it."""


class VerificationCache:
    """What certificates are verified with, read again after a second; see ``checks.service.verify``.

    A list is verified once: as long as the database holds the same token under the same trust list, the list
    verified before is taken.
    """

    def __init__(self, keep_seconds: float = 1.0, size: int = 64) -> None:
        self._keep_seconds = keep_seconds
        self._size = size
        self._read_again = float("-inf")
        self._verified: OrderedDict[str, tuple[str, StatusList]] = OrderedDict()
        self.trust: TrustList | None = None
        self.lists: dict[str, StatusList | None] = {}
        """By URI; None: there is none here."""

    @property
    def due(self) -> bool:
        """Whether it has to be read again."""
        return time.monotonic() >= self._read_again

    def forget(self) -> None:
        """Have it read again for the next certificate: this process has changed something of it."""
        self._read_again = float("-inf")

    def begin(self, trust: TrustList | None) -> None:
        """Hold a trust list just read; status lists are read again when they are asked for."""
        if trust != self.trust:
            self._verified.clear()
            self.trust = trust
        self.lists = {}
        self._read_again = time.monotonic() + self._keep_seconds

    def verified(self, uri: str, token: str, trust: TrustList) -> StatusList | None:
        """Return the list verified from this very token under this very trust list, None where none is kept."""
        found = self._verified.get(uri)
        return found[1] if found is not None and found[0] == token and trust is self.trust else None

    def keep(self, uri: str, token: str | None, found: StatusList | None, trust: TrustList) -> None:
        """Hold what was read under a URI; the verified list that was read least lately goes.

        Not where another trust list has come meanwhile than the one it was verified under.
        """
        if trust is not self.trust:
            return
        if len(self.lists) < self._size:
            self.lists[uri] = found
        if token is not None and found is not None:
            self._verified[uri] = (token, found)
            self._verified.move_to_end(uri)
        while len(self._verified) > self._size:
            self._verified.popitem(last=False)


@dataclass(slots=True)
class CalendarCache:
    """The calendar last read from the database; see ``calendar.service.working_days``."""

    current: WorkingDays | None = None
    read_again: float = 0.0


@dataclass(frozen=True, slots=True)
class Runtime:
    """Connections, keys and clock of one process."""

    settings: MigrantSettings
    district: AreaCode
    database: Database
    clock: Clock
    cipher: FieldCipher
    outbox: Outbox
    identity: Identity
    http: httpx.AsyncClient
    registry: RegistryClient
    certificate_keys: tuple[OwnKey, ...]
    exchange_keys: ExchangeKeys
    anchor: VerifyingKey
    readings: ReadingRecorder
    audit_key: AuditKey
    understood: Mapping[MessageKind, frozenset[int]] = field(default_factory=lambda: VERSIONS)
    """Versions of messages that this node takes in and sends, by kind."""
    trust: TrustCache = field(default_factory=TrustCache)
    verification: VerificationCache = field(default_factory=VerificationCache)
    calendar: CalendarCache = field(default_factory=CalendarCache)

    @property
    def audit_log(self) -> str:
        """What this service's audit log is called in its roots: district and service."""
        return f"{self.district}/migrant-api"


async def _current_runtime(request: Request) -> Runtime:
    runtime = request.app.state.runtime
    assert isinstance(runtime, Runtime)
    return runtime


CurrentRuntime = Annotated[Runtime, Depends(_current_runtime)]
