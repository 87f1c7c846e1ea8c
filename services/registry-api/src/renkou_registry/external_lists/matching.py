"""Whom a row of an external list may mean: certain, likely, nobody; with the reasons. No I/O.

Scores run from 0 to 100. 100 is the same valid number and the same name; nothing less is
ever settled in bulk. A wrong check digit gives away a slip of the pen: every number that differs by one digit
or by two swapped neighbours, and is valid, is looked up.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from renkou_common.codes.findings import CodeError
from renkou_common.codes.resident_id import ResidentId

LEAST = 50
_MOST_CANDIDATES = 5


class Match(StrEnum):
    """How sure it is whom a row means."""

    EXACT = "exact"  # 一致
    LIKELY = "likely"  # 疑似
    NONE = "none"  # 无
    UNREADABLE = "unreadable"  # 无法识别


@dataclass(frozen=True, slots=True)
class Subject:
    """Who a row is about, as the sender writes it."""

    number: str | None
    name: str
    born: date | None
    sex: int | None

    @property
    def valid_number(self) -> str | None:
        """The number where it is valid."""
        return self.number if self.number and is_valid(self.number) else None


@dataclass(frozen=True, slots=True)
class Known:
    """A person of the register who might be meant."""

    id: UUID
    name: str
    born: date
    sex: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person with the score and why."""

    person_id: UUID
    score: int
    reasons: tuple[str, ...]


@dataclass(slots=True)
class Register:
    """What the register was found to hold about a batch of rows: by number, and by name."""

    by_number: Mapping[str, tuple[UUID, str]] = field(default_factory=dict)
    by_name: Mapping[str, Sequence[Known]] = field(default_factory=dict)


def is_valid(number: str) -> bool:
    """Say whether a text is a valid resident ID."""
    try:
        ResidentId(number)
    except CodeError:
        return False
    return True


def slips(number: str) -> Iterator[str]:
    """Yield the valid numbers that one wrong digit or two swapped neighbours make of an invalid one."""
    if len(number) != 18 or not number.isascii() or is_valid(number):
        return
    seen = set()
    for place in range(18):
        digits = "0123456789X" if place == 17 else "0123456789"
        for digit in digits:
            seen.add(number[:place] + digit + number[place + 1 :])
        if place < 17:
            seen.add(number[:place] + number[place + 1] + number[place] + number[place + 2 :])
    yield from sorted(each for each in seen if each != number and is_valid(each))


def near_days(born: date) -> Iterator[date]:
    """Yield the birth date and those that a slip of the pen makes of it."""
    yield born
    for days in (-1, 1):
        if date.min < born < date.max:
            yield born + timedelta(days=days)
    for year, month, day in (
        (born.year, born.day, born.month),
        (born.year - 1, born.month, born.day),
        (born.year + 1, born.month, born.day),
        (born.year - 10, born.month, born.day),
        (born.year + 10, born.month, born.day),
        (born.year, born.month - 1, born.day),
        (born.year, born.month + 1, born.day),
    ):
        try:
            other = date(year, month, day)
        except ValueError:
            continue
        if other != born:
            yield other


def similar(one: str, other: str) -> bool:
    """Say whether names differ by no more than one character put in, left out or replaced."""
    if abs(len(one) - len(other)) > 1:
        return False
    shorter, longer = sorted((one, other), key=len)
    place = next((i for i, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    rest = shorter[place:] if len(shorter) < len(longer) else shorter[place + 1 :]
    return rest == longer[place + 1 :]


def numbers_of(subject: Subject) -> list[str]:
    """Return the numbers to look up for a row."""
    if subject.number is None:
        return []
    return [subject.valid_number] if subject.valid_number else list(slips(subject.number))


def match(subject: Subject, register: Register) -> tuple[Match, list[Candidate]]:
    """Return how sure it is, and the candidates, the best first."""
    found: dict[UUID, Candidate] = {}
    for candidate in (*_by_number(subject, register), *_by_name(subject, register)):
        held = found.get(candidate.person_id)
        if candidate.score >= LEAST and (held is None or held.score < candidate.score):
            found[candidate.person_id] = candidate
    best = sorted(found.values(), key=lambda each: (-each.score, each.person_id))[:_MOST_CANDIDATES]
    if best and best[0].score == 100:
        return Match.EXACT, best[:1]
    return (Match.LIKELY if best else Match.NONE), best


def _by_number(subject: Subject, register: Register) -> Iterable[Candidate]:
    for number in numbers_of(subject):
        if number not in register.by_number:
            continue
        person_id, name = register.by_number[number]
        if number == subject.number:
            if name == subject.name:
                yield Candidate(person_id, 100, ("number", "name"))
            elif similar(name, subject.name):
                yield Candidate(person_id, 90, ("number", "name_similar"))
            else:
                yield Candidate(person_id, 70, ("number", "name_differs"))
        elif name == subject.name:
            yield Candidate(person_id, 95, ("number_slip", "name"))
        elif similar(name, subject.name):
            yield Candidate(person_id, 65, ("number_slip", "name_similar"))


def _by_name(subject: Subject, register: Register) -> Iterable[Candidate]:
    if subject.born is None:
        return
    for known in register.by_name.get(subject.name, ()):
        same_sex = subject.sex in (None, 0, 9) or known.sex == subject.sex
        other_number = 10 if subject.valid_number else 0  # a number that nobody has, or somebody else
        if known.born == subject.born:
            reason = ("name", "birth_date", "sex") if same_sex else ("name", "birth_date", "sex_differs")
            yield Candidate(known.id, (85 if same_sex else 65) - other_number, reason)
        elif same_sex and known.born in set(near_days(subject.born)):
            yield Candidate(known.id, 60 - other_number, ("name", "birth_date_near", "sex"))
