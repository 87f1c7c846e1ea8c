"""The clock of the domain: Asia/Shanghai, movable in the local stack so that a demo can walk through a year.

Bearer tokens use real time, never this clock.
"""

import time
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
_STAT_EVERY_SECONDS = 0.05


class Clock:
    """Real time plus an offset.

    `offset_file` holds one float, the offset in seconds; write it by renaming a finished file into place. It
    is read again when its size or modification time changes, looked at no more than every 50 ms. No file: no
    offset; a file that cannot be understood raises ValueError.
    """

    def __init__(self, offset_file: Path | None = None) -> None:
        self._file = offset_file
        self._offset = timedelta()
        self._version: tuple[int, int] | None = None
        self._looked_at = float("-inf")

    def now(self) -> datetime:
        """The present instant, aware, in Asia/Shanghai."""
        return datetime.now(SHANGHAI) + self._current_offset()

    def today(self) -> date:
        """The present day in Asia/Shanghai."""
        return self.now().date()

    def _current_offset(self) -> timedelta:
        if self._file is None:
            return self._offset
        moment = time.monotonic()
        if moment - self._looked_at >= _STAT_EVERY_SECONDS:
            self._looked_at = moment
            self._read_if_changed(self._file)
        return self._offset

    def _read_if_changed(self, file: Path) -> None:
        try:
            status = file.stat()
        except FileNotFoundError:
            self._version, self._offset = None, timedelta()
            return
        version = (status.st_mtime_ns, status.st_size)
        if version != self._version:
            self._offset = timedelta(seconds=float(file.read_text(encoding="ascii")))
            self._version = version
