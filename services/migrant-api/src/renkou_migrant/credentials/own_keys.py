"""This district's own certificate keys, their windows, and which of them signs now (本地签发密钥).

Rotating takes three steps and no pause: put the next key into the key file with a ``valid_from``; have the
trust list name it; from then on, and from ``valid_from`` on, it signs. What the earlier key signed stays
verifiable while it is listed.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from renkou_migrant.credentials.jws import SigningKey
from renkou_migrant.credentials.reasons import CredentialError, Reason
from renkou_migrant.credentials.trust import key_entry

ALGORITHM = "ES256"
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A private key with the time in which it may sign; ``valid_to`` is exclusive, None is open."""

    signing: SigningKey
    valid_from: datetime
    valid_to: datetime | None

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any]) -> Self:
        """Read a private JWK that may carry ``valid_from`` and ``valid_to`` (RFC 3339 with offset).

        Raises ``CredentialError(MALFORMED)``.
        """
        valid_from, valid_to = _moment(jwk, "valid_from"), _moment(jwk, "valid_to")
        return cls(SigningKey.from_jwk(jwk), valid_from or _LONG_AGO, valid_to)

    @property
    def kid(self) -> str:
        """The key's name."""
        return self.signing.kid

    def covers(self, instant: datetime) -> bool:
        """Whether it may sign at ``instant``."""
        return self.valid_from <= instant and (self.valid_to is None or instant < self.valid_to)

    def entry(self) -> dict[str, Any]:
        """The public part as a description of the district lists it."""
        return key_entry(self.signing.public.to_jwk(), self.valid_from, self.valid_to)


def choose(
    keys: Iterable[OwnKey], now: datetime, *, listed: Collection[str], compromised: Collection[str]
) -> SigningKey | None:
    """The key that signs ``now``: of those that may, the one that began last.

    A key that the trust list doesn't name yet (``listed``) waits, as long as another one is named: nobody
    could verify what it signs. None where no key may sign.
    """
    usable = [
        key
        for key in keys
        if key.signing.algorithm == ALGORITHM and key.covers(now) and key.kid not in compromised
    ]
    known = [key for key in usable if key.kid in listed] or usable
    return max(known, key=lambda key: key.valid_from).signing if known else None


def _moment(jwk: Mapping[str, Any], name: str) -> datetime | None:
    text = jwk.get(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise CredentialError(Reason.MALFORMED, f"{name} of a key") from error
    if moment.tzinfo is None:
        raise CredentialError(Reason.MALFORMED, f"{name} of a key needs an offset")
    return moment
