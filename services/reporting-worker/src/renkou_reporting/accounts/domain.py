"""Population accounts without I/O.

An account says, of an area, a population and a period: opening + entered + born - died + moved in - moved out =
closing. ``entered`` (期内建档) are people whom the register took over within the period. By age an account runs over
birth cohorts: everybody stands in the row of the age reached at the period's end, so that each row balances by itself.
``opening_of_age`` beside it are those who had that age before the period; the difference is ageing, and the mean
population of an age is half of them and of the closing stock.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from renkou_common.errors import Text
from renkou_reporting.facts.domain import BALANCE_SIGNS
from renkou_reporting.figures.domain import Months, add_months, age_at_end

OLDEST = 100
"""People of this age and more share a row."""
UNKNOWN_AGE = -1
_FLOW_NAMES = {"opening": "entered", "birth": "born", "death": "died", "in": "moved_in", "out": "moved_out"}
type Group = tuple[int | None, int | None]
"""Sex and age of a row; None: all of them."""


class AgeStep(StrEnum):
    """How ages are told apart."""

    YEAR = "year"
    FIVE_YEARS = "five_years"


class CohortSum(NamedTuple):
    """What was counted of people of a sex and birth month (yyyymm, 0 not told) before a period and within it.

    ``reclassified`` is what changed divisions led to of what was counted within the period.
    """

    sex: int
    birth_month: int
    measure: str
    before: int
    within: int
    reclassified: int = 0


@dataclass(slots=True)
class Account:
    """An account in whole persons. ``opening_of_age`` differs from ``opening`` only by age.

    ``reclassified_in`` and ``reclassified_out`` are those of ``moved_in`` and ``moved_out`` who did not move: their
    division changed (区划变更).
    """

    opening: int = 0
    entered: int = 0
    born: int = 0
    died: int = 0
    moved_in: int = 0
    moved_out: int = 0
    opening_of_age: int = 0
    reclassified_in: int = 0
    reclassified_out: int = 0

    @property
    def closing(self) -> int:
        """The stock at the period's end."""
        return self.opening + self.entered + self.born - self.died + self.moved_in - self.moved_out

    @property
    def ageing(self) -> int:
        """How many more grew into the age than out of it; 0 over all ages."""
        return self.opening - self.opening_of_age

    @property
    def mean(self) -> Fraction:
        """The mean population: half of the stocks before the period and at its end."""
        return Fraction(self.opening_of_age + self.closing, 2)

    def add(self, measure: str, before: int, within: int, reclassified: int = 0) -> None:
        """Add what was counted of one of the five measures of the balance."""
        self.opening += BALANCE_SIGNS[measure] * before
        name = _FLOW_NAMES[measure]
        setattr(self, name, getattr(self, name) + within)
        if measure == "in":
            self.reclassified_in += reclassified
        elif measure == "out":
            self.reclassified_out += reclassified


def age_group(birth_month: int, end_month: int, step: AgeStep) -> int:
    """Return the first age of the row of people at a month's end; UNKNOWN_AGE where no birth month is told.

    Somebody counted before being born, which is an incident, stands among those of age 0.
    """
    if birth_month == 0:
        return UNKNOWN_AGE
    age = min(max(age_at_end(birth_month, end_month), 0), OLDEST)
    return age if step is AgeStep.YEAR else age // 5 * 5


def accounts_of(
    sums: Iterable[CohortSum], months: Months, *, by_sex: bool, ages: AgeStep | None
) -> dict[Group, Account]:
    """Return the accounts of a period by sex and age, in order; without either one row for all."""
    found: defaultdict[Group, Account] = defaultdict(Account)
    for each in sums:
        sex = each.sex if by_sex else None
        closing_age = None if ages is None else age_group(each.birth_month, months.last, ages)
        found[sex, closing_age].add(each.measure, each.before, each.within, each.reclassified)
        if each.before:
            opening_age = None if ages is None else age_group(each.birth_month, months.before, ages)
            found[sex, opening_age].opening_of_age += BALANCE_SIGNS[each.measure] * each.before
    if not found:
        found[None, None] = Account()
    return dict(sorted(found.items(), key=lambda one: (one[0][0] or 0, _order(one[0][1]))))


def _order(age: int | None) -> int:
    return OLDEST + 1 if age == UNKNOWN_AGE else age or 0


def monthly_accounts(
    sums: Mapping[int, Mapping[str, tuple[int, int]]], before: Mapping[str, int], first: int, last: int
) -> list[tuple[int, Account]]:
    """Return one account after the other; each opens with what the one before closed with.

    ``sums`` by month and measure (all of it, and of it by changed divisions), ``before`` what was counted before
    ``first`` (yyyymm).
    """
    stock = sum(BALANCE_SIGNS[measure] * value for measure, value in before.items())
    found = []
    month = first
    while month <= last:
        account = Account(opening=stock, opening_of_age=stock)
        for measure, (value, reclassified) in sums.get(month, {}).items():
            account.add(measure, 0, value, reclassified)
        found.append((month, account))
        stock = account.closing
        month = add_months(month, 1)
    return found


@dataclass(frozen=True, slots=True)
class Bridge:
    """How populations of an area hang together at a month's end.

    People present (现有人口) = registered - migrants out + migrants in holds by definition. Usual residents differ from
    it by those whose stay or absence is shorter than six months: ``in_between`` is that difference, not an error.
    """

    registered: int
    migrant_out: int
    migrant_in: int
    resident: int

    @property
    def registered_present(self) -> int:
        return self.registered - self.migrant_out

    @property
    def present(self) -> int:
        return self.registered_present + self.migrant_in

    @property
    def in_between(self) -> int:
        return self.resident - self.present


