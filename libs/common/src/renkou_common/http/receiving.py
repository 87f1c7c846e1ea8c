"""A request's body as it arrives: how much, how fast and, where it is JSON, of what shape.

The shape is looked at before anything is made of the body: a megabyte of brackets costs a reader more than any
record, and more than it cost to send.
"""

import asyncio
import codecs
import re

from starlette.types import Message, Receive

from renkou_common.http.refusals import (
    body_too_large,
    body_too_slow,
    json_not_utf8,
    json_too_deep,
    json_too_many,
)
from renkou_common.http.surface import Surface

MAX_DEPTH = 32
MAX_ELEMENTS = 100_000
_OTHER_ENCODINGS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")


class Incoming:
    """Receives the messages of one request; raises a Refusal where the body passes a limit.

    It has to arrive at a rate, on the average: each part buys the next some time, on top of what all begin with.
    """

    def __init__(self, receive: Receive, surface: Surface, limit: int, *, is_json: bool) -> None:
        self._receive = receive
        self._surface = surface
        self._limit = limit
        self._parts: list[bytes] | None = [] if is_json else None
        self._seen = 0
        self._loop = asyncio.get_running_loop()
        self._deadline: float | None = None
        self._whole = False
        self.clock: asyncio.Timeout | None = None

    async def receive(self) -> Message:
        """Return the next message, as an ASGI application asks for it."""
        if self._whole:
            return await self._receive()
        if self._deadline is None:  # a request that stands in line is not late
            self._deadline = self._loop.time() + self._surface.body_grace_seconds
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise body_too_slow() from None
        part = message.get("body", b"")
        self._seen += len(part)
        if self._seen > self._limit:
            raise body_too_large(self._limit)
        self._deadline += len(part) / self._surface.body_bytes_per_second
        self._whole = message["type"] != "http.request" or not message.get("more_body", False)
        if self._parts is not None:
            self._parts.append(part)
            if self._whole:
                refuse_shape(self._parts[0] if len(self._parts) == 1 else b"".join(self._parts))
                self._parts = None
        if part:
            self.more_time(self._surface.request_seconds)
        return message

    def more_time(self, seconds: float) -> None:
        """Let the request go on for so many seconds from now."""
        if self.clock is not None and not self.clock.expired():
            self.clock.reschedule(self._loop.time() + seconds)


def refuse_shape(body: bytes) -> None:
    """Raise a Refusal where JSON is nested too deeply, holds too much or is not in UTF-8; says nothing about whether it
    is JSON.

    Whoever parses bytes takes UTF-16 and UTF-32 as well, where a byte that looks like a quotation mark is half of a
    character: brackets would be hidden between two of them.
    """
    if b"\0" in body[:4] or body.startswith(_OTHER_ENCODINGS):
        raise json_not_utf8()
    openings = body.count(b"[") + body.count(b"{")
    if openings <= MAX_DEPTH and body.count(b",") < MAX_ELEMENTS:
        return
    bare = _STRINGS.sub(b"", body)
    openings = bare.count(b"[") + bare.count(b"{")
    if openings + bare.count(b",") > MAX_ELEMENTS:
        raise json_too_many(MAX_ELEMENTS)
    if openings <= MAX_DEPTH:
        return
    depth = 0
    for bracket in _BRACKETS.findall(bare):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise json_too_deep(MAX_DEPTH)
