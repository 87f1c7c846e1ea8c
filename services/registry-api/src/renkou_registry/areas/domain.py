"""A division as the register knows it; no I/O."""

from dataclasses import dataclass
from datetime import date

from renkou_common.codes.area import AreaCode


@dataclass(frozen=True, slots=True)
class AreaRecord:
    """A division with the days between which it is valid; None means open on that side."""

    code: AreaCode
    name: str
    valid_from: date | None = None
    valid_to: date | None = None
    successor: AreaCode | None = None

    def valid_on(self, day: date) -> bool:
        """Whether the division exists on a day (both ends inclusive)."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day <= self.valid_to)


def chain(code: AreaCode) -> list[AreaCode]:
    """Return the code and everything above it, province first."""
    return [*reversed(list(code.ancestors())), code]
