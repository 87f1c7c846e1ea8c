"""nkeys: the Ed25519 key pairs by which NATS knows operators, accounts and users; the seed is the secret."""

import re
import secrets
from enum import IntEnum
from pathlib import Path

import nkeys

from renkou_local import secret_files

USER_KEY = re.compile(r"U[A-Z2-7]{55}")


class Of(IntEnum):
    """What a key pair stands for; its public key begins with O, A or U."""

    OPERATOR = nkeys.PREFIX_BYTE_OPERATOR
    ACCOUNT = nkeys.PREFIX_BYTE_ACCOUNT
    USER = nkeys.PREFIX_BYTE_USER


def new_seed(of: Of = Of.USER) -> str:
    """A seed of a new key pair (`SO...`, `SA...`, `SU...`)."""
    seed: bytes = nkeys.encode_seed(secrets.token_bytes(32), int(of))
    return seed.decode()


def public_key(seed: str) -> str:
    """The public key (`O...`, `A...`, `U...`) of a seed."""
    key: bytes = nkeys.from_seed(bytearray(seed.encode())).public_key
    return key.decode()


def seed_file(path: Path) -> tuple[Path, str]:
    """The file with a user's seed, made where it is missing, and the seed's public key."""
    secret_files.keep(path, new_seed)
    return path, public_key(secret_files.read(path))
