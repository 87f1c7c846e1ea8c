"""What the journey sent, written down as it was sent: the only input of the independent computation."""

from dataclasses import dataclass, field
from datetime import date


@dataclass
class Stay:
    """Living at ``area`` (12-digit key) from a day on; ``registered`` is where the registration lies then."""

    since: date
    area: int
    registered: int


@dataclass
class Person:
    """One person in one district's register, as the journey told it."""

    sex: int
    birth: date
    entered: date
    entry: str  # opening, arrival or birth
    stays: list[Stay]
    usual_at_birth: int | None = None
    parity: int = 0
    died: date | None = None


@dataclass
class Certificate:
    """A certificate issued; it ends at ``valid_to`` (last day) or on the day it was revoked."""

    holder: str
    valid_from: date
    valid_to: date
    revoked: date | None = None


@dataclass
class Arrival:
    """A migrant's stay; ``checked`` once a certificate was looked at for this stay, whatever came out."""

    person: str
    area: int
    arrived: date
    left: date | None = None
    checked: bool = False


@dataclass
class Notice:
    """One notice owed to the home district."""

    kind: str
    arrival: str
    area: int
    arose: date
    sent: bool = True
    confirmed: bool = False


CONFIRMABLE = {"service_notice", "birth_notice"}


@dataclass
class Ledger:
    """Everything one district was told."""

    district: str
    persons: dict[str, Person] = field(default_factory=dict)
    certificates: dict[str, Certificate] = field(default_factory=dict)
    arrivals: dict[str, Arrival] = field(default_factory=dict)
    notices: dict[str, Notice] = field(default_factory=dict)
