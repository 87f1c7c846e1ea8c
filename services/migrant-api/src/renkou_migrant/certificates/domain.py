"""Rules of the migrant's certificate (流动人口婚育证明): who may have one, how long, and what it counts for.

Pure functions on dataclasses. Numbers of days and years are configuration (``CertificateRules``). The
certificate is voluntary: eligibility decides only whether the district *can* issue one on request.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import NamedTuple

_CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
_POPULATION = "migrant_out_certified"


@dataclass(frozen=True, slots=True)
class CertificateRules:
    """The configurable numbers. ``absence_required``: whether a departure must be on record at all."""

    minimum_age: int = 18
    age_limit: int = 50
    """First age at which the certificate has lapsed."""
    validity_years: int = 3
    longest_short_absence_days: int = 30
    """An absence must be longer than this."""
    change_report_months: int = 3
    renewal_months: int = 3
    """How long before its last day a certificate may be renewed."""
    absence_required: bool = False


class Ineligibility(StrEnum):
    """Why a certificate can't be issued: a stable code with text in both languages."""

    UNDER_AGE = "under_age"
    OVER_AGE = "over_age"
    NOT_REGISTERED_HERE = "not_registered_here"
    DECEASED = "deceased"
    NO_DEPARTURE = "no_departure"
    ABSENCE_TOO_SHORT = "absence_too_short"

    @property
    def zh(self) -> str:
        """The reason in Chinese."""
        return _TEXTS[self][0]

    @property
    def en(self) -> str:
        """The reason in English."""
        return _TEXTS[self][1]


_TEXTS = {
    Ineligibility.UNDER_AGE: ("未满十八周岁", "The person is under 18."),
    Ineligibility.OVER_AGE: ("已满五十周岁", "The person is 50 or older."),
    Ineligibility.NOT_REGISTERED_HERE: ("户籍不在本区县", "The person is not registered in this district."),
    Ineligibility.DECEASED: ("登记为已死亡", "The register records the person's death."),
    Ineligibility.NO_DEPARTURE: ("没有外出登记", "No departure is on record."),
    Ineligibility.ABSENCE_TOO_SHORT: ("外出不超过三十日", "The absence is of 30 days or less."),
}


@dataclass(frozen=True, slots=True)
class Applicant:
    """What the register says about the person on the day of issue.

    ``registered_area``: area code of the registered address, at least to the district (6 digits).
    ``departed_on``: day of the departure on record, None without one; ``expected_return_on`` if told.
    """

    birth_date: date
    registered_area: str
    death_date: date | None = None
    departed_on: date | None = None
    expected_return_on: date | None = None


DEFAULT_RULES = CertificateRules()


def ineligibilities(
    applicant: Applicant, *, district: str, on: date, rules: CertificateRules = DEFAULT_RULES
) -> list[Ineligibility]:
    """Every reason against issuing on the day ``on``; an empty list means the certificate can be issued.

    ``district``: six digits of the issuing district. A death recorded for any day counts, as a certificate
    is never issued for someone known to have died.
    """
    reasons = []
    age = age_on(applicant.birth_date, on)
    if age < rules.minimum_age:
        reasons.append(Ineligibility.UNDER_AGE)
    if age >= rules.age_limit:
        reasons.append(Ineligibility.OVER_AGE)
    if applicant.registered_area[:6] != district:
        reasons.append(Ineligibility.NOT_REGISTERED_HERE)
    if applicant.death_date is not None:
        reasons.append(Ineligibility.DECEASED)
    return reasons + _absence_reasons(applicant, rules)


def _absence_reasons(applicant: Applicant, rules: CertificateRules) -> list[Ineligibility]:
    if applicant.departed_on is None:
        return [Ineligibility.NO_DEPARTURE] if rules.absence_required else []
    if applicant.expected_return_on is None:
        return []
    days = (applicant.expected_return_on - applicant.departed_on).days
    return [Ineligibility.ABSENCE_TOO_SHORT] if days <= rules.longest_short_absence_days else []


class LimitedBy(StrEnum):
    """What ends a certificate that nobody revokes."""

    TERM = "term"
    AGE = "age"