class IncidentKind(StrEnum):
    """What breaks an account."""

    NEGATIVE_STOCK = "negative_stock"
    UNBORN = "unborn"
    BIRTH_NOT_AGE_ZERO = "birth_not_age_zero"
    MORE_OUT_THAN_REGISTERED = "more_out_than_registered"
    CELLS_DIFFER = "cells_differ"
    UNBALANCED = "unbalanced"
    OPENING_DIFFERS = "opening_differs"
    PARTS_DIFFER = "parts_differ"
    REGISTER_DIFFERS = "register_differs"


KIND_TEXTS: dict[IncidentKind, Text] = {
    IncidentKind.NEGATIVE_STOCK: Text(
        "离开的人多于在册的人", "More people of a birth cohort left than were there"
    ),
    IncidentKind.UNBORN: Text("出生之前即被统计", "People are counted before they were born"),
    IncidentKind.BIRTH_NOT_AGE_ZERO: Text(
        "出生人数的年龄不是 0 岁", "Births of people who were not of age 0"
    ),
    IncidentKind.MORE_OUT_THAN_REGISTERED: Text(
        "流出人口多于户籍人口", "More migrants out than people registered in the area"
    ),
    IncidentKind.CELLS_DIFFER: Text(
        "汇总格与出生队列格不一致", "Cells and cohort cells do not agree; a rebuild makes them anew"
    ),
    IncidentKind.UNBALANCED: Text(
        "期初加减各项不等于期末", "Opening and what came and went do not make the closing"
    ),
    IncidentKind.OPENING_DIFFERS: Text(
        "期初不等于上期期末", "The opening is not the closing of the month before"
    ),
    IncidentKind.PARTS_DIFFER: Text("各社区合计不等于全区", "The communities do not add up to the district"),
    IncidentKind.REGISTER_DIFFERS: Text(
        "与登记机关的人数不一致", "The register counts another number of people"
    ),
}


class Finding(NamedTuple):
    """What breaks which account: the first month in which it does, what is there and what should be.

    ``sex`` and ``birth_month`` are -1 where the finding is not of one sex or cohort.
    """

    kind: IncidentKind
    area: int
    population: str
    measure: str
    sex: int
    birth_month: int
    month: int
    expected: int
    found: int


class Balance(NamedTuple):
    """The numbers of an account as the engine behind the figures computes them."""

    opening: Fraction
    entered: Fraction
    born: Fraction
    died: Fraction
    moved_in: Fraction
    moved_out: Fraction
    closing: Fraction


def check_balances(
    population: str, area: int, months: Sequence[int], balances: Sequence[Balance]
) -> list[Finding]:
    """Return where an area's accounts, one a month, do not balance or do not follow one another."""
    found = []
    before: Fraction | None = None
    for month, one in zip(months, balances, strict=True):
        made = one.opening + one.entered + one.born - one.died + one.moved_in - one.moved_out
        if made != one.closing:
            found.append(
                _whole(IncidentKind.UNBALANCED, area, population, "closing", month, made, one.closing)
            )
        if before is not None and one.opening != before:
            found.append(
                _whole(IncidentKind.OPENING_DIFFERS, area, population, "opening", month, before, one.opening)
            )
        before = one.closing
    return found


def check_parts(
    population: str,
    area: int,
    months: Sequence[int],
    whole: Sequence[Balance],
    parts: Sequence[Sequence[Balance]],
) -> list[Finding]:
    """Return where the accounts of the parts do not add up to that of the whole, measure by measure."""
    found = []
    for when, month in enumerate(months):
        for place, (name, expected) in enumerate(zip(Balance._fields, whole[when], strict=True)):
            together = sum((part[when][place] for part in parts), Fraction())
            if together != expected:
                found.append(
                    _whole(IncidentKind.PARTS_DIFFER, area, population, name, month, expected, together)
                )
    return found


def _whole(
    kind: IncidentKind,
    area: int,
    population: str,
    measure: str,
    month: int,
    expected: Fraction,
    found: Fraction,
) -> Finding:
    return Finding(kind, area, population, measure, -1, -1, month, int(expected), int(found))


class Known(NamedTuple):
    """An incident that is not solved yet, as it is stored."""

    finding: Finding
    state: str


class Decision(NamedTuple):
    """What a check changes: findings that are new, those that changed, and known ones that are gone."""

    opened: list[Finding]
    changed: list[Finding]
    solved: list[Finding]


def identity(finding: Finding) -> tuple[object, ...]:
    """Return what makes two findings the same incident: everything but month and numbers."""
    return (finding.kind, finding.area, finding.population, finding.measure, finding.sex, finding.birth_month)


def decide(found: Iterable[Finding], known: Iterable[Known]) -> Decision:
    """Compare what a check found with what was known.

    An explanation holds for the numbers it was given for: where they change, the incident is open again.
    """
    before = {identity(one.finding): one for one in known}
    now: dict[tuple[object, ...], Finding] = {}
    for one in found:
        now.setdefault(identity(one), one)
    return Decision(
        [one for key, one in now.items() if key not in before],
        [one for key, one in now.items() if key in before and before[key].finding != one],
        [one.finding for key, one in before.items() if key not in now],
    )
