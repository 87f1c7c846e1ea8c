"""How many requests are carried out at once: of one caller, and altogether.

A caller's requests beyond that wait in a line of their own, so that one caller cannot take every connection to the
database from the others; a line that grows too long is refused.
"""

import asyncio
from collections import deque

from renkou_common.http.refusals import overloaded, too_many_at_once
from renkou_common.http.surface import Surface


class _Line:
    __slots__ = ("inside", "waiting")

    def __init__(self) -> None:
        self.inside = 0
        self.waiting: deque[asyncio.Future[None]] = deque()


class Crowd:
    """Requests under way in this process, by caller."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._lines: dict[str, _Line] = {}
        self._all = 0

    @property
    def size(self) -> int:
        """How many requests are under way or wait."""
        return self._all

    async def enter(self, caller: str, places: int) -> None:
        """Take one of a caller's places, waiting for it where need be; :meth:`leave` gives it back.

        Raises a Refusal where this caller waits for too many already, or everybody together does.
        """
        if self._all >= self._surface.at_once:
            raise overloaded()
        line = self._lines.get(caller)
        if line is None:
            line = self._lines[caller] = _Line()
        if line.inside < places:
            line.inside += 1
            self._all += 1
            return
        if len(line.waiting) >= self._surface.caller_waiting:
            raise too_many_at_once()
        self._all += 1
        try:
            await self._wait(caller, line)
        except BaseException:
            self._all -= 1
            raise

    async def _wait(self, caller: str, line: _Line) -> None:
        place = asyncio.get_running_loop().create_future()
        line.waiting.append(place)
        try:
            async with asyncio.timeout(self._surface.waiting_seconds):
                await place
        except BaseException as error:
            if place.done() and not place.cancelled():
                self._pass_on(caller, line)
            elif place in line.waiting:  # not where who left has passed it over in the same moment
                line.waiting.remove(place)
            if isinstance(error, TimeoutError):
                raise too_many_at_once() from None
            raise

    def leave(self, caller: str) -> None:
        """Give a place back; who waited longest gets it."""
        self._all -= 1
        self._pass_on(caller, self._lines[caller])

    def _pass_on(self, caller: str, line: _Line) -> None:
        while line.waiting:
            place = line.waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        line.inside -= 1
        if not line.inside:
            del self._lines[caller]
