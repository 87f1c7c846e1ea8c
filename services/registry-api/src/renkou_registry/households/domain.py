"""Households and their members as written down. No I/O."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from renkou_common.codes.kinship import Relation
from renkou_common.codes.lists import HouseholdKind


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
