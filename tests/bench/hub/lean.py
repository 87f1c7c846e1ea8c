"""A district at the hub in NATS' own words, as small as it can be: real token, real durable, real acknowledgements.

Every message starts with a letter (N notice, R receipt), its number (12 hex digits) and the moment it was handed
to the hub (16 hex digits of nanoseconds); the rest is sealed content of real size.
"""

import asyncio
import base64
import json
import time
from collections.abc import Callable
from typing import cast

import nkeys

from renkou_common.messaging.hub import inbox_durable, inbox_stream, inbox_subject, reply_prefix

BATCH = 64
"""Messages that one pull asks for."""
EXPIRES_SECONDS = 600
HEAD = 29

type Taken = Callable[["District", str, bytes], None]
type Stored = Callable[["District", bytes, str | None], None]


class District(asyncio.Protocol):
    """One connection. `taken` is told each message that arrived, `stored` each answer to one that was sent."""

    def __init__(self, code: str, seed: str, token: str, taken: Taken, stored: Stored) -> None:
        self.code = code
        self.joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.errors: list[str] = []
        self._seed = seed
        self._token = token
        self._taken = taken
        self._stored = stored
        self._rest = b""
        self._wanted = 0
        self._own = f"in.{code}.".encode()
        self._inbox = reply_prefix(code)
        self._pull = f"$JS.API.CONSUMER.MSG.NEXT.{inbox_stream(code)}.{inbox_durable(code)}"
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; the server speaks first."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Note an end that nobody asked for."""
        if not self.joined.done():
            self.joined.set_exception(ConnectionError(f"{self.code}: {self.errors} {error!r}"))
        elif error is not None:
            self.errors.append(repr(error))

    def close(self) -> None:
        """Leave."""
        if self._transport is not None:
            self._transport.close()

    def send(self, receiver: str, number: int, content: bytes, kind: bytes) -> None:
        """Publish a sealed message with the headers that a node gives it; the hub answers to `stored`."""
        headers = (
            f"NATS/1.0\r\nNats-Msg-Id: {number:012x}.{self.code}\r\n"
            f"Nats-Expected-Stream: {inbox_stream(receiver)}\r\n\r\n"
        ).encode()
        body = kind + b"%012x%016x" % (number, time.monotonic_ns()) + content[HEAD:]
        subject = inbox_subject(receiver, self.code)
        line = f"HPUB {subject} {self._inbox}.s{number:x} {len(headers)} {len(headers) + len(body)}\r\n"
        self._write(b"".join((line.encode(), headers, body, b"\r\n")))

    def pull(self) -> None:
        """Ask for the next messages."""
        self._wanted = BATCH
        body = f'{{"batch":{BATCH},"expires":{EXPIRES_SECONDS * 1_000_000_000}}}'
        self._write(f"PUB {self._pull} {self._inbox}.d {len(body)}\r\n{body}\r\n".encode())

    def _write(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(data)

    def data_received(self, data: bytes) -> None:
        """Take the server's words apart."""
        if self._rest:
            data = self._rest + data
        at, end = 0, len(data)
        while True:
            stop = data.find(b"\r\n", at)
            if stop < 0:
                break
            first = data[at]
            if first in (72, 77):  # HMSG, MSG
                parts = data[at:stop].split(b" ")
                body = stop + 2
                after = body + int(parts[-1]) + 2
                if after > end:
                    break
                head = int(parts[-2]) if first == 72 else 0
                self._message(parts, data[body : body + head], data[body + head : after - 2])
                at = after
                continue
            self._told(data[at:stop])
            at = stop + 2
        self._rest = data[at:]

    def _message(self, parts: list[bytes], headers: bytes, content: bytes) -> None:
        subject = parts[1]
        if subject.startswith(self._own):
            self._write(b"PUB %b 4\r\n+ACK\r\n" % parts[3])
            self._wanted -= 1
            if self._wanted <= 0:
                self.pull()
            self._taken(self, subject[len(self._own) :].decode(), content)
        elif subject.endswith(b".d"):
            if not headers.startswith(b"NATS/1.0 100"):
                self.pull()
        else:
            refused = None if content.startswith(b'{"stream"') else (content or headers).decode()
            self._stored(self, subject, refused)

    def _told(self, line: bytes) -> None:
        if line == b"PING":
            self._write(b"PONG\r\n")
        elif line == b"PONG":
            if not self.joined.done():
                self.joined.set_result(None)
                self.pull()
        elif line.startswith(b"INFO"):
            if not self.joined.done():
                self._join(json.loads(line[5:]))
        elif line.startswith(b"-ERR"):
            self.errors.append(line.decode())

    def _join(self, info: dict[str, str]) -> None:
        key = nkeys.from_seed(bytearray(self._seed.encode()))
        signature = base64.b64encode(key.sign(info["nonce"].encode())).decode()
        hello = {
            "jwt": self._token,
            "sig": signature,
            "verbose": False,
            "headers": True,
            "no_responders": True,
        }
        self._write(b"CONNECT " + json.dumps(hello).encode() + b"\r\n")
        self._write(f"SUB {self._inbox}.> 1\r\nPING\r\n".encode())
