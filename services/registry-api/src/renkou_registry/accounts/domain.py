"""Numbers and codes of persons' accounts; no I/O."""

import secrets
from datetime import timedelta

CODE_VALID = timedelta(days=14)
_DIGITS = "0123456789"
_CODE_CHARACTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that looks like another


def new_account_number() -> str:
    """Return a random account number of 12 digits: it tells nothing about the person."""
    return "".join(secrets.choice(_DIGITS) for _ in range(12))


def new_code() -> str:
    """Return a one-time code of 12 characters (59 bits), in groups for reading from paper."""
    text = "".join(secrets.choice(_CODE_CHARACTERS) for _ in range(12))
    return "-".join(text[at : at + 4] for at in range(0, 12, 4))


def normalise_code(text: str) -> str:
    """Return a code as it was issued, whatever case and separators it was typed with."""
    plain = "".join(character for character in text.upper() if character.isalnum())
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))
