"""Rules of adding districts up, without I/O: numerators and denominators are added, rates never averaged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from renkou_reporting.figures.domain import Outcome, growth, in_units, quotient
from renkou_reporting.indicators.domain import Indicator, IndicatorKind
from renkou_reporting.published.domain import FORMAT, REASON_CODES, exact_text, read_exact, same_computation

HIDDEN, DIFFERING = "suppressed", "definitions_differ"


class Refused(ValueError):
    """A document that is well signed and still must not be taken over."""


@dataclass(frozen=True, slots=True)
class Part:
    """A district's figure with the definition it follows; no numbers where the district hides a small one."""

    district: str
    numerator: str | None
    denominator: str | None
    definition: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sum:
    """A figure of the province; ``hidden`` and ``differing`` are the districts that stand in its way."""

    numerator: str | None
    denominator: str | None
    value: str | None
    reason: str | None
    hidden: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()


def add_up(parts: Sequence[Part]) -> Sum:
    """Return the sum of districts' figures of one ratio or count."""
    whole = _whole(parts)
    if isinstance(whole, Sum):
        return whole
    return _sum(_outcome(parts))


def add_up_growth(growing: Indicator, now: Sequence[Part], before: Sequence[Part]) -> Sum:
    """Return how much the province's figure grew: of the sums, over the districts that have both periods."""
    both = {part.district for part in now} & {part.district for part in before}
    now, before = ([part for part in parts if part.district in both] for parts in (now, before))
    for parts in (now, before):
        whole = _whole(parts)
        if isinstance(whole, Sum):
            return whole
    values = [_exact(_outcome(parts), parts) if parts else None for parts in (now, before)]
    return _sum(growth(growing, *values))


def add_up_accounts(accounts: Sequence[Sequence[int | None]]) -> list[int | None]:
    """Return population accounts added part by part; a part that one district hides is hidden."""
    return [
        None if None in column else sum(part for part in column if part is not None)
        for column in zip(*accounts, strict=True)
    ]


def check_document(content: Mapping[str, Any], district: str, before: bytes | None) -> None:
    """Raise Refused unless a document is this district's next version after the one of hash ``before``."""
    if content.get("format") != FORMAT:
        raise Refused(f"unknown format {content.get('format')}")
    if content.get("district") != district or content.get("area") != district:
        raise Refused(f"it is of {content.get('district')}, not of {district}")
    previous = content.get("previous")
    if previous != (before.hex() if before is not None else None):
        raise Refused(f"version {content.get('version')} of {content.get('period')} follows another version")


def _whole(parts: Sequence[Part]) -> Sum | None:
    """Return a sum without numbers where some part keeps the districts from being added up."""
    hidden = tuple(part.district for part in parts if part.numerator is None)
    if hidden:
        return Sum(None, None, None, HIDDEN, hidden=hidden)
    differing = tuple(
        part.district for part in parts if not same_computation(part.definition, parts[0].definition)
    )
    return Sum(None, None, None, DIFFERING, differing=differing) if differing else None


def _outcome(parts: Sequence[Part]) -> Outcome:
    indicator = Indicator.model_validate(parts[0].definition)
    numerator = sum((read_exact(part.numerator or "0") for part in parts), Fraction())
    denominator = sum((read_exact(part.denominator or "0") for part in parts), Fraction())
    if indicator.kind is IndicatorKind.COUNT:
        denominator = Fraction(1)
    return quotient(indicator, in_units(numerator), in_units(denominator))


def _exact(outcome: Outcome, parts: Sequence[Part]) -> Fraction | None:
    if outcome.value is None:
        return None
    indicator = Indicator.model_validate(parts[0].definition)
    return outcome.numerator / outcome.denominator * indicator.factor / indicator.divisor


def _sum(outcome: Outcome) -> Sum:
    reason = None if outcome.reason is None else REASON_CODES.get(outcome.reason.en, "other")
    value = None if outcome.value is None else format(outcome.value, "f")
    return Sum(exact_text(outcome.numerator), exact_text(outcome.denominator), value, reason)
