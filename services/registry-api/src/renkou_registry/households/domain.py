"""Households and their members as written down, and how they change. No I/O.

A membership holds on the days since <= day < until: who leaves on a day is no member on it. What is known of
it holds from an instant to an instant; a change ends what was known and adds what is known now.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from renkou_common.codes.kinship import Relation
from renkou_common.codes.lists import HouseholdKind, MembershipKind
from renkou_common.errors import Conflict, FieldError, InvalidInput, Text


@dataclass(frozen=True, slots=True)
class MemberEntry:
    """A member: ``relation`` is the two-digit code to the head (GB/T 4761; 02 the head itself).

    Without a ``kind`` it is a registered membership where the person is registered in the household's
    community and in no other household, else one of living there.
    """

    person_id: UUID
    relation: str = Relation.OTHER
    since: date | None = None
    kind: MembershipKind | None = None


@dataclass(frozen=True, slots=True)
class HouseholdEntry:
    """A household to enter; ``area`` is the 12-digit integer key of its community."""

    number: str
    area: int
    kind: HouseholdKind = HouseholdKind.FAMILY
    street: str | None = None
    members: tuple[MemberEntry, ...] = field(default=())
    place_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A membership to be written; ``area`` is the household's."""

    id: UUID
    household_id: UUID
    area: int
    entry: MemberEntry


@dataclass(frozen=True, slots=True)
class Membership:
    """A membership as stored; ``known_until`` is empty while this is what is known."""

    id: UUID
    household_id: UUID
    person_id: UUID
    relation: str
    kind: MembershipKind
    since: date | None
    until: date | None
    known_from: datetime
    known_until: datetime | None = None
    reason: str | None = None
    cause: UUID | None = None

    def on(self, day: date) -> bool:
        """Say whether the person is a member on a day."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)

    def known(self, at: datetime) -> bool:
        """Say whether this is what was known at an instant."""
        return self.known_from <= at and (self.known_until is None or at < self.known_until)

    @property
    def is_open(self) -> bool:
        """Whether the membership lasts, as far as is known now."""
        return self.until is None and self.known_until is None


def members_on(rows: Iterable[Membership], on: date, known_at: datetime) -> list[Membership]:
    """Return who was a member on a day, as known at an instant: the head first."""
    found = [row for row in rows if row.known(known_at) and row.on(on)]
    return sorted(found, key=lambda row: (row.relation != Relation.HEAD, row.relation, row.id))


def check_members(members: Sequence[MemberEntry], today: date) -> None:
    """Raise InvalidInput that lists members named twice, a second head, and days yet to come."""
    found: list[FieldError] = []

    def wrong(index: int, name: str, code: str, zh: str, en: str) -> None:
        found.append(FieldError(f"/members/{index}/{name}", code, Text(zh, en)))

    seen: set[UUID] = set()
    headed = False
    for index, member in enumerate(members):
        if member.person_id in seen:
            wrong(index, "person_id", "member_twice", "该成员已列出", "this member is listed already")
        if headed and member.relation == Relation.HEAD:
            wrong(index, "relation", "second_head", "一户只有一名户主", "a household has one head")
        if member.since is not None and member.since > today:
            wrong(
                index,
                "since",
                "in_future",
                f"日期不能晚于今天 {today}",
                f"must not be later than today, {today}",
            )
        seen.add(member.person_id)
        headed = headed or member.relation == Relation.HEAD
    if found:
        raise InvalidInput.fields(found)


def check_joins(open_rows: Sequence[Membership], person_id: UUID, relation: str) -> None:
    """Raise Conflict where somebody is a member already, or would be a second head."""
    if any(row.person_id == person_id for row in open_rows):
        raise Conflict(
            "member_already", "该人已是本户成员", "the person is a member of this household already"
        )
    if relation == Relation.HEAD and head_of(open_rows) is not None:
        raise Conflict(
            "second_head",
            "一户只有一名户主; 请用变更户主",
            "a household has one head; change the head instead",
        )


def head_of(open_rows: Sequence[Membership]) -> Membership | None:
    """Return the head's membership."""
    return next((row for row in open_rows if row.relation == Relation.HEAD), None)


def membership_of(open_rows: Sequence[Membership], person_id: UUID, pointer: str) -> Membership:
    """Return a present member's; raises InvalidInput for who is none."""
    for row in open_rows:
        if row.person_id == person_id:
            return row
    raise InvalidInput.field(
        pointer, "not_a_member", "该人不是本户现有成员", "is no present member of this household"
    )


def check_end(row: Membership, on: date) -> None:
    """Raise Conflict for an end before the beginning."""
    if row.since is not None and on < row.since:
        raise Conflict(
            "before_membership",
            f"{on} 早于入户日期 {row.since}",
            f"{on} is before the membership began on {row.since}",
        )


def new_relations(open_rows: Sequence[Membership], head: UUID, given: dict[UUID, str]) -> dict[UUID, str]:
    """Return whose relation becomes another one with a new head: the head's, those given, the old head's."""
    if any(relation == Relation.HEAD for person, relation in given.items() if person != head):
        raise InvalidInput.field("/relations", "second_head", "一户只有一名户主", "a household has one head")
    for person in given:
        membership_of(open_rows, person, "/relations")
    membership_of(open_rows, head, "/person_id")
    wanted = {row.person_id: given.get(row.person_id, row.relation) for row in open_rows}
    before = head_of(open_rows)
    if before is not None and before.person_id != head and before.person_id not in given:
        wanted[before.person_id] = Relation.OTHER
    wanted[head] = Relation.HEAD
    return {
        row.person_id: wanted[row.person_id] for row in open_rows if wanted[row.person_id] != row.relation
    }


def dissolved() -> Conflict:
    """Return the error for a change of a household that is no more."""
    return Conflict("household_dissolved", "该户已撤销", "the household was dissolved")
