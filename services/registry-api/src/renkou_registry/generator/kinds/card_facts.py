"""What women have told, sealed as the program seals it."""

from collections.abc import Iterator
from typing import Any

import orjson

from renkou_registry.cards.facts import METHOD, SEALED, content_of
from renkou_registry.generator.drawn import RECORDED_BY, Context, Drawn, Kind


def rows(drawn: Drawn, context: Context) -> Iterator[tuple[Any, ...]]:
    """Return a row for each card on which a method was told."""
    for card in drawn.cards:
        fact = card.fact
        if fact is not None:
            sealed = context.cipher.seal(orjson.dumps(content_of(fact.told)), SEALED)
            whose = fact.id, card.id, card.woman.entry.id, METHOD, fact.told_on
            yield *whose, True, sealed, True, fact.confirmed_on, context.now, RECORDED_BY


KIND = Kind(
    "card_fact",
    (
        *("id", "card_id", "person_id", "kind", "told_on", "consent", "sealed", "current", "confirmed_on"),
        *("recorded_at", "recorded_by"),
    ),
    rows,
)
