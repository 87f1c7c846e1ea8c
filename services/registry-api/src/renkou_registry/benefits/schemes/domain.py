"""What a scheme is: conditions on the record and an amount rule, as typed values. No I/O.

Conditions are three-valued: a person meets one, does not meet it, or the record cannot tell (``UNKNOWN``, to
be declared in an application and checked by staff).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Answer(StrEnum):
    """What the record says of one condition."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"


class Fact(StrEnum):
    """The closed list of facts a condition may refer to beside the person's own columns."""

    RURAL_REGISTRATION = "rural_registration"  # 农村居民户口 (declared)
    ONLY_CHILD = "only_child"  # 独生子女: exactly one child ever (record)
    CHILD_DIED = "child_died"  # 子女死亡 (record or declared)
    CHILD_DISABLED = "child_disabled"  # 子女伤病残, 三级以上 (declared)
    HONOUR_CERTIFICATE = "honour_certificate"  # 独生子女父母光荣证 (honour register or declared)


FACT_NAMES: dict[Fact, tuple[str, str]] = {
    Fact.RURAL_REGISTRATION: ("农村居民户口", "rural registration"),
    Fact.ONLY_CHILD: ("只有一个子女", "has had one child only"),
    Fact.CHILD_DIED: ("子女死亡", "a child has died"),
    Fact.CHILD_DISABLED: ("子女经鉴定为三级以上残疾", "a child is disabled, grade three or higher"),
    Fact.HONOUR_CERTIFICATE: ("持有独生子女父母光荣证", "holds the only-child parents' certificate"),
}


@dataclass(frozen=True, slots=True)
class Age:
    """Full years on the day asked about, both ends inclusive."""

    at_least: int | None
    at_most: int | None


@dataclass(frozen=True, slots=True)
class SexIs:
    """GB/T 2261.1: 1 male, 2 female."""

    sex: int


@dataclass(frozen=True, slots=True)
class MaritalStatusIn:
    """GB/T 2261.2 codes."""

    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class RegisteredHere:
    """Registered (户籍) in the district, by a day at the latest or for some months, where told."""

    on_or_before: date | None
    for_months: int | None


@dataclass(frozen=True, slots=True)
class Children:
    """How many children, alive or all ever, of a sex and born between two days where told."""

    alive_only: bool
    at_least: int | None
    at_most: int | None
    born_from: date | None
    born_to: date | None
    sex: int | None
    under_age: int | None

    @property
    def filter(self) -> tuple[object, ...]:
        """What is counted, apart from how many."""
        return self.alive_only, self.born_from, self.born_to, self.sex, self.under_age


@dataclass(frozen=True, slots=True)
class FactHolds:
    """One of the closed list of facts."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: "Condition"


type Leaf = Age | SexIs | MaritalStatusIn | RegisteredHere | Children | FactHolds
type Condition = Leaf | AllOf | AnyOf | Not


class Unit(StrEnum):
    """Whom an amount is for."""

    PERSON = "person"
    CHILD = "child"


class Every(StrEnum):
    """How often: a calendar month, a calendar year, a year of the child's life, or once."""

    MONTH = "month"
    YEAR = "year"
    AGE_YEAR = "age_year"
    ONCE = "once"


@dataclass(frozen=True, slots=True)
class Band:
    """An amount in yuan for each period that begins between two days (``to`` None: open)."""

    start: date
    end: date | None
    yuan: Decimal


@dataclass(frozen=True, slots=True)
class AmountRule:
    """How much, for whom and how often.

    ``by_months`` pays a year by its entitled months (twelfths); otherwise a year with any entitled month is
    paid whole. ``child_until`` is the age in years until which a child counts; its months are those after
    the month of birth up to the month of that birthday. ``keeps_period`` names ends (``death``, ``move``)
    after which a period that has begun is still paid whole; after others payment stops with the month.
    """

    unit: Unit
    every: Every
    bands: tuple[Band, ...]
    by_months: bool
    due_at_end: bool
    from_application: bool
    child_until: int | None = None
    keeps_period: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Definition:
    """What a version of a scheme says."""

    conditions: Condition
    amount: AmountRule
    by_registration: bool
    notice_days: int


@dataclass(frozen=True, slots=True)
class Version:
    """A definition with the days between which it holds."""

    number: int
    valid_from: date
    valid_to: date | None
    definition: Definition

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def version_on(versions: Sequence[Version], day: date) -> Version | None:
    """Return the version in force on a day."""
    return next((each for each in reversed(versions) if each.holds_on(day)), None)
