"""Published figures without I/O: exact numbers as text, which cells stay hidden, and the document that is signed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple
from uuid import UUID

from renkou_common.errors import Text
from renkou_reporting.figures.domain import (
    NEGATIVE_DENOMINATOR,
    NO_DENOMINATOR,
    NOTHING_BEFORE,
    Sliced,
)
from renkou_reporting.indicators.domain import BALANCE_PARTS
from renkou_reporting.published.signing import Signed
from renkou_reporting.returns.coverage import NOT_DUE, NOT_SIGNED

FORMAT = "renkou-published-figures/1"
COLUMNS = ("area", "population", "indicator", "dims", "numerator", "denominator", "value", "reason")
ACCOUNT_COLUMNS = ("area", "population", *BALANCE_PARTS)
SUPPRESSED = "suppressed"
DIVIDED = Text(
    "历次区划变动后无法分开统计", "Cannot be told apart by the boundaries of the period's last day"
)
NOT_SHOWN = Text(
    "不予显示：少于5人，或可据以推算", "not shown: fewer than 5 people, or they could be worked out from it"
)
REASONS = {
    SUPPRESSED: NOT_SHOWN,
    "boundaries": DIVIDED,
    "no_denominator": NO_DENOMINATOR,
    "negative_denominator": NEGATIVE_DENOMINATOR,
    "nothing_before": NOTHING_BEFORE,
    "returns_missing": NOT_SIGNED,
    "no_return": NOT_DUE,
}
"""Why a published figure has no value, in words."""
NOT_IN_VERSION = Text("该公布版本没有这个数", "This version holds no such figure")
NOT_PUBLISHED = Text("该统计期没有公布", "Nothing was published for this period")
OTHER_DEFINITION = Text("公布后指标定义有变", "The indicator was defined otherwise when this was published")
UNTOLD = frozenset({NOT_SHOWN, NOT_IN_VERSION, NOT_PUBLISHED, OTHER_DEFINITION})
"""Why a figure has neither numerator nor denominator where published ones are read."""
WITHOUT_RETURNS = ("returns_missing", "no_return")
REASON_CODES = {text.en: code for code, text in REASONS.items()}
_COMPUTING = (
    "kind",
    "populations",
    "numerator",
    "denominator",
    "of",
    "factor",
    "divisor",
    "digits",
    "rounding",
)
type Account = tuple[str, str, Sequence[int]]
"""Area, population, and the parts of the balance in their order."""
type ShownAccount = tuple[str, str, Sequence[int | None]]
"""An account as it is shown: None for what is hidden."""


class Key(NamedTuple):
    """Which figure of a version: area code, population, indicator, and dimensions as ``sex=1;parity=3+``."""

    area: str
    population: str
    indicator: str
    dims: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A frozen figure; numerator and denominator as exact text, ``p/q`` where decimals never end."""

    key: Key
    numerator: str
    denominator: str
    value: str | None
    reason: str | None
    hidden: bool = False

    def shown(self) -> dict[str, str | None]:
        """Return the numbers that may be shown: none of a hidden figure."""
        if self.hidden:
            return {"numerator": None, "denominator": None, "value": None, "reason": SUPPRESSED}
        return {
            "numerator": self.numerator,
            "denominator": self.denominator,
            "value": self.value,
            "reason": self.reason,
        }

    def row(self) -> list[str | None]:
        """Return the figure as a row of a document."""
        return [*self.key, *self.shown().values()]

    def same_numbers(self, other: "Cell") -> bool:
        """Say whether two versions agree on this figure, to the digit."""
        mine = (self.numerator, self.denominator, self.value, self.reason)
        return mine == (other.numerator, other.denominator, other.value, other.reason)


def dims_text(sliced: Sliced) -> str:
    """Return dimensions as text, empty for none."""
    ages = f"{sliced.ages[0]}-{sliced.ages[1]}" if sliced.ages else None
    parity = sliced.parity.text if sliced.parity else None
    named = {"sex": sliced.sex, "parity": parity, "ages": ages, "detail": sliced.detail}
    return ";".join(f"{name}={value}" for name, value in named.items() if value is not None)


