"""What a process holds while it runs, handed to services as one typed value; built in :mod:`.bootstrap`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import httpx
from fastapi import Depends, Request

from renkou_common.clock import Clock
from renkou_common.codes.area import AreaCode
from renkou_common.database import Database
from renkou_common.identity.principal import Identity
from renkou_common.messaging.feed import FeedClient
from renkou_reporting.settings import ReportingSettings


@dataclass(frozen=True, slots=True)
class Runtime:
    """Connections and clock of one process."""

    settings: ReportingSettings
    district: AreaCode
    database: Database
    clock: Clock
    http: httpx.AsyncClient
    feeds: Mapping[str, FeedClient]
    identity: Identity


async def _current_runtime(request: Request) -> Runtime:
    runtime = request.app.state.runtime
    assert isinstance(runtime, Runtime)
    return runtime


CurrentRuntime = Annotated[Runtime, Depends(_current_runtime)]
