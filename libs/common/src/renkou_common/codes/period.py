"""Periods of statistics: month, quarter, half-year, year, statistical year and its halves.

The statistical year (统计年度) SY2025 runs from 1 October 2024 to 30 September 2025, its first half
SY2025H1 to 31 March 2025.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from renkou_common.codes.findings import CodeError
from renkou_common.codes.text import half_width

FIRST_YEAR, LAST_YEAR = 1900, 2199
_FORM = re.compile(
    r"(?:SY(?P<sy>\d{4})(?:H(?P<sh>\d))?|(?P<year>\d{4})(?:-(?P<month>\d{2})|Q(?P<quarter>\d)|H(?P<half>\d))?)"
)


class PeriodError(CodeError):
    """Text that names no period."""


class PeriodKind(StrEnum):
    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"
    STATISTICAL_YEAR = "statistical_year"
    STATISTICAL_HALF_YEAR = "statistical_half_year"


_MONTHS_IN = {
    PeriodKind.MONTH: 1,
    PeriodKind.QUARTER: 3,
    PeriodKind.HALF_YEAR: 6,
    PeriodKind.YEAR: 12,
    PeriodKind.STATISTICAL_YEAR: 12,
    PeriodKind.STATISTICAL_HALF_YEAR: 6,
}


@dataclass(frozen=True, slots=True)
class Period:
    """A run of whole months. `number` is the month, quarter or half in the year, 1 for whole years."""

    kind: PeriodKind
    year: int
    number: int = 1

    def __post_init__(self) -> None:
        if not (FIRST_YEAR <= self.year <= LAST_YEAR and 1 <= self.number <= 12 // _MONTHS_IN[self.kind]):
            raise _no_such_period()

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Reads `2025-03`, `2025Q1`, `2025H1`, `2025`, `SY2025` or `SY2025H1`. Raises PeriodError `period_unknown`."""
        found = _FORM.fullmatch(half_width(text).upper())
        if found is None:
            raise _no_such_period()
        if found["sh"]:
            return cls(PeriodKind.STATISTICAL_HALF_YEAR, int(found["sy"]), int(found["sh"]))
        if found["sy"]:
            return cls(PeriodKind.STATISTICAL_YEAR, int(found["sy"]))
        year = int(found["year"])
        parts = ((PeriodKind.MONTH, "month"), (PeriodKind.QUARTER, "quarter"), (PeriodKind.HALF_YEAR, "half"))
        for kind, group in parts:
            if found[group]:
                return cls(kind, year, int(found[group]))
        return cls(PeriodKind.YEAR, year)

    @classmethod
    def month_of(cls, day: date) -> "Period":
        """The month a day lies in."""
        return cls(PeriodKind.MONTH, day.year, day.month)

    @property
    def start(self) -> date:
        """First day."""
        if self.kind is PeriodKind.STATISTICAL_YEAR or (
            self.kind is PeriodKind.STATISTICAL_HALF_YEAR and self.number == 1
        ):
            return date(self.year - 1, 10, 1)
        if self.kind is PeriodKind.STATISTICAL_HALF_YEAR:
            return date(self.year, 4, 1)
        return date(self.year, (self.number - 1) * _MONTHS_IN[self.kind] + 1, 1)

    @property
    def end(self) -> date:
        """Last day, inclusive."""
        last = self.months()[-1]
        return last.replace(day=calendar.monthrange(last.year, last.month)[1])

    def months(self) -> tuple[date, ...]:
        """The months of the period in order, each as its first day."""
        first = self.start.year * 12 + self.start.month - 1
        indices = range(first, first + _MONTHS_IN[self.kind])
        return tuple(date(index // 12, index % 12 + 1, 1) for index in indices)

    def contains(self, day: date) -> bool:
        return self.start <= day <= self.end

    @property
    def label_zh(self) -> str:
        match self.kind:
            case PeriodKind.MONTH:
                return f"{self.year}年{self.number}月"
            case PeriodKind.QUARTER:
                return f"{self.year}年第{'一二三四'[self.number - 1]}季度"
            case PeriodKind.HALF_YEAR:
                return f"{self.year}年{'上下'[self.number - 1]}半年"
            case PeriodKind.YEAR:
                return f"{self.year}年"
            case PeriodKind.STATISTICAL_YEAR:
                return f"{self.year}统计年度"
            case PeriodKind.STATISTICAL_HALF_YEAR:
                return f"{self.year}统计年度{'上下'[self.number - 1]}半年"

    @property
    def label_en(self) -> str:
        match self.kind:
            case PeriodKind.MONTH:
                return f"{calendar.month_name[self.number]} {self.year}"
            case PeriodKind.QUARTER:
                return f"quarter {self.number} of {self.year}"
            case PeriodKind.HALF_YEAR:
                return f"{('first', 'second')[self.number - 1]} half of {self.year}"
            case PeriodKind.YEAR:
                return f"{self.year}"
            case PeriodKind.STATISTICAL_YEAR:
                return f"statistical year {self.year}"
            case PeriodKind.STATISTICAL_HALF_YEAR:
                return f"{('first', 'second')[self.number - 1]} half of statistical year {self.year}"

    def __str__(self) -> str:
        match self.kind:
            case PeriodKind.MONTH:
                return f"{self.year:04d}-{self.number:02d}"
            case PeriodKind.QUARTER:
                return f"{self.year:04d}Q{self.number}"
            case PeriodKind.HALF_YEAR:
                return f"{self.year:04d}H{self.number}"
            case PeriodKind.YEAR:
                return f"{self.year:04d}"
            case PeriodKind.STATISTICAL_YEAR:
                return f"SY{self.year:04d}"
            case PeriodKind.STATISTICAL_HALF_YEAR:
                return f"SY{self.year:04d}H{self.number}"


def _no_such_period() -> PeriodError:
    return PeriodError(
        "period_unknown",
        "统计期写作 2025-03（月）、2025Q1（季）、2025H1（半年）、2025（年）、SY2025（统计年度）、SY2025H1（其上半年）",
        "a period is written 2025-03 (month), 2025Q1, 2025H1 (half-year), 2025, SY2025 (statistical year) or SY2025H1",
    )
