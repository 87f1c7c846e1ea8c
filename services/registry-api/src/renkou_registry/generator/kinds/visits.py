"""Visits that were offered, what became of them, and the offer that is open."""

from collections.abc import Iterator
from typing import Any

import orjson

from renkou_common.codes.cards import VisitState
from renkou_registry.generator.drawn import RECORDED_BY, Context, Drawn, Kind
from renkou_registry.visits.service import OUTCOME

_TOLD = {"effect": "good", "problem": "none", "note": None}


def rows(drawn: Drawn, context: Context) -> Iterator[tuple[Any, ...]]:
    """Return a row for each visit."""
    content = orjson.dumps(_TOLD)
    for card in drawn.cards:
        for each in card.visits:
            kept = each.state is VisitState.KEPT
            yield (
                each.id,
                card.id,
                card.woman.entry.id,
                card.fact.id,
                each.state,
                card.stands.population,
                card.stands.area,
                card.woman.entry.present_area,
                each.due_on,
                each.due_on,
                each.due_on if kept else None,
                each.settled_on,
                None if each.settled_on is None or each.state is VisitState.MISSED else RECORDED_BY,
                context.cipher.seal(content, OUTCOME) if kept else None,
                each.next_due_on,
                3 if kept else 2 if each.settled_on else 1,
                context.now,
            )


KIND = Kind(
    "visit",
    (
        *("id", "card_id", "person_id", "basis", "state", "population", "area", "place", "due_on"),
        *("planned_on", "accepted_on", "settled_on", "settled_by", "outcome_sealed", "next_due_on"),
        *("version", "recorded_at"),
    ),
    rows,
)
