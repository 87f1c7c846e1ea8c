"""A history as the events of its feeds, as registry-api and migrant-api publish them."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import batched
from typing import Any
from uuid import UUID

import orjson

from renkou_common.contracts.migrant import MigrantEventType
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.messaging.envelope import Event, complete_envelope, parse_envelope
from tests.facts.history import Count, History, Occurrence

LINES = 40
"""Lines of one event at most: people are led over to another community one by one."""
_TYPES = {
    "registry": RegistryEventType.EVENT_CORRECTED.value,
    "migrant": MigrantEventType.STAY_CORRECTED.value,
}
_NOW = datetime(2026, 1, 1, tzinfo=UTC).isoformat()


def line(count: Count, days: list[date]) -> dict[str, Any]:
    """Return a line as it is published."""
    born = count.birth_month
    return {
        "population": count.population,
        "area": str(count.area),
        "on": days[count.on].isoformat(),
        "measure": count.measure,
        "sex": count.sex,
        "birth_month": f"{born // 100}-{born % 100:02d}" if born else None,
        "parity": count.parity,
        "detail": count.detail,
        "value": count.value,
    }


class Feeds:
    """Gives the events of a history their numbers, feed by feed."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._numbers = {"registry": 0, "migrant": 0}

    def events(self, occurrences: Iterable[Occurrence]) -> Iterator[tuple[str, Event]]:
        """Yield the events of occurrences with their feeds, in order; an aggregate return is none."""
        days = self._history.days
        for one in occurrences:
            if one.change is not None:
                yield self._event("registry", RegistryEventType.AREA_CHANGED.value, self._change(one))
            for counts in batched(one.counts, LINES, strict=False):
                data = {"lines": [line(each, days) for each in counts]}
                yield self._event(one.feed, _TYPES[one.feed], data)

    def _change(self, one: Occurrence) -> dict[str, Any]:
        assert one.change is not None
        change = one.change
        return {
            "change_id": str(UUID(int=self._numbers["registry"] + 1)),
            "kind": change.kind,
            "effective_on": self._history.days[one.day].isoformat(),
            "sources": [str(area) for area in sorted(change.heirs)],
            "ended": [str(area) for area in change.ended],
            "successors": [
                {"area": str(area), "title": f"社区{area % 1_000_000}"} for area in change.successors
            ],
            "heirs": [
                {"area": str(area), "successors": [str(heir) for heir in heirs]}
                for area, heirs in sorted(change.heirs.items())
            ],
        }

    def _event(self, feed: str, event_type: str, data: dict[str, Any]) -> tuple[str, Event]:
        self._numbers[feed] += 1
        number = self._numbers[feed]
        body = orjson.dumps(
            {
                "specversion": "1.0",
                "id": str(UUID(int=number)),
                "type": event_type,
                "source": f"renkou:340103/{feed}",
                "subject": str(UUID(int=number)),
                "time": _NOW,
                "datacontenttype": "application/json",
                "data": data,
            }
        )
        return feed, parse_envelope(complete_envelope(body.decode(), number, sha256(body).digest()))
