"""What a process holds while it runs, handed to services as one typed value; built in :mod:`.bootstrap`."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import httpx
from fastapi import Depends, Request

from renkou_common.clock import Clock
from renkou_common.codes.area import AreaCode
from renkou_common.codes.working_days import WorkingDays
from renkou_common.crypto import FieldCipher
from renkou_common.database import Database
from renkou_common.identity.principal import Identity
from renkou_common.messaging.outbox import Outbox
from renkou_migrant.credentials.holder import RecentProofs
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


class StatusListCache:
    """The status lists asked about last, verified once each; see ``checks.service.verify``."""

    def __init__(self, size: int = 64) -> None:
        self._size = size
        self._lists: OrderedDict[str, tuple[str, str, StatusList]] = OrderedDict()

    def get(self, uri: str, token: str, trust: str) -> StatusList | None:
        """Return a list verified from this very token under the trust list of this digest."""
        found = self._lists.get(uri)
        if found is None or found[:2] != (token, trust):
            return None
        self._lists.move_to_end(uri)
        return found[2]

    def put(self, uri: str, token: str, trust: str, verified: StatusList) -> None:
        """Keep a verified list; the one not asked about for longest goes."""
        self._lists[uri] = (token, trust, verified)
        self._lists.move_to_end(uri)
        while len(self._lists) > self._size:
            self._lists.popitem(last=False)


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
    understood: Mapping[MessageKind, frozenset[int]] = field(default_factory=lambda: VERSIONS)
    """Versions of messages that this node takes in and sends, by kind."""
    trust: TrustCache = field(default_factory=TrustCache)
    status_lists: StatusListCache = field(default_factory=StatusListCache)
    holder_proofs: RecentProofs = field(default_factory=RecentProofs)
    calendar: CalendarCache = field(default_factory=CalendarCache)


async def _current_runtime(request: Request) -> Runtime:
    runtime = request.app.state.runtime
    assert isinstance(runtime, Runtime)
    return runtime


CurrentRuntime = Annotated[Runtime, Depends(_current_runtime)]
