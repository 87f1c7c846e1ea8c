"""Rules of adding districts up, without I/O: numerators and denominators are added, rates never averaged.

A figure of the province is of every district that published the period. Where one of them hides a small number, has no
such figure or follows another definition, there is no sum: it says which districts stand in its way.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from renkou_reporting.figures.domain import Outcome, exact_value, growth, in_units, quotient
from renkou_reporting.indicators.domain import Dimension, Indicator, IndicatorKind
from renkou_reporting.published.domain import REASON_CODES, exact_text, read_exact, same_computation

INCOMPLETE, DIFFERING = "incomplete", "definitions_differ"


@dataclass(frozen=True, slots=True)
class Part:
    """A district's figure with the definition it follows; no numbers where the district hides a small one."""

    district: str
    numerator: str | None
    denominator: str | None
    definition: Mapping[str, Any]
    uncounted: bool = False
    """None of the returns that count it was there."""

    @property
    def hidden(self) -> bool:
        """Whether the district shows no numbers here."""
        return self.numerator is None or self.denominator is None


@dataclass(frozen=True, slots=True)
class Sum:
    """A figure of the province; ``hidden``, ``lacking`` and ``differing`` are the districts that stand in its way."""

    numerator: str | None
    denominator: str | None
    value: str | None
    reason: str | None
    hidden: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()


def add_up(parts: Sequence[Part], lacking: Iterable[str] = ()) -> Sum:
    """Return the sum of districts' figures of one ratio or count; ``lacking`` are districts without the figure."""
    obstacle = _obstacle(parts, tuple(lacking))
    return obstacle if obstacle is not None else _sum(_outcome(parts))


def add_up_growth(
    growing: Indicator, now: Sequence[Part], before: Sequence[Part], lacking: Iterable[str] = ()
) -> Sum:
    """Return how much the province's figure grew: of the sums of all districts that there were in each period.

    ``lacking`` are the districts without the figure in one of the two periods.
    """
    missing = tuple(sorted(set(lacking)))
    for parts in (now, before):
        obstacle = _obstacle(parts, missing)
        if obstacle is not None:
            return obstacle
    return _sum(growth(growing, *(_exact(parts) for parts in (now, before))))


def add_up_accounts(accounts: Sequence[Sequence[int | None]]) -> list[int | None]:
    """Return population accounts added part by part; a part that one district hides is hidden."""
    return [
        None if None in column else sum(part for part in column if part is not None)
        for column in zip(*accounts, strict=True)
    ]


def counts_nothing(definition: Mapping[str, Any], dims: str) -> bool:
    """Say whether a district without such a figure counts nothing into it: a detail that it never counted."""
    indicator = Indicator.model_validate(definition)
    by_detail = any(each.startswith("detail=") for each in dims.split(";"))
    return by_detail and all(Dimension.DETAIL in term.asked for term in indicator.terms)


def _obstacle(parts: Sequence[Part], lacking: tuple[str, ...]) -> Sum | None:
    """Return a sum without numbers where some district keeps the others from being added up."""
    hidden = tuple(part.district for part in parts if part.hidden)
    lacking = tuple(sorted({*lacking, *(part.district for part in parts if part.uncounted)}))
    if hidden or lacking:
        return Sum(None, None, None, INCOMPLETE, hidden=hidden, lacking=lacking)
    differing = _differing(parts)
    return Sum(None, None, None, DIFFERING, differing=differing) if differing else None


def _differing(parts: Sequence[Part]) -> tuple[str, ...]:
    """Return the districts that do not compute as most do."""
    kinds: list[Mapping[str, Any]] = []
    followed: dict[str, int] = {}
    for part in parts:
        known = (
            number
            for number, one in enumerate(kinds)
            if one is part.definition or same_computation(one, part.definition)
        )
        number = next(known, len(kinds))
        if number == len(kinds):
            kinds.append(part.definition)
        followed[part.district] = number
    if len(kinds) < 2:
        return ()
    ((most, _),) = Counter(followed.values()).most_common(1)
    return tuple(district for district, number in followed.items() if number != most)


def _outcome(parts: Sequence[Part]) -> Outcome:
    indicator = Indicator.model_validate(parts[0].definition)
    numerator = sum((read_exact(part.numerator or "0") for part in parts), Fraction())
    denominator = sum((read_exact(part.denominator or "0") for part in parts), Fraction())
    if indicator.kind is IndicatorKind.COUNT:
        denominator = Fraction(1)
    return quotient(indicator, in_units(numerator), in_units(denominator))


def _exact(parts: Sequence[Part]) -> Fraction | None:
    if not parts:
        return None
    return exact_value(Indicator.model_validate(parts[0].definition), _outcome(parts))


def _sum(outcome: Outcome) -> Sum:
    reason = None if outcome.reason is None else REASON_CODES.get(outcome.reason.en, "other")
    return Sum(exact_text(outcome.numerator), exact_text(outcome.denominator), outcome.value_text, reason)
