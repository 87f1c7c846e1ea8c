"""Made-up identifiers, each used once."""

from collections.abc import Callable
from datetime import date
from random import Random

from renkou_common.codes.lists import Sex
from renkou_common.codes.resident_id import check_character

_MOBILE_PREFIXES = tuple(str(first + n) for first in (130, 150, 180) for n in range(10) if first + n != 154)


def make_resident_id(region: str, birth: date, sequence: int) -> str:
    """A valid number: `region` of 6 digits, `sequence` from 0 to 999, odd for a male."""
    if not 0 <= sequence <= 999 or len(region) != 6:
        raise ValueError("region needs 6 digits and sequence lies from 0 to 999")
    first_17 = f"{region}{birth:%Y%m%d}{sequence:03d}"
    return first_17 + check_character(first_17)


class Identifiers:
    """Draws identity numbers, birth certificate numbers and mobile numbers without repeating one."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._used: set[str] = set()

    def resident_id(self, region: str, birth: date, sex: Sex) -> str:
        odd = 1 if sex is Sex.MALE else 0
        return self._unused(lambda: make_resident_id(region, birth, 2 * self._random.randrange(500) + odd))

    def birth_certificate(self, district: str) -> str:
        """A letter and 9 digits, as on 出生医学证明 since 1996."""
        return self._unused(lambda: f"T{district[:2]}{self._random.randrange(10**7):07d}")

    def mobile(self) -> str:
        return self._unused(
            lambda: f"{self._random.choice(_MOBILE_PREFIXES)}{self._random.randrange(10**8):08d}"
        )

    def _unused(self, draw: Callable[[], str]) -> str:
        for _ in range(10_000):
            candidate = draw()
            if candidate not in self._used:
                self._used.add(candidate)
                return candidate
        raise RuntimeError("no identifier is left to draw")
