"""Rules of passwords and of throttling; no I/O."""

import re
from datetime import timedelta
from itertools import pairwise

from renkou_common.errors import InvalidInput
from renkou_registry.auth.common_passwords import common_passwords

MINIMUM_LENGTH = 12
MAXIMUM_LENGTH = 256
FREE_ATTEMPTS = 5
LONGEST_LOCK = timedelta(minutes=15)
LONGEST_PATTERN = 4
PLACE_WORDS = (
    *("renkou", "人口", "liudongrenkou", "流动人口", "jisheng", "计生"),
    *("weijian", "卫健", "shequ", "社区", "jiedao", "街道", "fuwuzhan", "服务站"),
)
"""What is guessed first at such an office; none of them, repeated or with digits around it, is a password."""
_AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")


def check_new_password(password: str, username: str, pointer: str) -> None:
    """Raise InvalidInput for a password that is too short, too long, common, or built on a name or a pattern.

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
    folded = password.casefold()
    if any(_is_name(folded, name.casefold()) for name in (username, *PLACE_WORDS)) or _is_pattern(folded):
        raise InvalidInput.field(
            pointer,
            "password_guessable",
            "密码不能是用户名、系统名或本单位常用词, 也不能是字符的重复或顺序",
            "a password is not the user's or the system's name or a word of the office, nor characters repeated or in"
            " order",
        )
    if _is_common(folded):
        raise InvalidInput.field(
            pointer,
            "password_common",
            "密码属于常用密码 (或仅加了数字、标点、重复), 请另选",
            "this is one of the most common passwords, or one with digits, punctuation or itself added",
        )


def _is_name(password: str, username: str) -> bool:
    """Whether only the name (repeated) and digits or punctuation around it are there."""
    rest = password.replace(username, "")
    return rest != password and not any(character.isalpha() for character in rest)


def _is_pattern(password: str) -> bool:
    """Whether a few characters are repeated, or all follow each other (0 after 9)."""
    steps = {ord(after) - ord(before) for before, after in pairwise(password)}
    in_order = steps <= {1, -9} or steps <= {-1, 9}
    return len(set(password)) < 3 or in_order or len(_repeated(password)) <= LONGEST_PATTERN


def _is_common(password: str) -> bool:
    """Whether it is on the list: as it stands, without digits and punctuation around it, or as what it repeats."""
    core = _AROUND.sub("", password)
    return not common_passwords().isdisjoint((password, core, _repeated(password), _repeated(core)))


def _repeated(text: str) -> str:
    """Return the shortest part that a text repeats (the last time perhaps not to its end); itself, if none."""
    for length in range(1, len(text) // 2 + 1):
        if text == (text[:length] * (len(text) // length + 1))[: len(text)]:
            return text[:length]
    return text


def lock_after(failures: int) -> timedelta | None:
    """Return how long so many failures in a row lock an account: 2 s from the 5th on, doubling to 15 min."""
    if failures < FREE_ATTEMPTS:
        return None
    return min(timedelta(seconds=2 ** min(failures - FREE_ATTEMPTS + 1, 12)), LONGEST_LOCK)
