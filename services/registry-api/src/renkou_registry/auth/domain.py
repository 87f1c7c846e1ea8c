"""Rules of passwords and of throttling; no I/O."""

from datetime import timedelta

from renkou_common.errors import InvalidInput

MINIMUM_LENGTH = 12
MAXIMUM_LENGTH = 256
FREE_ATTEMPTS = 5
LONGEST_LOCK = timedelta(minutes=15)


def check_new_password(password: str, username: str, pointer: str) -> None:
    """Raise InvalidInput for a password that is too short, too long or built on the user name.

    No rules about kinds of characters and no expiry: they make passwords worse (NIST SP 800-63B).
    """
    if len(password) < MINIMUM_LENGTH:
        raise InvalidInput.field(
            pointer,
            "password_too_short",
            f"密码至少 {MINIMUM_LENGTH} 个字符",
            f"a password has at least {MINIMUM_LENGTH} characters",
        )
    if len(password) > MAXIMUM_LENGTH:
        raise InvalidInput.field(
            pointer,
            "password_too_long",
            f"密码至多 {MAXIMUM_LENGTH} 个字符",
            f"a password has at most {MAXIMUM_LENGTH} characters",
        )
    if _is_name(password.casefold(), username.casefold()) or len(set(password)) < 3:
        raise InvalidInput.field(
            pointer,
            "password_guessable",
            "密码不能是用户名, 也不能是一两个字符的重复",
            "a password is not the user name, nor one or two characters repeated",
        )


def _is_name(password: str, username: str) -> bool:
    """Whether only the name (repeated) and digits or punctuation around it are there."""
    rest = password.replace(username, "")
    return rest != password and not any(character.isalpha() for character in rest)


def lock_after(failures: int) -> timedelta | None:
    """Return how long so many failures in a row lock an account: 2 s from the 5th on, doubling to 15 min."""
    if failures < FREE_ATTEMPTS:
        return None
    return min(timedelta(seconds=2 ** min(failures - FREE_ATTEMPTS + 1, 12)), LONGEST_LOCK)
