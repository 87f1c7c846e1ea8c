"""Households and their members as written down. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from renkou_common.codes.kinship import Relation
from renkou_common.codes.lists import HouseholdKind
from renkou_common.errors import FieldError, InvalidInput, Text


@dataclass(frozen=True, slots=True)
class MemberEntry:
    """A member: ``relation`` is the two-digit code to the head (GB/T 4761; 02 the head itself)."""

    person_id: UUID
    relation: str = Relation.OTHER
    since: date | None = None


@dataclass(frozen=True, slots=True)
class HouseholdEntry:
    """A household to enter; ``area`` is the 12-digit integer key of its community."""

    number: str
    area: int
    kind: HouseholdKind = HouseholdKind.FAMILY
    street: str | None = None
    members: tuple[MemberEntry, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Member:
    """A membership to be written; ``area`` is the household's."""

    id: UUID
    household_id: UUID
    area: int
    entry: MemberEntry


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
