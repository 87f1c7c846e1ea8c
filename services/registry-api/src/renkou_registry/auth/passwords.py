"""Argon2id (OWASP's 46 MiB, one pass) off the event loop, few at a time."""

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

HASHER = PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1)
_AT_ONCE = asyncio.Semaphore(2)
"""Bounds memory (46 MiB each) and keeps guessing from taking every core."""


@cache
def _nobody() -> str:
    """A hash for callers who do not exist, so that they cost as much as those who do."""
    return HASHER.hash("no such account")


def _matches(stored: str, given: str) -> bool:
    try:
        return HASHER.verify(stored, given)
    except (Argon2Error, InvalidHashError):
        return False


def hash_now(secret: str) -> str:
    """Return the stored form; blocks for tens of milliseconds (command line only)."""
    return HASHER.hash(secret)


def matches_now(stored: str, given: str) -> bool:
    """Say whether ``given`` is the secret; blocks (command line only)."""
    return _matches(stored, given)


async def hash_password(secret: str) -> str:
    """Return the stored form of a password."""
    async with _AT_ONCE:
        return await asyncio.to_thread(HASHER.hash, secret)


async def verify_password(stored: str | None, given: str) -> bool:
    """Say whether ``given`` is the password; takes as long where there is none (``stored`` None)."""
    async with _AT_ONCE:
        good = await asyncio.to_thread(_matches, stored or _nobody(), given)
    return good and stored is not None
