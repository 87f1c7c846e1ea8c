"""What is due to whom for which period, and what figures follow; exact decimals throughout. No I/O.

Months are counted as whole numbers (year * 12 + month - 1). A month belongs to whoever is entitled on any of
its days. Amounts by months are twelfths of the yearly amount; each period is the difference of two rounded
running sums, so that all periods together are the rounded total, to the fen.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from renkou_common.contracts.lines import LineKey, Measure, Population
from renkou_registry.benefits.schemes.domain import AmountRule, Band, Every, Unit, Version

NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom an amount is for: the enrolled person, or a child (with its birth and death)."""

    id: UUID
    birth_date: date | None = None
    died_on: date | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """From which day somebody is entitled, to which day and why it ended (``death``, ``move``, ``end``)."""

    start: date
    until: date | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """One amount for one subject and period. ``period``: 2026-03, 2026, L2 (second year of life), once."""

    subject_id: UUID
    period: str
    starts_on: date
    due_on: date
    months: int
    amount: Decimal


def month_of(day: date) -> int:
    """Return the number of a day's month."""
    return day.year * 12 + day.month - 1


def first_day(month: int) -> date:
    """Return the first day of a numbered month."""
    return date(month // 12, month % 12 + 1, 1)


def last_day(month: int) -> date:
    """Return the last day of a numbered month."""
    return first_day(month + 1) - timedelta(days=1)


def dues(versions: Sequence[Version], subject: Subject, span: Span, today: date) -> list[Due]:
    """Return what has become due to a subject by ``today``, earliest first.

    Months count where a version of the scheme is in force on the first of the month (or begins within it).
    """
    if not versions:
        return []
    rule = versions[-1].definition.amount
    months = sorted(_entitled_months(versions, rule, subject, span, today))
    found: list[Due] = []
    running, paid = Fraction(), NOTHING
    for (period, start, end), inside in _by_period(rule, subject, months):
        if rule.by_months:
            running += sum((_month_amount(versions, month) for month in inside), Fraction())
            amount = round_fen(running) - paid
            paid += amount
        else:
            amount = _whole_amount(versions, inside[0])
        starts_on = max(first_day(inside[0]), span.start)
        due_on = last_day(end) if rule.due_at_end else starts_on
        if amount > 0 and due_on <= today:
            found.append(Due(subject.id, period, first_day(start), due_on, len(inside), amount))
    return found


def _entitled_months(
    versions: Sequence[Version], rule: AmountRule, subject: Subject, span: Span, today: date
) -> Iterator[int]:
    low, high = month_of(span.start), month_of(today) + 12
    if subject.birth_date is not None and rule.child_until is not None:
        born = month_of(subject.birth_date)
        low, high = max(low, born + 1), min(high, born + 12 * rule.child_until)
    ends = [(span.until, span.cause or "end")] if span.until is not None else []
    if subject.died_on is not None:
        ends.append((subject.died_on, "death"))
    for day, cause in ends:
        last = month_of(day)
        if cause in rule.keeps_period:
            last = _period_of(rule, subject, last)[2]
        high = min(high, last)
    for month in range(low, high + 1):
        if _version_in(versions, month) is not None:
            yield month


def _version_in(versions: Sequence[Version], month: int) -> Version | None:
    """Return the version in force on the first day of a month, else one that begins within it."""
    start, end = first_day(month), last_day(month)
    for version in reversed(versions):
        if version.holds_on(start):
            return version
    return next((each for each in versions if start <= each.valid_from <= end), None)


def _period_of(rule: AmountRule, subject: Subject, month: int) -> tuple[str, int, int]:
    """Return the period that a month lies in: code, first and last month."""
    if rule.every is Every.MONTH:
        return f"{first_day(month):%Y-%m}", month, month
    if rule.every is Every.YEAR:
        start = month - month % 12
        return f"{month // 12:04d}", start, start + 11
    if rule.every is Every.AGE_YEAR and subject.birth_date is not None:
        first = month_of(subject.birth_date) + 1
        number = (month - first) // 12
        return f"L{number + 1}", first + 12 * number, first + 12 * number + 11
    return "once", month, month


def _by_period(
    rule: AmountRule, subject: Subject, months: Sequence[int]
) -> Iterator[tuple[tuple[str, int, int], list[int]]]:
    if rule.every is Every.ONCE:
        if months:
            yield ("once", months[0], months[0]), [months[0]]
        return
    grouped: dict[tuple[str, int, int], list[int]] = {}
    for month in months:
        grouped.setdefault(_period_of(rule, subject, month), []).append(month)
    yield from grouped.items()


def _band_at(bands: Iterable[Band], day: date) -> Band | None:
    return next((each for each in bands if each.start <= day and (each.end is None or day <= each.end)), None)


def _yuan(versions: Sequence[Version], month: int) -> Decimal:
    version = _version_in(versions, month)
    if version is None:
        return NOTHING
    bands = version.definition.amount.bands
    band = _band_at(bands, first_day(month)) or _band_at(bands, last_day(month))
    return band.yuan if band else NOTHING


def _month_amount(versions: Sequence[Version], month: int) -> Fraction:
    return Fraction(_yuan(versions, month)) / 12


def _whole_amount(versions: Sequence[Version], month: int) -> Decimal:
    return _yuan(versions, month)


def round_fen(value: Fraction) -> Decimal:
    """Return an amount rounded to the fen, half up; ``value`` is not negative."""
    fen = (2 * value.numerator * 100 + value.denominator) // (2 * value.denominator)
    return Decimal(fen).scaleb(-2)


def subjects_of(rule: AmountRule, person_id: UUID, children: Iterable[Subject]) -> list[Subject]:
    """Return whom an enrolment is paid for: the person, or the children in the register."""
    return [Subject(person_id)] if rule.unit is Unit.PERSON else list(children)


@dataclass(frozen=True, slots=True)
class Account:
    """What stands against one due: its amount, what was paid, what waits, what the person gave back."""

    area: int
    due_on: date
    amount: Decimal
    paid: Decimal = NOTHING
    waiting: Decimal = NOTHING
    returned: Decimal = NOTHING
    forgiven: Decimal = NOTHING

    @property
    def kept(self) -> Decimal:
        """What the person has of it."""
        return self.paid - self.returned

    @property
    def missing(self) -> Decimal:
        """What the next batch should pay: never what was left with the person by decision."""
        return max(self.amount - self.kept - self.waiting, NOTHING)

    @property
    def overpaid(self) -> Decimal:
        """What was paid beyond what is due and is not yet decided on."""
        return max(self.kept - self.forgiven - self.amount, NOTHING)


def figure_lines(accounts: Iterable[Account], scheme: str, population: Population) -> Counter[LineKey]:
    """Return the lines of dues and payments, dated at the day each became due; amounts in fen."""
    lines: Counter[LineKey] = Counter()
    for account in accounts:

        def add(measure: Measure, number: int, account: Account = account) -> None:
            if number:
                area = f"{account.area:012d}"
                lines[LineKey(population, area, account.due_on, measure, detail=scheme)] += number

        paid = min(account.kept, account.amount)
        add(Measure.BENEFIT_DUE, int(account.amount > 0))
        add(Measure.BENEFIT_DUE_FEN, fen_of(account.amount))
        add(Measure.BENEFIT_PAID, int(account.amount > 0 and paid == account.amount))
        add(Measure.BENEFIT_PAID_FEN, fen_of(account.kept))
    return lines


def fen_of(amount: Decimal) -> int:
    """Return yuan as whole fen."""
    return int(amount.scaleb(2))


class BatchState(StrEnum):
    """A payment batch on its way."""

    DRAFT = "draft"
    APPROVED = "approved"
    EXPORTED = "exported"
    SETTLED = "settled"
    CLOSED = "closed"
    CANCELLED = "cancelled"


BATCH_STEPS: dict[tuple[BatchState, str], BatchState] = {
    (BatchState.DRAFT, "approval"): BatchState.APPROVED,
    (BatchState.DRAFT, "cancellation"): BatchState.CANCELLED,
    (BatchState.APPROVED, "cancellation"): BatchState.CANCELLED,
    (BatchState.APPROVED, "export"): BatchState.EXPORTED,
    (BatchState.EXPORTED, "results"): BatchState.SETTLED,
    (BatchState.SETTLED, "closing"): BatchState.CLOSED,
}