@dataclass(frozen=True, slots=True)
class Validity:
    """First and last day (both included) on which a certificate stands unless something ends it earlier."""

    first_day: date
    last_day: date
    limited_by: LimitedBy

    @property
    def expires_at(self) -> datetime:
        """``exp`` of the certificate: the first instant after ``last_day`` in China."""
        return _midnight(self.last_day + timedelta(days=1))


def validity_of(birth_date: date, *, issued_on: date, rules: CertificateRules = DEFAULT_RULES) -> Validity:
    """Three years, but no longer than the day before the 50th birthday.

    The term is reckoned as the Civil Code does (articles 201, 202): the day of issue is not counted, the
    last day is the corresponding day (issued 2024-03-15, last day 2027-03-15), or the month's last day
    where there is none (issued 2024-02-29, last day 2027-02-28). "Lapses when the holder turns 50" means
    that the birthday itself is the first day without a certificate.
    Raises ``ValueError`` if the holder has turned 50 by ``issued_on``.
    """
    end_of_term = add_months(issued_on, 12 * rules.validity_years)
    last_by_age = birthday(birth_date, rules.age_limit) - timedelta(days=1)
    if last_by_age < issued_on:
        raise ValueError("the holder has reached the age at which the certificate lapses")
    if last_by_age < end_of_term:
        return Validity(issued_on, last_by_age, LimitedBy.AGE)
    return Validity(issued_on, end_of_term, LimitedBy.TERM)


class CertificateState(StrEnum):
    """State of a certificate on a day. Only ``VALID`` stands."""

    NOT_YET_VALID = "not_yet_valid"
    VALID = "valid"
    EXPIRED = "expired"
    LAPSED_AGE = "lapsed_age"
    LAPSED_DEATH = "lapsed_death"
    REVOKED = "revoked"
    REPLACED = "replaced"
    RENEWED = "renewed"


@dataclass(frozen=True, slots=True)
class CertificateHistory:
    """What has happened to one certificate. Each day given is the first without the certificate."""

    validity: Validity
    revoked_on: date | None = None
    replaced_on: date | None = None
    died_on: date | None = None
    replaced_as: CertificateState = CertificateState.REPLACED
    """``RENEWED`` where the certificate that took its place renews it."""

    @property
    def ends_before(self) -> date:
        """The first day on which the certificate no longer stands."""
        ends = [self.validity.last_day + timedelta(days=1), self.revoked_on, self.replaced_on, self.died_on]
        return max(min(day for day in ends if day is not None), self.validity.first_day)


def state_on(history: CertificateHistory, day: date) -> CertificateState:
    """The state on ``day``. Of several ends the earliest gives the reason; death before all on a tie."""
    validity = history.validity
    if day < validity.first_day:
        return CertificateState.NOT_YET_VALID
    by_validity = (
        CertificateState.LAPSED_AGE if validity.limited_by is LimitedBy.AGE else CertificateState.EXPIRED
    )
    ends = [
        (history.died_on, CertificateState.LAPSED_DEATH),
        (history.revoked_on, CertificateState.REVOKED),
        (history.replaced_on, history.replaced_as),
        (validity.last_day + timedelta(days=1), by_validity),
    ]
    past = [(on, state) for on, state in ends if on is not None and on <= day]
    return min(past, key=lambda end: end[0])[1] if past else CertificateState.VALID


class Kind(StrEnum):
    """What an application asks for (申请种类)."""

    FIRST = "first"  # 首次办理
    REPLACEMENT = "replacement"  # 补发、换发
    RENEWAL = "renewal"  # 到期换领

    @property
    def zh(self) -> str:
        """The kind in Chinese."""
        return {Kind.FIRST: "首次办理", Kind.REPLACEMENT: "补发换发", Kind.RENEWAL: "到期换领"}[self]


SAME_END = frozenset({"lost", "damaged", "key_compromised"})
"""Reasons of a replacement that says what the old one said: it ends when the old one would have ended."""


def validity_of_successor(old: Validity, fresh: Validity, kind: Kind, reason: str | None) -> Validity:
    """Return how long the certificate stands that takes the place of ``old``.

    ``fresh`` is the validity of one issued anew today. A replacement for what was lost, damaged or signed
    with a compromised key keeps the old last day; one with other content, and a renewal, has a term of its
    own.
    """
    if kind is Kind.REPLACEMENT and reason in SAME_END and old.last_day < fresh.last_day:
        return Validity(fresh.first_day, old.last_day, old.limited_by)
    return fresh


