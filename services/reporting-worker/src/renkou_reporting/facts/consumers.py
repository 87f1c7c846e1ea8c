"""Events to facts: the lines of up to 500 events are added in one go."""

from collections.abc import Sequence

from renkou_common.contracts.catalogue import EVENT_TYPES
from renkou_common.database import Transaction
from renkou_common.messaging.envelope import Event
from renkou_reporting.copies.domain import partition_of
from renkou_reporting.facts.domain import Fact
from renkou_reporting.facts.errors import UnknownEventType
from renkou_reporting.facts.reading import facts_of_data
from renkou_reporting.facts.service import add_facts, add_origins


def facts_of_events(feed: str, events: Sequence[Event]) -> list[Fact]:
    """Return the facts of events, of each those of its partitions.

    Raises UnknownEventType, or ValidationError for lines that are none.
    """
    facts: list[Fact] = []
    for event in events:
        if event.type not in EVENT_TYPES:
            raise UnknownEventType(event.type)
        found = facts_of_data(feed, event.seq, event.id, event.data)
        facts += found if event.partitions is None else _within(found, event.partitions)
    return facts


def _within(facts: Sequence[Fact], partitions: frozenset[int]) -> list[Fact]:
    return [fact for fact in facts if partition_of(fact.area) in partitions]


async def add_events(tx: Transaction, feed: str, events: Sequence[Event]) -> None:
    """Add the lines of events to facts and sums, and note which event they came of."""
    facts = facts_of_events(feed, events)
    await add_facts(tx, facts)
    counted = {fact.seq for fact in facts}
    await add_origins(tx, [(feed, one.seq, one.type, one.time) for one in events if one.seq in counted])
