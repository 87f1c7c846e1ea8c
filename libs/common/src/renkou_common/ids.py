"""Identifiers: UUID version 7 (RFC 9562), ordered by time, so that new rows stand together in an index.

They identify and give no right to anything, so a generator seeded by the system once is random enough.
"""

import os
import time
from random import Random
from uuid import UUID, SafeUUID

_VERSION = 0x7 << 76
_VARIANT = 0x2 << 62
_RANDOM_B = (1 << 62) - 1
_RANDOM = Random(os.urandom(32))  # noqa: S311 - no secret comes of it
os.register_at_fork(after_in_child=lambda: _RANDOM.seed(os.urandom(32)))


def new_id() -> UUID:
    """Return a fresh id: 48 bits of milliseconds, 74 random bits."""
    random = _RANDOM.getrandbits(74)
    milliseconds = time.time_ns() // 1_000_000
    value = milliseconds << 80 | _VERSION | (random >> 62) << 64 | _VARIANT | random & _RANDOM_B
    made = object.__new__(
        UUID
    )  # the constructor checks what is right by construction, and takes thrice as long
    object.__setattr__(made, "int", value)
    object.__setattr__(made, "is_safe", SafeUUID.unknown)
    return made
