"""What a service takes from outside, and what it refuses to: settings of its outermost layer."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Literal, Self

from starlette.types import Scope

from renkou_common.settings import ServiceSettings

type Network = IPv4Network | IPv6Network
type RateClass = Literal["read", "write", "search", "sign_in"]

EXEMPT_PATHS = ("/health/", "/metrics")
"""Asked by the machinery that runs a node; never made to wait."""
_SEARCHES = re.compile(r"(^|/)(search|match|exports?|export-copies|unmask|evidence-exports)(/|$)")
"""What a curious person would use to walk through the register."""
_SIGN_IN = re.compile(r"^/(auth/|public/accounts/)")


@dataclass(frozen=True, slots=True)
class Surface:
    """Limits in bytes, seconds and requests; what browsers and proxies are trusted with."""

    body_bytes: int = 1 << 20
    body_grace_seconds: float = 10.0
    body_bytes_per_second: int = 16 << 10
    request_seconds: float = 60.0
    stream_seconds: float = 1800.0
    at_once: int = 512
    line: int = 128
    """So many requests of a process may wait for a connection to the database; who comes then is to come again."""
    caller_at_once: int = 8
    caller_waiting: int = 64
    waiting_seconds: float = 10.0
    rates: dict[RateClass, int] = field(default_factory=dict)
    """Requests in a minute for each caller and class; 0 or left out: not limited."""
    service_rate: int = 0
    cors_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    https: bool = False

    @classmethod
    def of(cls, settings: ServiceSettings) -> Self:
        """Return what the settings of a service say."""
        return cls(
            request_seconds=settings.request_seconds,
            caller_at_once=settings.caller_at_once,
            rates={
                "read": settings.rate_read,
                "write": settings.rate_write,
                "search": settings.rate_search,
                "sign_in": settings.rate_sign_in,
            },
            service_rate=settings.rate_service,
            cors_origins=tuple(_listed(settings.cors_origins)),
            trusted_proxies=tuple(ip_network(each) for each in _listed(settings.trusted_proxies)),
            https=settings.https,
        )


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def rate_class(method: str, path: str) -> RateClass:
    """Return which budget of its caller a request is taken from."""
    if _SIGN_IN.match(path):
        return "sign_in"
    if _SEARCHES.search(path):
        return "search"
    return "read" if method in ("GET", "HEAD") else "write"


def seen_through_proxies(scope: Scope, trusted: Iterable[Network]) -> None:
    """Put the caller's own address and scheme into a scope, where a trusted proxy stands between.

    Of ``X-Forwarded-For`` counts the last address that no trusted proxy has: what stands before it was written by
    the caller. From anybody else these headers say nothing.
    """
    client = scope.get("client")
    if client is None or not _is_trusted(client[0], trusted):
        return
    forwarded, scheme = "", ""
    for name, value in scope["headers"]:
        if name == b"x-forwarded-for":
            forwarded += ("," if forwarded else "") + value.decode("latin-1")
        elif name == b"x-forwarded-proto":
            scheme = value.decode("latin-1").strip().lower()
    for address in reversed(_listed(forwarded)):
        if not _is_address(address):
            break
        scope["client"] = (address, 0)
        if not _is_trusted(address, trusted):
            break
    if scheme in ("http", "https"):
        scope["scheme"] = scheme


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_trusted(address: str, trusted: Iterable[Network]) -> bool:
    if not _is_address(address):
        return False
    parsed = ip_address(address)
    return any(parsed in network for network in trusted)
