"""The buildings of the district, with the first chunk."""

from collections.abc import Iterator
from typing import Any

from renkou_registry.generator.drawn import RECORDED_BY, Context, Drawn, Kind
from renkou_registry.generator.places import BUILDINGS, places_of


def rows(drawn: Drawn, context: Context) -> Iterator[tuple[Any, ...]]:
    """Return a row for each building."""
    plan = drawn.chunk.plan
    if drawn.chunk.number:
        return
    known = places_of(plan.district, plan.seed)
    for area in known.communities:
        for number in range(BUILDINGS):
            named = f"{number + 1:03d}", f"{number + 1}幢"
            yield (
                known.building_id(area, number),
                area,
                "building",
                *named,
                plan.opened_on,
                1,
                context.now,
                RECORDED_BY,
            )


KIND = Kind(
    "place",
    ("id", "area", "kind", "code", "name", "valid_from", "version", "recorded_at", "recorded_by"),
    rows,
)
