"""The envelope around field keys: a master key wraps each of them, so that the file that holds them opens nothing.

A wrapped key is ``nonce (12) | ciphertext and tag`` of AES-256-GCM; what the key is for (``data/3``) is bound in as
associated data, so that no entry of the file can take another's place.
"""

import binascii
import hmac
import os
from base64 import b64decode, b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE = 12
_FINGERPRINT = b"renkou field master key"


class KeyFileError(ValueError):
    """The key files cannot be used as they are; the text says what to do and holds no key."""


class KeyWrapper(Protocol):
    """What wraps and unwraps keys: a master key in a file, or whatever a district keeps its master key in."""

    @property
    def fingerprint(self) -> str:
        """Tells master keys apart and gives nothing of them away."""

    def wrap(self, key: bytes, purpose: str) -> bytes:
        """Return a key wrapped for one purpose."""

    def unwrap(self, wrapped: bytes, purpose: str) -> bytes:
        """Return the key; raises KeyFileError where it was wrapped by another or for another purpose."""


class MasterKey:
    """A master key held in memory."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise KeyFileError(f"a master key has {KEY_BYTES} bytes, not {len(key)}")
        self._cipher = AESGCM(key)
        self._text = b64encode(key).decode()
        self.fingerprint = hmac.digest(key, _FINGERPRINT, "sha256")[:8].hex()

    @classmethod
    def new(cls) -> "MasterKey":
        """Return a new random key."""
        return cls(os.urandom(KEY_BYTES))

    @property
    def text(self) -> str:
        """The key as a line of its file."""
        return self._text

    def wrap(self, key: bytes, purpose: str) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, key, purpose.encode())

    def unwrap(self, wrapped: bytes, purpose: str) -> bytes:
        try:
            return self._cipher.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], purpose.encode())
        except (InvalidTag, ValueError) as error:
            raise KeyFileError(
                f"the key {purpose} does not open with the master key {self.fingerprint}"
            ) from error


def master_keys_text(keys: Sequence[MasterKey]) -> str:
    """Return the content of a master key file: one key a line in base64."""
    return "".join(f"{key.text}\n" for key in keys)


def read_master_keys(path: Path) -> list[MasterKey]:
    """Return the master keys of a file: one, or two while keys are wrapped anew. Raises KeyFileError."""
    try:
        lines = path.read_text(encoding="ascii").split()
        keys = [MasterKey(b64decode(line, validate=True)) for line in lines]
    except (binascii.Error, UnicodeDecodeError) as error:
        raise KeyFileError(f"{path.name} is no master key file: one key a line, base64") from error
    if not keys:
        raise KeyFileError(f"{path.name} holds no master key")
    return keys