def renewable_from(validity: Validity, rules: CertificateRules = DEFAULT_RULES) -> date | None:
    """First day on which a certificate may be renewed; None where its holder's age ends it."""
    if validity.limited_by is LimitedBy.AGE:
        return None
    return max(add_months(validity.last_day, -rules.renewal_months), validity.first_day)


FACT_GROUPS: Mapping[str, tuple[str, ...]] = {
    "name": ("person",),
    "sex": ("person",),
    "birth_date": ("person",),
    "resident_id": ("id_number",),
    "registered_area": ("registered_area",),
    "marital_status": ("marital_status",),
    "children": ("children_count", "children_birth_dates"),
}
"""Which disclosure groups state a fact that the register may say otherwise later on."""


def outdated(changed: Iterable[str], groups: Iterable[str]) -> list[str]:
    """Return those of the ``changed`` facts that a certificate with these groups states, sorted."""
    held = frozenset(groups)
    return sorted({fact for fact in changed if held.intersection(FACT_GROUPS.get(fact, ()))})


def change_report_due(changed_on: date, rules: CertificateRules = DEFAULT_RULES) -> date:
    """Last day for the holder to tell the home district of a changed status (within 3 months)."""
    return add_months(changed_on, rules.change_report_months)


@dataclass(frozen=True, slots=True)
class Outflow:
    """A time in which the person was registered in ``area`` here and present outside the district.

    ``start`` is the first such day, ``end`` the first day no longer so, None while it lasts. ``area`` is
    the registered area, 12 digits.
    """

    area: str
    start: date
    end: date | None


class CertifiedLine(NamedTuple):
    """A population line; fields and order are those of ``renkou_common.contracts.lines.LineKey``."""

    population: str
    area: str
    on: date
    measure: str
    sex: int
    birth_month: str


def certified_intervals(
    outflows: Iterable[Outflow], histories: Iterable[CertificateHistory]
) -> list[Outflow]:
    """The parts of ``outflows`` in which at least one certificate stood, in order and without overlap.

    Certificates that overlap count once. ``outflows`` of one person don't overlap each other.
    """
    periods = _united((history.validity.first_day, history.ends_before) for history in histories)
    parts = []
    for outflow in outflows:
        for begins, ends in periods:
            start = max(outflow.start, begins)
            end = ends if outflow.end is None else min(outflow.end, ends)
            if start < end:
                parts.append(Outflow(outflow.area, start, end))
    return sorted(parts, key=lambda part: (part.start, part.area))


def certified_lines(
    outflows: Iterable[Outflow], histories: Iterable[CertificateHistory], *, sex: int, birth_month: str
) -> Counter[CertifiedLine]:
    """Lines of population ``migrant_out_certified`` for one person, as a multiset.

    Each certified interval gives ``in`` on its first day and ``out`` on the first day after it (also where
    that day is still to come: it counts once its date is reached). The lines to publish after a change are
    the new multiset minus the old one. ``birth_month`` is ``YYYY-MM``.
    """
    lines: Counter[CertifiedLine] = Counter()
    for part in certified_intervals(outflows, histories):
        lines[CertifiedLine(_POPULATION, part.area, part.start, "in", sex, birth_month)] += 1
        if part.end is not None:
            lines[CertifiedLine(_POPULATION, part.area, part.end, "out", sex, birth_month)] += 1
    return lines


def age_on(birth_date: date, day: date) -> int:
    """Completed years (周岁). Someone born on 29 February completes a year on 1 March of a common year."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def birthday(birth_date: date, age: int) -> date:
    """The day on which ``age`` years are completed, consistent with ``age_on``."""
    try:
        return birth_date.replace(year=birth_date.year + age)
    except ValueError:
        return date(birth_date.year + age, 3, 1)


def add_months(day: date, months: int) -> date:
    """The corresponding day ``months`` later, or the last day of that month (Civil Code, article 202)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first_of_next = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (first_of_next - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), _CHINA)


def _united(periods: Iterable[tuple[date, date]]) -> list[tuple[date, date]]:
    """Half-open periods merged where they overlap or touch; empty ones are dropped."""
    united: list[tuple[date, date]] = []
    for start, end in sorted(period for period in periods if period[0] < period[1]):
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(united[-1][1], end))
        else:
            united.append((start, end))
    return united
