"""The content of ``field_keys.json`` and how it may change; nothing here touches a file.

    {"format": 2, "master": "<fingerprint>",
     "data":  {"active": 1, "last": 1, "since": "<instant>",
               "versions": {"1": {"wrapped": "<base64>", "added": "<instant>"}}},
     "index": {... the same ...},
     "digest": {"wrapped": "<base64>"}}

``data`` keys encrypt, ``index`` keys make blind indexes. A version is added first, and used for writing (``active``)
only once every process has had the time to read it; ``last`` is the highest number ever given, none comes again.
The ``digest`` key stays: what it makes (verification codes on paper, marks of imported rows) cannot be made anew.
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from renkou_common.field_keys.envelope import KEY_BYTES, KeyFileError, KeyWrapper

FORMAT = 2
HIGHEST = 255
SETTLED = timedelta(seconds=60)
"""How long a change of the file is given to reach every process; they look every few seconds."""


class Kind(StrEnum):
    """What a key is for."""

    DATA = "data"
    INDEX = "index"


@dataclass(frozen=True, slots=True)
class Version:
    """A key and since when it can be read."""

    key: bytes
    added: datetime


@dataclass(frozen=True, slots=True)
class Keys:
    """The versions of one kind, and which of them is written with since when."""

    versions: Mapping[int, Version]
    active: int
    since: datetime
    last: int

    @classmethod
    def first(cls, key: bytes, now: datetime) -> "Keys":
        """Return version 1 alone."""
        return cls({1: Version(key, now)}, 1, now, 1)


@dataclass(frozen=True, slots=True)
class Keyring:
    """All field keys, unwrapped."""

    data: Keys
    index: Keys
    digest: bytes

    @classmethod
    def new(cls, now: datetime) -> "Keyring":
        """Return a ring of new random keys."""
        return cls(Keys.first(_random(), now), Keys.first(_random(), now), _random())

    def of(self, kind: Kind) -> Keys:
        """Return the keys of a kind."""
        return self.data if kind is Kind.DATA else self.index

    def _with(self, kind: Kind, keys: Keys) -> "Keyring":
        return replace(self, data=keys) if kind is Kind.DATA else replace(self, index=keys)

    def added(self, kind: Kind, now: datetime) -> tuple["Keyring", int]:
        """Return the ring with a new version that nobody writes with yet, and its number.

        Raises KeyFileError where a version waits to be activated already, or where no number is left.
        """
        keys = self.of(kind)
        waiting = [version for version in keys.versions if version > keys.active]
        if waiting:
            raise KeyFileError(f"{kind} key {waiting[0]} waits to be activated: do that first")
        if keys.last >= HIGHEST:
            raise KeyFileError(f"no {kind} key after {HIGHEST}: a stored value has one byte for its version")
        number = keys.last + 1
        versions = {**keys.versions, number: Version(_random(), now)}
        return self._with(kind, replace(keys, versions=versions, last=number)), number

    def activated(self, kind: Kind, version: int, now: datetime, settled: timedelta = SETTLED) -> "Keyring":
        """Return the ring that writes with a version; raises KeyFileError where not every process can read it yet."""
        keys = self.of(kind)
        self._check_known(kind, version)
        if version == keys.active:
            return self
        if version < keys.active:
            raise KeyFileError(f"{kind} key {version} is older than {keys.active}, which is written with")
        wait = keys.versions[version].added + settled - now
        if wait > timedelta():
            raise KeyFileError(
                f"{kind} key {version} is too new: services may not have read it yet."
                f" Again in {wait.total_seconds():.0f} s"
            )
        return self._with(kind, replace(keys, active=version, since=now))

    def retired(
        self,
        kind: Kind,
        version: int,
        used: Iterable[tuple[str, int]],
        now: datetime,
        settled: timedelta = SETTLED,
    ) -> "Keyring":
        """Return the ring without a version. ``used`` tells how many values of it each service still holds.

        Raises KeyFileError for the active version, for one that a value needs, and soon after another one was
        activated: a process may write with the old one until it has read the file again.
        """
        keys = self.of(kind)
        self._check_known(kind, version)
        if version == keys.active:
            raise KeyFileError(
                f"{kind} key {version} is the one that is written with: activate another first"
            )
        if now < keys.since + settled:
            raise KeyFileError(
                f"{kind} key {keys.active} was activated a moment ago: wait a minute, count again"
            )
        for service, number in used:
            if number:
                raise KeyFileError(
                    f"{service} holds {number} values of {kind} key {version}: rotation is not over"
                )
        versions = {number: each for number, each in keys.versions.items() if number != version}
        return self._with(kind, replace(keys, versions=versions))

    def _check_known(self, kind: Kind, version: int) -> None:
        if version not in self.of(kind).versions:
            raise KeyFileError(f"there is no {kind} key {version}")


def is_plain(content: Mapping[str, Any]) -> bool:
    """Whether a key file is of the old form, whose keys stand in it in the clear."""
    return "format" not in content and "index_key" in content


def from_plain(content: Mapping[str, Any], now: datetime) -> Keyring:
    """Return the keys of a file of the old form. Its index key goes on as index key 1 and as the digest key."""
    versions = {int(number): Version(b64decode(key), now) for number, key in content["keys"].items()}
    index = b64decode(content["index_key"])
    data = Keys(versions, int(content["active"]), now, max(versions))
    return Keyring(data, Keys.first(index, now), index)


def wrapped(ring: Keyring, master: KeyWrapper) -> dict[str, Any]:
    """Return a ring as the content of its file."""

    def sealed(key: bytes, purpose: str) -> str:
        return b64encode(master.wrap(key, purpose)).decode()

    def section(kind: Kind) -> dict[str, Any]:
        keys = ring.of(kind)
        return {
            "active": keys.active,
            "last": keys.last,
            "since": keys.since.isoformat(),
            "versions": {
                str(number): {
                    "wrapped": sealed(each.key, f"{kind}/{number}"),
                    "added": each.added.isoformat(),
                }
                for number, each in sorted(keys.versions.items())
            },
        }

    return {
        "format": FORMAT,
        "master": master.fingerprint,
        **{str(kind): section(kind) for kind in Kind},
        "digest": {"wrapped": sealed(ring.digest, "digest")},
    }


def unwrapped(content: Mapping[str, Any], masters: Iterable[KeyWrapper]) -> Keyring:
    """Return the ring of a file's content; raises KeyFileError where it is damaged, plain or another master's."""
    if is_plain(content):
        raise KeyFileError(
            "the field keys stand in the clear: wrap them first (python -m renkou_local.field_keys wrap)"
        )
    try:
        if content["format"] != FORMAT:
            raise KeyFileError(f"field keys of format {content['format']}, not {FORMAT}")
        master = next((each for each in masters if each.fingerprint == content["master"]), None)
        if master is None:
            raise KeyFileError(
                f"the field keys are wrapped by the master key {content['master']}, which is not here"
            )
        return Keyring(
            _section(content[Kind.DATA], Kind.DATA, master),
            _section(content[Kind.INDEX], Kind.INDEX, master),
            _opened(content["digest"]["wrapped"], "digest", master),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise KeyFileError(f"not a file of field keys: {error!r}") from error


def _section(content: Mapping[str, Any], kind: Kind, master: KeyWrapper) -> Keys:
    versions = {
        int(number): Version(
            _opened(each["wrapped"], f"{kind}/{number}", master), datetime.fromisoformat(each["added"])
        )
        for number, each in content["versions"].items()
    }
    keys = Keys(versions, content["active"], datetime.fromisoformat(content["since"]), content["last"])
    if keys.active not in versions:
        raise KeyFileError(f"the active {kind} key {keys.active} is not among the keys")
    return keys


def _opened(text: str, purpose: str, master: KeyWrapper) -> bytes:
    key = master.unwrap(b64decode(text), purpose)
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"the key {purpose} has {len(key)} bytes, not {KEY_BYTES}")
    return key


def _random() -> bytes:
    return os.urandom(KEY_BYTES)