def exact_text(number: Fraction) -> str:
    """Return a number as decimal text without loss, ``p/q`` where its decimals never end."""
    digits, scale, rest = 0, 1, number.denominator
    for prime in (2, 5):
        power = 0
        while rest % prime == 0:
            rest //= prime
            power += 1
        digits = max(digits, power)
    if rest != 1:
        return f"{number.numerator}/{number.denominator}"
    scale = 10**digits
    whole, part = divmod(abs(number.numerator) * (scale // number.denominator), scale)
    sign = "-" if number < 0 else ""
    return f"{sign}{whole}.{part:0{digits}d}" if digits else f"{sign}{whole}"


def read_exact(text: str) -> Fraction:
    """Return the number of :func:`exact_text`; raises ValueError."""
    return Fraction(text)


def shown_account(account: Account, hidden: Sequence[str]) -> ShownAccount:
    """Return an account without the parts that are hidden."""
    area, population, parts = account
    shown = (None if name in hidden else part for name, part in zip(BALANCE_PARTS, parts, strict=True))
    return area, population, list(shown)


def same_computation(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Say whether two definitions compute the same, whatever they are called."""
    return all(one.get(name) == other.get(name) for name in _COMPUTING)


def ranges(numbers: Iterable[int]) -> list[list[int]]:
    """Return whole numbers as runs, each by its first and last."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs


@dataclass(frozen=True, slots=True)
class Difference:
    """What a restated figure was and is, and what changed it; None where a version does not have the figure."""

    key: Key
    before: Cell | None
    after: Cell | None
    definition_changed: bool
    events: Mapping[str, Sequence[Sequence[int]]]

    @property
    def hidden(self) -> bool:
        """Whether one of the two must not be shown; then neither is, nor the difference."""
        return any(cell is not None and cell.hidden for cell in (self.before, self.after))

    def shown(self) -> dict[str, Any]:
        """Return the difference as documents show it."""
        return {
            **self.key._asdict(),
            "before": _shown(self.before, hidden=self.hidden),
            "after": _shown(self.after, hidden=self.hidden),
            "definition_changed": self.definition_changed,
            "events": {feed: [list(run) for run in runs] for feed, runs in self.events.items()},
        }


def _shown(cell: Cell | None, *, hidden: bool) -> dict[str, str | None] | None:
    return None if cell is None else replace(cell, hidden=cell.hidden or hidden).shown()


class Signature(NamedTuple):
    """Who signed, as which of the two, and when (RFC 3339)."""

    role: str
    by: str
    at: str


def document(
    *,
    head: Mapping[str, Any],
    signatures: Sequence[Signature],
    definitions: Mapping[str, Any],
    cells: Sequence[Cell],
    accounts: Sequence[ShownAccount],
    differences: Sequence[Difference],
) -> dict[str, Any]:
    """Return what is signed and leaves the node: everything of a version that may be shown.

    Of differences no event: who counts the events of many areas learns how many people each of them lacks.

    ``head`` are the area, period, version, positions of the feeds, reason, the hashes of the version before and of what
    the two signed, and the checks in spite of which they did, each with the reason.
    """
    return {
        "format": FORMAT,
        **head,
        "signatures": [one._asdict() for one in signatures],
        "definitions": dict(definitions),
        "columns": list(COLUMNS),
        "figures": [cell.row() for cell in cells],
        "account_columns": list(ACCOUNT_COLUMNS),
        "accounts": [[area, population, *parts] for area, population, parts in accounts],
        "differences": [{**one.shown(), "events": {}} for one in differences if not one.hidden],
    }


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version to be stored."""

    id: UUID
    closing_id: UUID
    frozen_id: UUID
    area: int
    period: str
    first_month: int
    last_month: int
    version: int
    first_signed_by: UUID
    first_signed_at: datetime
    second_signed_by: UUID
    second_signed_at: datetime
    reason: str
    positions: dict[str, int]
    definitions: dict[str, Any]
    overrides: list[dict[str, Any]]
    signed: Signed
