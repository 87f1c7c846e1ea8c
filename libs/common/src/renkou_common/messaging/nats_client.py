"""The connection to NATS; the only module that imports the NATS library.

JetStream is spoken in its raw form (requests and headers), so that a service needs no right to manage streams
or consumers and no call hides behind another.

    BrokerError(Exception)
    ├── BrokerUnavailable   not connected, no answer in time, or nobody serves the stream or durable
    ├── PublishRefused      the stream answered with an error; ``code`` is JetStream's err_code
    └── ConnectionClosed    the client gave up for good: the process has to end and be started again
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import nats.errors
import orjson
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from renkou_common.tls import client_context

_log = structlog.get_logger(__name__)
_RECONNECT_SECONDS = 1
_SETTLE_SECONDS = 0.003


class BrokerError(Exception):
    """Base of what the broker or the connection to it can answer."""


class BrokerUnavailable(BrokerError):
    """Not connected, no answer in time, or nobody serves the stream or durable. Trying again later helps."""


class PublishRefused(BrokerError):
    """The stream answered with an error."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code


class ConnectionClosed(BrokerError):
    """The client closed the connection for good."""


@dataclass(frozen=True, slots=True)
class PublishAck:
    """What the stream answered: its name, the (last) message's sequence, whether it was known already."""

    stream: str
    seq: int
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be published; with ``Nats-Msg-Id`` among its headers the stream skips recent copies."""

    subject: str
    payload: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """A message taken from a durable. ``delivered`` counts deliveries from 1."""

    subject: str
    data: bytes
    headers: Mapping[str, str]
    stream_seq: int
    delivered: int
    _raw: Msg

    async def ack(self) -> None:
        """Tell the durable that the message is done with (after the commit, never before)."""
        await self._answer(b"+ACK")

    async def nak(self, delay: float = 0.0) -> None:
        """Ask for the message again, after ``delay`` seconds."""
        await self._answer(b"-NAK " + orjson.dumps({"delay": int(delay * 1e9)}) if delay else b"-NAK")

    async def term(self) -> None:
        """Ask never to get the message again, without having accepted it."""
        await self._answer(b"+TERM")

    async def _answer(self, word: bytes) -> None:
        try:
            await self._raw._client.publish(self._raw.reply, word)
        except (nats.errors.Error, OSError) as error:
            raise BrokerUnavailable(f"no answer could be sent: {error!r}") from error


_ENDED = ("404", "408")
"""A request that got nothing, or not all that it wanted, in its time."""


class PullSubscription:
    """Takes messages from a durable that exists already. Made by :meth:`NatsClient.pull`.

    One request is outstanding at a time and outlives a fetch: what arrives later is returned by the next one. Each has
    an address of its own: the end of an older one, told late, says nothing about the one after it.
    """

    def __init__(self, client: Client, stream: str, durable: str) -> None:
        self._client = client
        self._inbox = client.new_inbox()
        # A queue of our own: the library's next_msg() turns a cancellation into an error of the connection.
        self._arrived: asyncio.Queue[Msg] = asyncio.Queue()
        self._sub: Subscription | None = None
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._number = 0
        self._wanted = 0
        self._expires_at = 0.0

    async def open(self) -> None:
        """Subscribe to the inbox; whether the durable exists shows at the first fetch."""
        try:
            self._sub = await self._client.subscribe(f"{self._inbox}.*", cb=self._arrived.put)
        except (nats.errors.Error, OSError) as error:
            raise BrokerUnavailable(f"cannot subscribe: {error!r}") from error

    async def fetch(self, batch: int, timeout: float) -> list[Message]:
        """Return 1 to ``batch`` messages as soon as there are any, or none after ``timeout`` seconds.

        Raises BrokerUnavailable where the connection is down or the broker refuses, as for a durable that does not
        exist (any more); what came before a refusal is returned first.
        """
        deadline = time.monotonic() + timeout
        messages: list[Message] = []
        try:
            while len(messages) < batch:
                if self._wanted <= 0 or time.monotonic() >= self._expires_at:
                    if messages:
                        break
                    await self._request(batch, max(timeout, 0.5))
                wait = _SETTLE_SECONDS if messages else deadline - time.monotonic()
                if wait <= 0:
                    break
                if self._arrived.empty():
                    async with asyncio.timeout(wait):
                        raw = await self._arrived.get()
                else:
                    raw = self._arrived.get_nowait()
                self._take(raw, messages)
        except TimeoutError:
            pass
        except BrokerUnavailable:
            if not messages:
                raise
        except (nats.errors.Error, OSError) as error:
            raise BrokerUnavailable(f"cannot pull: {error!r}") from error
        return messages

    async def close(self) -> None:
        """Give the subscription up; messages not acknowledged come again."""
        if self._sub is None:
            return
        try:
            await self._sub.unsubscribe()
        except (nats.errors.Error, OSError):
            _log.debug("pull subscription was gone already", subject=self._subject)

    async def _request(self, batch: int, seconds: float) -> None:
        if not self._client.is_connected:
            raise BrokerUnavailable("not connected")
        self._number += 1
        self._wanted = batch
        self._expires_at = time.monotonic() + seconds
        body = orjson.dumps({"batch": batch, "expires": int(seconds * 1e9)})
        await self._client.publish(self._subject, body, self._address)

    @property
    def _address(self) -> str:
        return f"{self._inbox}.{self._number}"

    def _take(self, raw: Msg, messages: list[Message]) -> None:
        if raw.reply.startswith("$JS.ACK."):
            self._wanted -= 1
            messages.append(_message(raw))
            return
        status, description = _status(raw)
        if status == "100" or raw.subject != self._address:
            return
        self._wanted = 0
        if status not in _ENDED:
            raise BrokerUnavailable(f"the broker refused: {status} {description}")


def tls_options(ca_file: Path | None) -> dict[str, Any]:
    """Return the options of a connection that begins with TLS; none without an authority.

    The handshake comes first: a server's own word that it has no TLS, which anybody on the way could say, is not asked.
    """
    if ca_file is None:
        return {}
    return {"tls": client_context(ca_file), "tls_handshake_first": True}


class NatsClient:
    """One connection with unlimited reconnects.

    ``run()`` has to run as a task of the process (task group): it connects, keeps the connection and raises
    ConnectionClosed when the client gives up for good. A server that is away or does not know the key (yet)
    is tried again every second, so that the rest of the process goes on. Everything else raises
    BrokerUnavailable at once while there is no connection; nothing is queued in memory.

    ``seed_file`` holds the nkey seed of the NATS user; ``token_file`` its token where the server knows users by
    tokens (a hub), read anew for each connection, so that a renewed one is used as soon as it is there;
    ``inbox_prefix`` is the private inbox prefix that the user may subscribe to (default ``_INBOX``). With ``ca_file``
    nothing is said or believed before the server has shown a certificate of that authority for its name.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str,
        seed_file: Path | None = None,
        token_file: Path | None = None,
        inbox_prefix: str = "_INBOX",
        ca_file: Path | None = None,
    ) -> None:
        self._url = url
        self._name = name
        self._seed_file = seed_file
        self._token_file = token_file
        self._inbox_prefix = inbox_prefix
        self._ca_file = ca_file
        self._client: Client | None = None
        self._up = asyncio.Event()
        self._last_error = ""

    @property
    def connected(self) -> bool:
        """Whether the connection is up now."""
        return self._client is not None and self._client.is_connected

    async def wait_connected(self) -> None:
        """Return as soon as the connection is up."""
        await self._up.wait()

    async def run(self) -> None:
        """Connect and stay connected until cancelled; raises ConnectionClosed when closed for good."""
        closed = asyncio.Event()

        async def on_closed() -> None:
            closed.set()

        async def on_error(error: Exception) -> None:
            if repr(error) != self._last_error:
                self._last_error = repr(error)
                _log.warning("broker connection in trouble", client=self._name, error=self._last_error)

        async def on_disconnected() -> None:
            self._up.clear()
            _log.warning("broker disconnected", client=self._name)

        async def on_reconnected() -> None:
            self._up.set()
            _log.info("broker reconnected", client=self._name)

        self._client = client = Client()
        try:
            await client.connect(
                self._url,
                name=self._name,
                nkeys_seed=str(self._seed_file) if self._seed_file else None,
                user_jwt_cb=self._token if self._token_file else None,
                inbox_prefix=self._inbox_prefix,
                **tls_options(self._ca_file),
                allow_reconnect=True,
                max_reconnect_attempts=-1,
                reconnect_time_wait=_RECONNECT_SECONDS,
                connect_timeout=5,
                ping_interval=20,
                closed_cb=on_closed,
                error_cb=on_error,
                disconnected_cb=on_disconnected,
                reconnected_cb=on_reconnected,
            )
            self._up.set()
            _log.info("broker connected", client=self._name)
            await closed.wait()
            raise ConnectionClosed(f"the connection of {self._name} was closed: {client.last_error!r}")
        finally:
            self._up.clear()
            self._client = None
            if not client.is_closed:
                await client.close()

    async def publish(
        self, subject: str, payload: bytes, headers: Mapping[str, str] | None = None, *, timeout: float = 5.0
    ) -> PublishAck:
        """Publish one message and wait until the stream has stored it.

        Raises PublishRefused, or BrokerUnavailable, after which the message may or may not have been stored:
        publish it again with the same ``Nats-Msg-Id``.
        """
        return _ack(await self._request(subject, payload, dict(headers or {}), timeout))

    async def publish_batch(self, messages: Sequence[Outgoing], *, timeout: float = 10.0) -> PublishAck:
        """Publish up to 1,000 messages of one stream: all are stored in this order, or none is.

        Raises as :meth:`publish` does.
        """
        if not messages:
            raise ValueError("an empty batch cannot be published")
        if len(messages) == 1:
            only = messages[0]
            return await self.publish(only.subject, only.payload, only.headers, timeout=timeout)
        batch_id = uuid4().hex
        for number, message in enumerate(messages, 1):
            headers = {**message.headers, "Nats-Batch-Id": batch_id, "Nats-Batch-Sequence": str(number)}
            if number == len(messages):
                headers["Nats-Batch-Commit"] = "1"
                return _ack(await self._request(message.subject, message.payload, headers, timeout))
            if number == 1:
                first = await self._request(message.subject, message.payload, headers, timeout)
                if first:
                    _ack(first)
                    raise PublishRefused(0, "the stream does not take atomic batches")
                continue
            await self._send(message.subject, message.payload, headers)
        raise AssertionError("a batch ends with its commit")

    async def pull(self, stream: str, durable: str) -> PullSubscription:
        """Return a subscription to a durable; whether the durable exists shows at the first fetch."""
        subscription = PullSubscription(self._connection(), stream, durable)
        await subscription.open()
        return subscription

    async def follow(self, stream: str, name: str) -> None:
        """Make a consumer of one's own for what comes from now on; the broker forgets it half a minute unused."""
        config = {
            "name": name,
            "deliver_policy": "new",
            "ack_policy": "explicit",
            "ack_wait": int(30e9),
            "max_ack_pending": 5000,
            "inactive_threshold": int(30e9),
            "mem_storage": True,
        }
        body = orjson.dumps({"stream_name": stream, "config": config, "action": "create"})
        answer = await self._request(f"$JS.API.CONSUMER.CREATE.{stream}.{name}", body, None, 5.0)
        error = orjson.loads(answer).get("error")
        if error:
            raise BrokerUnavailable(f"no consumer {name}: {error.get('description')}")

    async def pending(self, stream: str, durable: str) -> int:
        """Return how many messages wait for the durable; needs the right to ask for its information."""
        raw = await self._request(f"$JS.API.CONSUMER.INFO.{stream}.{durable}", b"", None, 2.0)
        info: dict[str, Any] = orjson.loads(raw)
        if "error" in info:
            raise BrokerUnavailable(f"no durable {durable}: {info['error'].get('description')}")
        return int(info["num_pending"]) + int(info["num_ack_pending"])

    def _token(self) -> bytearray:
        assert self._token_file is not None
        return bytearray(self._token_file.read_bytes().strip())

    def _connection(self) -> Client:
        if self._client is None or not self._client.is_connected:
            raise BrokerUnavailable("not connected")
        return self._client

    async def _send(self, subject: str, payload: bytes, headers: dict[str, str]) -> None:
        try:
            await self._connection().publish(subject, payload, headers=headers)
        except (nats.errors.Error, OSError) as error:
            raise BrokerUnavailable(f"cannot send on {subject}: {error!r}") from error

    async def _request(
        self, subject: str, payload: bytes, headers: dict[str, str] | None, timeout: float
    ) -> bytes:
        try:
            answer = await self._connection().request(subject, payload, timeout=timeout, headers=headers)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise BrokerUnavailable(f"no answer on {subject}: {error!r}") from error
        return answer.data


def _ack(data: bytes) -> PublishAck:
    answer: dict[str, Any] = orjson.loads(data)
    if "error" in answer:
        error = answer["error"]
        raise PublishRefused(int(error.get("err_code", 0)), str(error.get("description", "")))
    return PublishAck(answer["stream"], answer["seq"], bool(answer.get("duplicate", False)))


def _status(raw: Msg) -> tuple[str, str]:
    headers = raw.headers or {}
    return headers.get("Status", ""), headers.get("Description", "")


def _message(raw: Msg) -> Message:
    # $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>... or, newer, with domain and account hash in front
    tokens = raw.reply.split(".")
    first = 4 if len(tokens) == 9 else 6
    return Message(
        subject=raw.subject,
        data=raw.data,
        headers=raw.headers or {},
        stream_seq=int(tokens[first + 1]),
        delivered=int(tokens[first]),
        _raw=raw,
    )
