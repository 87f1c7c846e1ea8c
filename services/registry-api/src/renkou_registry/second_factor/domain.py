"""Rules of the second factor (TOTP, RFC 6238: SHA-1, 6 digits, 30 seconds, as authenticators have it); no I/O."""

import hmac
import secrets
from hashlib import sha256

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

STEP_SECONDS = 30
STEPS_APART = 1
"""So many steps a holder's clock may be early or late."""
RECOVERY_CODES = 10
SEALED_AS = "second_factor.secret"
_CHARACTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that looks like another
_LENGTH = 16


def new_secret() -> bytes:
    """Return 160 random bits (RFC 4226, section 4)."""
    return secrets.token_bytes(20)


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, 6, SHA1(), STEP_SECONDS)  # noqa: S303  # what authenticators know; HMAC does not collide


def uri_of(secret: bytes, username: str, issuer: str) -> str:
    """Return the ``otpauth://`` URI that authenticators read."""
    return _totp(secret).get_provisioning_uri(username, issuer)


def code_at(secret: bytes, step: int) -> str:
    """Return the code of a step of 30 seconds since 1970."""
    return _totp(secret).generate(step * STEP_SECONDS).decode()


def matching_step(secret: bytes, code: str, now: float, last_step: int | None) -> int | None:
    """Return the step whose code this is, None for no code of now or one that was taken before (or is older)."""
    current = int(now) // STEP_SECONDS
    found = None
    for step in range(current - STEPS_APART, current + STEPS_APART + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            found = step
    return found if found is not None and (last_step is None or found > last_step) else None


def new_recovery_code() -> str:
    """Return a one-time code of 79 bits in groups, for paper."""
    text = "".join(secrets.choice(_CHARACTERS) for _ in range(_LENGTH))
    return "-".join(text[at : at + 4] for at in range(0, _LENGTH, 4))


def recovery_hash(code: str) -> bytes:
    """Return what is kept of a recovery code, whatever case and separators it was typed with."""
    return sha256("".join(each for each in code.upper() if each.isalnum()).encode()).digest()
