"""One connection, before there is a request: the head of a request has a size and a time, and what is no HTTP is
answered as everything else is.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from renkou_common.errors import Text

HEAD_SECONDS = 15.0
LINGER_SECONDS = 2.0
"""How long a caller who has the answer and is still sending is listened to."""
MAX_URL_BYTES = 8 << 10
_HELD_PARTS, _HELD_BYTES = 4, 4 << 10
MAX_HEADER_BYTES = 32 << 10
_REASONS = {
    400: ("Bad Request", "http_400", Text("请求无法解析", "The request could not be read")),
    414: ("URI Too Long", "url_too_long", Text("网址过长", "The URL is too long")),
    431: (
        "Request Header Fields Too Large",
        "headers_too_large",
        Text("请求头过大", "The headers are too large"),
    ),
}


class _Lingering:
    """A transport that does not hang up on what it has not read: the system would throw our answer away with it
    (RFC 9112, 9.6). It says that nothing more comes, and drops what arrives until the caller ends or the time does.
    """

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, unread: Callable[[], bool]
    ) -> None:
        self.lingers = False
        self._transport = transport
        self._loop = loop
        self._unread = unread
        self._timer: asyncio.TimerHandle | None = None
        self._held: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        """Whether nothing is said any more."""
        return self.lingers or self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Send, unless the last word was said.

        What is written in one go of the loop, as a head and its body are, leaves as one: each packet costs the system,
        and the caller, more than joining two. Whatever is large or of many parts leaves at once.
        """
        if self.lingers:
            return
        if not self._held:
            self._loop.call_soon(self._send)
        self._held.append(data)
        if len(data) > _HELD_BYTES or len(self._held) == _HELD_PARTS:
            self._send()

    def _send(self) -> None:
        if self._held:
            data = self._held[0] if len(self._held) == 1 else b"".join(self._held)
            self._held.clear()
            self._transport.write(data)

    def close(self) -> None:
        """Hang up: at once, or after what the caller is still sending."""
        if self.is_closing():
            return
        self._send()
        if not self._unread():
            self._transport.close()
            return
        self.lingers = True
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._transport.resume_reading()
        self._timer = self._loop.call_later(LINGER_SECONDS, self._transport.close)

    def forget(self) -> None:
        """The connection is gone."""
        self._held.clear()
        if self._timer is not None:
            self._timer.cancel()


def _to_nobody(_: bytes) -> None:
    return None


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's connection, with limits on the head of each request."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_timer: asyncio.TimerHandle | None = None
        self._rest_timer: asyncio.TimerHandle | None = None
        self._parsed_bytes = 0
        self._within_message = False
        self._refused = 400
        self._head_refused = False
        self._turn_away: Callable[[bytes], bytes | None] = getattr(self.app, "turn_away", _to_nobody)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start to wait for the first request."""
        self._line = _Lingering(transport, self.loop, self._unread)
        super().connection_made(cast(asyncio.Transport, self._line))
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers."""
        self._stop_timer()
        self._stop_rest_timer()
        self._line.forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what comes and is neither a whole header nor a part of a body: the parser keeps a header until its
        end, in the head and in a trailer."""
        if self._line.lingers:
            return
        if self._idle():
            answer = self._turn_away(data)
            if answer is not None:
                self.transport.write(answer)
                return
        self._parsed_bytes += len(data)
        if self._parsed_bytes > 8 * MAX_HEADER_BYTES + len(data):
            self._refused = 431
            self.send_400_response("")
            return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._within_message = True
        self._parsed_bytes = self._header_bytes = self._hosts = 0
        if self._head_timer is None:
            self._await_head()

    def on_url(self, url: bytes) -> None:
        """Refuse an address that no client of ours makes."""
        super().on_url(url)
        if len(self.url) > MAX_URL_BYTES:
            self._refused = 414
            raise ValueError("the URL is too long")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Refuse headers that are too large together, and a body whose end servers may see in different places."""
        self._header_bytes += len(name) + len(value) + 4
        if self._header_bytes > MAX_HEADER_BYTES:
            self._refused = 431
            raise ValueError("the headers are too large")
        self._hosts += name.lower() == b"host"
        if name.lower() == b"transfer-encoding" and value.strip().lower() != b"chunked":
            raise ValueError("an encoding of the transfer that is not understood")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole: from here on the application's own limits hold. Refuse one that does not name the host
        once (RFC 9112, 3.2): who stands between might read the other."""
        if self._hosts != 1 and (self._hosts or self.parser.get_http_version() != "1.0"):
            raise ValueError("a request names its host once")
        self._stop_timer()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of a body has come; how much and how fast is for the application's limits."""
        self._parsed_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """All of a request has come; where its answer has left already, the next is waited for from here on."""
        self._within_message = False
        self._stop_rest_timer()
        super().on_message_complete()
        if self.cycle.response_complete and not self.pipeline and self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def on_response_complete(self) -> None:
        """An answer has left: what is still to come of its request gets a moment, and nobody reads it."""
        super().on_response_complete()
        if self._within_message and not self.pipeline and self._rest_timer is None:
            self._rest_timer = self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot become a request, and hang up; where its own answer has begun already, only hang up."""
        answered = self._head_timer is None and self.cycle is not None and self.cycle.response_started
        self._stop_timer()
        if self.transport.is_closing():
            return
        self._head_refused = True
        if answered:
            self.transport.close()
            return
        reason, code, title = _REASONS[self._refused]
        body = json.dumps(
            {
                "type": f"urn:renkou:problem:{code}",
                "title": f"{title.zh} / {title.en}",
                "status": self._refused,
                "code": code,
                "detail": f"{title.zh} / {title.en}",
                "trace_id": "",
            },
            ensure_ascii=False,
        ).encode()
        head = (
            f"HTTP/1.1 {self._refused} {reason}\r\ncontent-type: application/problem+json\r\n"
            f"content-length: {len(body)}\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n"
            "connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _idle(self) -> bool:
        """Whether nothing of a request has come that is not answered."""
        answered = self.cycle is None or self.cycle.response_complete
        return answered and not self._within_message and not self.pipeline and not self.transport.is_closing()

    def _unread(self) -> bool:
        return self._head_refused or self._within_message

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _stop_rest_timer(self) -> None:
        if self._rest_timer is not None:
            self._rest_timer.cancel()
            self._rest_timer = None

    def _too_slow(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self.transport.close()
