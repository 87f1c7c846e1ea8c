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
    ca_file: str | None = None
    """The hub's certificate authority (PEM): with it, the connection begins with TLS. None: plain text."""

    @classmethod
    def of(
        cls, district: str, url: str, seed_file: Path, token_file: Path, ca_file: Path | None = None
    ) -> Self:
        """The access of a district by the rules of every hub."""
        stream, durable, trusted = inbox_stream(district), inbox_durable(district), str(ca_file or "") or None
        return cls(url, str(seed_file), str(token_file), reply_prefix(district), stream, durable, trusted)

    def client(self, name: str) -> NatsClient:
        """A client that is not connected yet."""
        return NatsClient(
            self.url,
            name=name,
            seed_file=Path(self.seed_file),
            token_file=Path(self.token_file),
            inbox_prefix=self.inbox_prefix,
            ca_file=Path(self.ca_file) if self.ca_file else None,
        )

    def to_json(self) -> Json:
        """For the driver; `ca_file` only where there is one."""
        return {name: value for name, value in asdict(self).items() if value is not None}


class Hub:
    """A hub for so many districts in a folder; its own temporary one unless told. With ``tls`` it speaks TLS only.

    The server is the wheel's, configured from the files that a province's hub uses.
    """

    def __init__(self, districts: Sequence[str], folder: Path | None = None, *, tls: bool = False) -> None:
        self._stack = AsyncExitStack()
        self._districts = list(districts)
        self._folder = folder
        self._tls = tls
        self._server: EmbeddedHub | None = None

    async def __aenter__(self) -> Self:
        folder = self._folder or Path(
            self._stack.enter_context(tempfile.TemporaryDirectory(prefix="renkou-hub-"))
        )
        users = {district: folder / "users" / district for district in self._districts}
        self._server = EmbeddedHub(folder / "hub", users, tls=self._tls)
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
        server = self.server
        return HubAccess.of(
            district, server.url, server.seed(district), server.token(district), server.ca_file
        )

    async def lose_everything(self) -> None:
        """Stop, forget all messages and durables, and come back at the same address."""
        await self.server.stop()
        self.server.wipe()
        await self.server.start()
