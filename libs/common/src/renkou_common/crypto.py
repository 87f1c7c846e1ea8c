"""Field encryption: AES-256-GCM with versioned keys from outside the database, and blind indexes.

A stored value is ``key version (1 byte) | nonce (12) | ciphertext and tag``; the column's name is bound in
as associated data, so that a value cannot be moved to another column. A blind index is an HMAC-SHA256
under a key of its own, for exact look-up only: bare under index key 1, ``key version (1 byte) | HMAC`` under
later ones. Where the keys come from: :mod:`renkou_common.field_keys`.
"""

import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from renkou_common.field_keys.files import FixedKeys, KeyFiles, KeySource
from renkou_common.field_keys.keyring import Keyring

_FIRST_INDEX = 1
_MAC = 32


@dataclass(frozen=True, slots=True)
class _Opened:
    """A ring with its keys ready for use."""

    ring: Keyring
    ciphers: Mapping[int, AESGCM] = field(init=False)

    def __post_init__(self) -> None:
        ciphers = {version: AESGCM(each.key) for version, each in self.ring.data.versions.items()}
        object.__setattr__(self, "ciphers", ciphers)


class FieldCipher:
    """Encrypts and indexes single fields with the keys of a source."""

    def __init__(self, source: KeySource) -> None:
        self._source = source
        self._opened = _Opened(source.current())

    @classmethod
    def from_files(cls, keys: Path, master: Path, check_seconds: float = 5.0) -> "FieldCipher":
        """Return the cipher of key files, which are read again when they change.

        Raises OSError and :class:`renkou_common.field_keys.envelope.KeyFileError`.
        """
        return cls(KeyFiles(keys, master, check_seconds))

    @classmethod
    def fixed(cls, ring: Keyring) -> "FieldCipher":
        """Return the cipher of keys that stay as they are."""
        return cls(FixedKeys(ring))

    @property
    def ring(self) -> Keyring:
        """The keys as they are now."""
        return self._now().ring

    def encrypt(self, text: str, column: str) -> bytes:
        """Return the stored form of ``text`` for ``column`` (``person.resident_id``)."""
        return self.seal(text.encode(), column)

    def decrypt(self, stored: bytes, column: str) -> str:
        """Return the text; raises ``cryptography.exceptions.InvalidTag`` when it was tampered with."""
        return self.unseal(stored, column).decode()

    def seal(self, content: bytes, column: str) -> bytes:
        """Return the stored form of bytes, such as a part of a file."""
        opened = self._now()
        nonce, active = os.urandom(12), opened.ring.data.active
        return bytes([active]) + nonce + opened.ciphers[active].encrypt(nonce, content, column.encode())

    def unseal(self, stored: bytes, column: str) -> bytes:
        """Return the bytes; raises ``cryptography.exceptions.InvalidTag`` when they were tampered with."""
        cipher = self._now().ciphers.get(stored[0]) or self._again().ciphers.get(stored[0])
        if cipher is None:
            raise InvalidTag(f"no data key {stored[0]}")
        return cipher.decrypt(stored[1:13], stored[13:], column.encode())

    def blind_index(self, text: str, column: str) -> bytes:
        """Return the index under which ``text`` is stored in ``column``."""
        keys = self._now().ring.index
        return _index(keys.active, keys.versions[keys.active].key, text, column)

    def blind_indexes(self, text: str, column: str) -> list[bytes]:
        """Return every index under which ``text`` may stand in ``column``, the one that is written first.

        More than one only while index keys are changed.
        """
        keys = self._now().ring.index
        found = [
            _index(version, each.key, text, column)
            for version, each in keys.versions.items()
            if version != keys.active
        ]
        return [_index(keys.active, keys.versions[keys.active].key, text, column), *found]

    @property
    def indexes_change(self) -> bool:
        """Whether the same text may stand under several indexes now."""
        return len(self._now().ring.index.versions) > 1

    def digest(self, text: str, purpose: str) -> bytes:
        """Return 32 bytes that only this district can make of a text; the same for ever."""
        return _mac(self._now().ring.digest, text, purpose)

    def mark(self, digest: bytes, purpose: str) -> bytes:
        """Return 32 bytes in place of a hash of what somebody could try out number by number; the same for ever."""
        return self.digest(digest.hex(), purpose)

    def _now(self) -> _Opened:
        return self._keep(self._source.current())

    def _again(self) -> _Opened:
        return self._keep(self._source.again())

    def _keep(self, ring: Keyring) -> _Opened:
        if ring is not self._opened.ring:
            self._opened = _Opened(ring)
        return self._opened


def data_version(stored: bytes) -> int:
    """Return the version of the key that a sealed value needs."""
    return stored[0]


def index_version(stored: bytes) -> int:
    """Return the version of the key that made a blind index."""
    return _FIRST_INDEX if len(stored) == _MAC else stored[0]


def _index(version: int, key: bytes, text: str, column: str) -> bytes:
    mac = _mac(key, text, column)
    return mac if version == _FIRST_INDEX else bytes([version]) + mac


def _mac(key: bytes, text: str, column: str) -> bytes:
    return hmac.digest(key, f"{column}\0{text}".encode(), "sha256")
