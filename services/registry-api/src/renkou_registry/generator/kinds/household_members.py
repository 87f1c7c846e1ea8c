"""Who belongs to which household, with the relation to its head."""

from collections.abc import Iterator
from typing import Any

from renkou_registry.generator.drawn import Context, Drawn, Kind


def rows(drawn: Drawn, context: Context) -> Iterator[tuple[Any, ...]]:
    """Return a row for each person."""
    for household_id, each in drawn.chunk.households:
        for member in each.members:
            yield (
                drawn.chunk.new_id(),
                household_id,
                member.person_id,
                str(member.relation),
                each.area,
                member.since,
            )


KIND = Kind("household_member", ("id", "household_id", "person_id", "relation", "area", "since"), rows)
