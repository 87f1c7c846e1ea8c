"""Who belongs to which household, with the relation to its head."""

from collections.abc import Iterator
from typing import Any

from renkou_common.codes.lists import MembershipKind
from renkou_registry.generator.drawn import RECORDED_BY, Context, Drawn, Kind


def rows(drawn: Drawn, context: Context) -> Iterator[tuple[Any, ...]]:
    """Return a row for each person."""
    registered_area = {entry.id: entry.registered_area for entry in drawn.chunk.persons}
    for household_id, each in drawn.chunk.households:
        for member in each.members:
            registered = registered_area[member.person_id] == each.area
            kind = MembershipKind.REGISTERED if registered else MembershipKind.LIVING
            whose = drawn.chunk.new_id(), household_id, member.person_id, str(member.relation), each.area
            yield *whose, kind.value, member.since, context.now, RECORDED_BY


KIND = Kind(
    "household_member",
    ("id", "household_id", "person_id", "relation", "area", "kind", "since", "known_from", "recorded_by"),
    rows,
)
