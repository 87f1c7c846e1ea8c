"""Secrets as files: made once, readable by their owner only, never overwritten."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def keep(path: Path, make: Callable[[], str]) -> Path:
    """Write `make()` to the file unless it exists; returns the path. A new folder is its owner's alone."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".partial")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    return path


def password() -> str:
    """A random password of 192 bits, safe inside a URL."""
    return secrets.token_urlsafe(24)


def read(path: Path) -> str:
    """The secret without surrounding white space."""
    return path.read_text().strip()
