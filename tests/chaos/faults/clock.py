"""The domain's clock jumps, as after a wrong time server, and is put right again.

Moved by the services' own setting (RENKOU_CLOCK_OFFSET_FILE), since the machine's clock belongs to everybody on it:
what runs on the machine's time (tokens, timeouts, PostgreSQL's now()) does not jump.
"""

from tests.chaos.faults.base import Fault

JUMPS = (-3 * 3600.0, -90.0, 45.0, 5 * 3600.0)


class ClockMoved(Fault):
    """All services are hours or seconds ahead or behind for a moment."""

    kind, zh, en = "clock", "时钟跳变", "clock moved"

    async def begin(self) -> str:
        jump = self.random.choice(JUMPS)
        self.before = self._read()
        self.moved = self.before + jump
        self.scene.stack.set_clock_offset(self.moved)
        return f"{jump:+g} s"

    async def heal(self) -> None:
        if self._read() == self.moved:  # the calendar has not gone on by itself meanwhile
            self.scene.stack.set_clock_offset(self.before)
        await super().heal()

    def _read(self) -> float:
        file = self.scene.stack.clock_offset_file
        assert file is not None
        return float(file.read_text(encoding="ascii"))
