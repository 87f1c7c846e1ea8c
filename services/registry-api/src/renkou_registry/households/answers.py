"""From rows to answers about households."""

from collections.abc import Sequence

import asyncpg

from renkou_common.codes.kinship import RELATIONS, Relation
from renkou_common.codes.lists import MEMBERSHIP_KINDS
from renkou_registry.fields import area_code
from renkou_registry.households.domain import Membership
from renkou_registry.households.schemas import HouseholdOut, HouseholdSummary, MemberOut, MembershipOut


def household(row: asyncpg.Record, members: Sequence[Membership]) -> HouseholdOut:
    """Return a household."""
    heads = (each.person_id for each in members if each.relation == Relation.HEAD and each.is_open)
    return HouseholdOut(
        id=row["id"],
        number=row["number"],
        kind=row["kind"],
        area=area_code(row["area"]),
        street=row["street"],
        place_id=row["place_id"],
        dissolved_on=row["dissolved_on"],
        head_id=next(heads, None),
        version=row["version"],
        recorded_at=row["recorded_at"],
        members=[member(each) for each in members],
    )


def member(row: Membership) -> MemberOut:
    """Return a membership."""
    return MemberOut(
        person_id=row.person_id,
        relation=row.relation,
        relation_label=RELATIONS.entry(row.relation).zh,
        kind=row.kind,
        kind_label=MEMBERSHIP_KINDS.entry(row.kind).zh,
        since=row.since,
        until=row.until,
        reason=row.reason,
    )


def summary(row: asyncpg.Record) -> HouseholdSummary:
    """Return a household as lists show it."""
    return HouseholdSummary(
        id=row["id"],
        number=row["number"],
        kind=row["kind"],
        area=area_code(row["area"]),
        street=row["street"],
        place_id=row["place_id"],
        dissolved_on=row["dissolved_on"],
    )


def membership(row: asyncpg.Record) -> MembershipOut:
    """Return one of a person's memberships."""
    return MembershipOut(
        household_id=row["household_id"],
        number=row["number"],
        area=area_code(row["area"]),
        street=row["street"],
        relation=row["relation"],
        relation_label=RELATIONS.entry(row["relation"]).zh,
        kind=row["kind"],
        kind_label=MEMBERSHIP_KINDS.entry(row["kind"]).zh,
        since=row["since"],
        until=row["until"],
        reason=row["reason"],
    )
