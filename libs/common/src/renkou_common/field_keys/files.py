"""The key files: read when they change, written whole or not at all, readable by their owner only."""

import json
import os
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import structlog

from renkou_common.field_keys.envelope import KeyFileError, MasterKey, master_keys_text, read_master_keys
from renkou_common.field_keys.keyring import Keyring, unwrapped, wrapped
from renkou_common.settings import read_json

log = structlog.get_logger()


class KeySource(Protocol):
    """Where a process has its field keys from."""

    def current(self) -> Keyring:
        """Return the keys, at most some seconds old; asked for every value, so it has to cost nothing."""

    def again(self) -> Keyring:
        """Return the keys as they are now: a value came that none of the known ones opens."""


class FixedKeys:
    """Keys that stay as they are."""

    def __init__(self, ring: Keyring) -> None:
        self._ring = ring

    def current(self) -> Keyring:
        return self._ring

    def again(self) -> Keyring:
        return self._ring


class KeyFiles:
    """The keys of the two files, looked at again every ``check_seconds``.

    The first reading raises (OSError, ValueError, KeyFileError). Later a file that cannot be read leaves the keys
    as they were, is logged, and is tried again at the next look.
    """

    def __init__(
        self,
        keys: Path,
        master: Path,
        check_seconds: float = 5.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._paths = keys, master
        self._check_seconds = check_seconds
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._stamp = self._look()
        self._ring = read_keyring(keys, master)
        self._next = monotonic() + check_seconds

    def current(self) -> Keyring:
        if self._monotonic() >= self._next:
            self.again()
        return self._ring

    def again(self) -> Keyring:
        with self._lock:
            self._next = self._monotonic() + self._check_seconds
            try:
                stamp = self._look()
                if stamp != self._stamp:
                    self._ring = read_keyring(*self._paths)
                    self._stamp = stamp
                    log.info(
                        "field keys read again",
                        data=sorted(self._ring.data.versions),
                        data_active=self._ring.data.active,
                        index=sorted(self._ring.index.versions),
                        index_active=self._ring.index.active,
                    )
            except (OSError, ValueError) as error:
                log.error("field keys cannot be read again, the old ones stay in use", error=str(error))
            return self._ring

    def _look(self) -> tuple[tuple[int, int, int], ...]:
        stats = [path.stat() for path in self._paths]
        return tuple((each.st_mtime_ns, each.st_ino, each.st_size) for each in stats)


def read_keyring(keys: Path, master: Path) -> Keyring:
    """Return what the two files hold; raises OSError, ValueError and KeyFileError."""
    content = read_json(keys)
    if not isinstance(content, dict):
        raise KeyFileError(f"{keys.name} is no file of field keys")
    return unwrapped(content, read_master_keys(master))


def keyring_text(content: dict[str, Any]) -> str:
    """Return a key file's content as its text."""
    return json.dumps(content, indent=2) + "\n"


def replace_file(path: Path, text: str) -> None:
    """Put a secret file in the place of another in one step; readable by its owner only, on disk when this returns."""
    partial = path.with_name(path.name + ".partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.chmod(0o600)
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def make_key_files(keys: Path, master: Path, now: datetime) -> Keyring:
    """Make both files anew with random keys, for a register that has none; returns the keys."""
    ring, key = Keyring.new(now), MasterKey.new()
    replace_file(master, master_keys_text([key]))
    replace_file(keys, keyring_text(wrapped(ring, key)))
    return ring
