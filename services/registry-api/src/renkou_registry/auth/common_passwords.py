"""Passwords that everybody tries first (常用密码); where they are from: ``data/README.md``."""

import lzma
from functools import cache
from importlib.resources import files


@cache
def common_passwords() -> frozenset[str]:
    """Return the list, in lower case."""
    packed = files(__package__).joinpath("data", "common_passwords.xz").read_bytes()
    return frozenset(lzma.decompress(packed).decode().splitlines())
