"""What a reconciliation compares and what it calls a difference, without I/O."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from renkou_common.errors import Text
from renkou_reporting.facts.domain import Fact

MOST_HEALED = 20_000
"""Facts that are put right one by one; where more are wrong, a rebuild is the way."""
type Place = tuple[int, int]
"""Number of an event and of its line: where a fact of a feed stands."""


class Kind(StrEnum):
    """A difference between this service and what it takes in."""

    FACT_MISSING = "fact_missing"
    FACT_CHANGED = "fact_changed"
    FACT_ADDED = "fact_added"
    EVENT_MISSING = "event_missing"
    EVENT_UNKNOWN = "event_unknown"
    EVENT_DIFFERS = "event_differs"
    STOCK_DIFFERS = "stock_differs"
    RETURN_DIFFERS = "return_differs"


KIND_TEXTS: dict[Kind, Text] = {
    Kind.FACT_MISSING: Text("缺少一条统计事实", "A fact of an event is missing"),
    Kind.FACT_CHANGED: Text("统计事实与事件不符", "A fact is not what its event says"),
    Kind.FACT_ADDED: Text("事件中没有这条统计事实", "A fact that no event brought"),
    Kind.EVENT_MISSING: Text("事件没有入账记录", "An event is not noted as taken in"),
    Kind.EVENT_UNKNOWN: Text("来源没有这个编号的事件", "The feed does not hold an event that was taken in"),
    Kind.EVENT_DIFFERS: Text(
        "来源同一编号的事件内容不同", "The feed holds another content under this number"
    ),
    Kind.STOCK_DIFFERS: Text("与登记机关的人数不一致", "The register counts another number of people"),
    Kind.RETURN_DIFFERS: Text("报表记录与签发内容不符", "What is kept of a return is not what was signed"),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference; ``stored`` is what stands here, ``expected`` what should. ``healed`` says it was put right."""

    kind: Kind
    feed: str
    seq: int | None = None
    line_no: int | None = None
    area: int | None = None
    population: str | None = None
    stored: dict[str, object] | None = None
    expected: dict[str, object] | None = None
    healed: bool = False
    reason: str | None = None


@dataclass
class Wrong:
    """What is wrong with a feed's facts, by place; the events by which they cannot be put right; ``doubt``: why not."""

    facts: dict[Place, tuple[Fact | None, Fact | None]] = field(default_factory=dict)
    doubtful: set[int] = field(default_factory=set)
    doubt: str = "the feed holds another event under this number"


@dataclass(frozen=True, slots=True)
class Noted:
    """An event as it stands in a feed, or as it was noted when it was taken in."""

    event_id: UUID
    content_hash: bytes


def compare_facts(
    stored: Iterable[Fact], right: Iterable[Fact]
) -> dict[Place, tuple[Fact | None, Fact | None]]:
    """Return the facts that differ by their place: what is stored and what should be."""
    before = {(one.seq, one.line_no): one for one in stored}
    after = {(one.seq, one.line_no): one for one in right}
    return {
        place: (before.get(place), after.get(place))
        for place in sorted(before.keys() | after.keys())
        if before.get(place) != after.get(place)
    }


def fact_difference(
    stored: Fact | None, right: Fact | None, *, healed: bool, reason: str | None
) -> Difference:
    """Return the difference at one place, where at least one of both is."""
    given = right or stored
    assert given is not None
    kind = Kind.FACT_MISSING if stored is None else Kind.FACT_ADDED if right is None else Kind.FACT_CHANGED
    return Difference(
        kind,
        given.feed,
        given.seq,
        given.line_no,
        given.area,
        given.population,
        _told(stored),
        _told(right),
        healed,
        reason,
    )


def _told(fact: Fact | None) -> dict[str, object] | None:
    if fact is None:
        return None
    told = dict(fact._asdict(), event_id=str(fact.event_id), happened_on=fact.happened_on.isoformat())
    return {name: value for name, value in told.items() if name not in ("feed", "seq", "line_no")}


def compare_events(feed: str, noted: Mapping[int, Noted], published: Mapping[int, Noted]) -> list[Difference]:
    """Return how the events noted here differ from those of the feed, over the same numbers."""
    found = []
    for seq in sorted(noted.keys() | published.keys()):
        here, there = noted.get(seq), published.get(seq)
        if here == there:
            continue
        kind = (
            Kind.EVENT_MISSING
            if here is None
            else Kind.EVENT_UNKNOWN
            if there is None
            else Kind.EVENT_DIFFERS
        )
        found.append(
            Difference(
                kind, feed, seq, stored=_told_event(here), expected=_told_event(there), healed=here is None
            )
        )
    return found


def _told_event(noted: Noted | None) -> dict[str, object] | None:
    return None if noted is None else {"id": str(noted.event_id), "hash": noted.content_hash.hex()}


def runs(blocks: Collection[int], most: int) -> list[tuple[int, int]]:
    """Return blocks as runs (first, last) of neighbours, none longer than ``most``."""
    found: list[tuple[int, int]] = []
    for block in sorted(blocks):
        if found and block == found[-1][1] + 1 and block - found[-1][0] < most:
            found[-1] = (found[-1][0], block)
        else:
            found.append((block, block))
    return found
