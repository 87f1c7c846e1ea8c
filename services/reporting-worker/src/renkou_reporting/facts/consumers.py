"""Events to facts: the lines of up to 500 events are added in one go."""

from collections.abc import Sequence

from renkou_common.contracts.catalogue import EVENT_TYPES
from renkou_common.database import Transaction
from renkou_common.messaging.envelope import Event
from renkou_reporting.facts.domain import Fact, facts_of, read_lines
from renkou_reporting.facts.errors import UnknownEventType
from renkou_reporting.facts.service import add_facts, add_origins


def facts_of_events(feed: str, events: Sequence[Event]) -> list[Fact]:
    """Return the facts of events; raises UnknownEventType, or ValidationError for lines that are none."""
    facts: list[Fact] = []
    for event in events:
        if event.type not in EVENT_TYPES:
            raise UnknownEventType(event.type)
        facts += facts_of(feed, event.seq, event.id, read_lines(event.data))
    return facts


async def add_events(tx: Transaction, feed: str, events: Sequence[Event], *, shadow: bool = False) -> None:
    """Add the lines of events to the live tables, or to the shadow of a rebuild."""
    facts = facts_of_events(feed, events)
    await add_facts(tx, facts, shadow=shadow)
    counted = {fact.seq for fact in facts}
    await add_origins(tx, [(feed, one.seq, one.type, one.time) for one in events if one.seq in counted])
