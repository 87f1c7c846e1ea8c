"""The hub: one of its own on an embedded server, and what a district is given to use one (SPEC.md, 2)."""

import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from renkou_common.messaging.hub import inbox_durable, inbox_stream, reply_prefix
from renkou_common.messaging.nats_client import NatsClient
from renkou_local.hub.server import EmbeddedHub
from renkou_partner.contract import Json


@dataclass(frozen=True, slots=True)
class HubAccess:
    """Where a district connects, as whom, and what is its own there."""

    url: str
    seed_file: str
    token_file: str
    inbox_prefix: str
    stream: str
    durable: str

    @classmethod
    def of(cls, district: str, url: str, seed_file: Path, token_file: Path) -> Self:
        """The access of a district by the rules of every hub."""
        stream, durable = inbox_stream(district), inbox_durable(district)
        return cls(url, str(seed_file), str(token_file), reply_prefix(district), stream, durable)

    def client(self, name: str) -> NatsClient:
        """A client that is not connected yet."""
        return NatsClient(
            self.url,
            name=name,
            seed_file=Path(self.seed_file),
            token_file=Path(self.token_file),
            inbox_prefix=self.inbox_prefix,
        )

    def to_json(self) -> Json:
        """For the driver."""
        return asdict(self)


class Hub:
    """A hub for so many districts in a folder; its own temporary one unless told.

    The server is the wheel's, configured from the files that a province's hub uses.
    """

    def __init__(self, districts: Sequence[str], folder: Path | None = None) -> None:
        self._stack = AsyncExitStack()
        self._districts = list(districts)
        self._folder = folder
        self._server: EmbeddedHub | None = None

    async def __aenter__(self) -> Self:
        folder = self._folder or Path(
            self._stack.enter_context(tempfile.TemporaryDirectory(prefix="renkou-hub-"))
        )
        users = {district: folder / "users" / district for district in self._districts}
        self._server = EmbeddedHub(folder / "hub", users)
        await self._server.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.server.stop()
        await self._stack.aclose()

    @property
    def server(self) -> EmbeddedHub:
        """The server, once started."""
        assert self._server is not None, "not started"
        return self._server

    def access(self, district: str) -> HubAccess:
        """What a district is given."""
        return HubAccess.of(
            district, self.server.url, self.server.seed(district), self.server.token(district)
        )

    async def lose_everything(self) -> None:
        """Stop, forget all messages and durables, and come back at the same address."""
        await self.server.stop()
        self.server.wipe()
        await self.server.start()
