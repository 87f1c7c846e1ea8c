"""nkeys: the Ed25519 key pairs by which NATS knows its users; the seed is the secret."""

import secrets
from pathlib import Path

import nkeys

from renkou_local import secret_files


def new_seed() -> str:
    """A seed of a new user key pair (`SU...`)."""
    seed: bytes = nkeys.encode_seed(secrets.token_bytes(32), nkeys.PREFIX_BYTE_USER)
    return seed.decode()


def public_key(seed: str) -> str:
    """The public key (`U...`) of a seed."""
    key: bytes = nkeys.from_seed(bytearray(seed.encode())).public_key
    return key.decode()


def seed_file(path: Path) -> tuple[Path, str]:
    """The file with a seed, made where it is missing, and the seed's public key."""
    secret_files.keep(path, new_seed)
    return path, public_key(secret_files.read(path))
