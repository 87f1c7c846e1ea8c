"""When a status list has to be signed anew, and which list a reader asks for. No I/O."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from renkou_migrant.credentials.sdjwt import status_list_uri

FIRST_LIST = 1
_NAME = re.compile(r"(?:([0-9]{6})-)?([0-9]{1,6})")


@dataclass(frozen=True, slots=True)
class SignedList:
    """A list as it was signed last; ``signed_revision`` is -1 and the times None before the first."""

    number: int
    size: int
    revision: int
    signed_revision: int
    sequence: int
    published_sequence: int
    token: str | None
    issued_at: datetime | None
    expires_at: datetime | None


def needs_signing(signed: SignedList, now: datetime) -> bool:
    """Whether the bits have changed, less than half of the validity is left, or the clock was set back."""
    if signed.token is None or signed.issued_at is None or signed.expires_at is None:
        return True
    if signed.revision != signed.signed_revision or now < signed.issued_at:
        return True
    return signed.expires_at - now < (signed.expires_at - signed.issued_at) / 2


def validity(now: datetime, days: int) -> tuple[datetime, datetime]:
    """Return the times from and until which a list signed now is good."""
    return now, now + timedelta(days=days)


def uri_of(name: str, own: str) -> str | None:
    """Return the URI of a list by its name in a path, ``1`` (own) or ``340103-1``; None for no such name."""
    match = _NAME.fullmatch(name)
    if match is None or int(match[2]) < 1:
        return None
    return status_list_uri(match[1] or own, int(match[2]))


def number_of(uri: str) -> int:
    """Return the number at the end of a list's URI; raises ValueError."""
    return int(uri.rpartition("/")[2])


def subject_of(district: str, number: int) -> str:
    """Return the hub's subject of a list."""
    return f"public.{district}.status-list.{number}"
