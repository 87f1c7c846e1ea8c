"""Field encryption: AES-256-GCM with versioned keys from outside the database, and blind indexes.

A stored value is ``key version (1 byte) | nonce (12) | ciphertext and tag``; the column's name is bound in
as associated data, so that a value cannot be moved to another column. A blind index is an HMAC-SHA256
under a key of its own, for exact look-up only.
"""

import hmac
import os
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from renkou_common.settings import read_json


class FieldCipher:
    """Encrypts and indexes single fields. Keys: version 1-255 to 32 bytes; one version is active."""

    def __init__(self, keys: Mapping[int, bytes], active: int, index_key: bytes) -> None:
        if active not in keys:
            raise ValueError(f"the active key version {active} has no key")
        self._ciphers = {version: AESGCM(key) for version, key in keys.items()}
        self._active = active
        self._index_key = index_key

    @classmethod
    def from_file(cls, path: Path) -> "FieldCipher":
        """Read ``{"active": "1", "keys": {"1": base64}, "index_key": base64}``."""
        content = read_json(path)
        keys = {int(version): b64decode(key) for version, key in content["keys"].items()}
        return cls(keys, int(content["active"]), b64decode(content["index_key"]))

    def encrypt(self, text: str, column: str) -> bytes:
        """Return the stored form of ``text`` for ``column`` (``person.resident_id``)."""
        return self.seal(text.encode(), column)

    def decrypt(self, stored: bytes, column: str) -> str:
        """Return the text; raises ``cryptography.exceptions.InvalidTag`` when it was tampered with."""
        return self.unseal(stored, column).decode()

    def seal(self, content: bytes, column: str) -> bytes:
        """Return the stored form of bytes, such as a part of a file."""
        nonce = os.urandom(12)
        sealed = self._ciphers[self._active].encrypt(nonce, content, column.encode())
        return bytes([self._active]) + nonce + sealed

    def unseal(self, stored: bytes, column: str) -> bytes:
        """Return the bytes; raises ``cryptography.exceptions.InvalidTag`` when they were tampered with."""
        cipher = self._ciphers[stored[0]]
        return cipher.decrypt(stored[1:13], stored[13:], column.encode())

    def blind_index(self, text: str, column: str) -> bytes:
        """Return the 32-byte index under which ``text`` is found in ``column``."""
        return hmac.digest(self._index_key, f"{column}\0{text}".encode(), "sha256")
