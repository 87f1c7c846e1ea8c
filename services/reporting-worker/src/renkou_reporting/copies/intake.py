"""Taking a feed in for some partitions: as :mod:`renkou_common.messaging.inbox`, with a position for each.

Copies read the whole feed; each applies the lines of its partitions, and each partition's position moves in the
transaction of its lines. Who works on a partition is decided elsewhere and may be in dispute for a moment: the
lock on the partition's row and its position decide what counts, so a line counts once whoever brings it.

The copy of partition 0 also notes which event stood behind each number.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from renkou_common.database import Transaction
from renkou_common.messaging import inbox
from renkou_common.messaging.envelope import Event
from renkou_common.messaging.inbox import Apply, Intake, Replay
from renkou_reporting.copies import repository
from renkou_reporting.copies.domain import ALL, FIRST


class PartitionedInbox:
    """The inbox of a copy; ``owned`` tells the partitions that it works on now.

    ``gated`` is False for what has closed the gate itself.
    """

    def __init__(self, owned: Callable[[], frozenset[int]] = lambda: ALL, *, gated: bool = True) -> None:
        self._owned = owned
        self._gated = gated

    async def high_water(self, tx: Transaction, feed: str) -> int | None:
        """Return the lowest position of the copy's partitions, None while it has none."""
        owned = self._owned()
        return await repository.lowest(tx, feed, owned) if owned else None

    async def take_in(self, tx: Transaction, feed: str, events: Sequence[Event], apply: Apply) -> Intake:
        """Apply to each partition the events that it does not have; the caller commits.

        As for :func:`~.inbox.take_in`; the answer's position is the lowest of the copy's partitions.
        """
        positions = await self._lock(tx, feed)
        if not positions:
            return Intake(max(event.seq for event in events), frozenset(), False)
        low = min(positions.values())
        fresh, known, gap = inbox.split(low, events)
        if fresh:
            await self._apply(tx, feed, fresh, positions, apply)
            low = fresh[-1].seq
            first = positions.get(FIRST)
            if first is not None:
                await inbox.note_applied(tx, feed, [event for event in fresh if event.seq > first])
            await repository.advance(tx, feed, positions.keys(), low)
        conflicts = await inbox.find_conflicts(tx, feed, known)
        return Intake(low, frozenset(conflicts), gap)

    async def hold_failed(self, tx: Transaction, feed: str, event: Event, error: BaseException) -> None:
        """Hold an event as 'failed' for the partitions whose next it is, and move these past it."""
        positions = await self._lock(tx, feed)
        due = [partition for partition, at in positions.items() if at == event.seq - 1]
        if due:
            await repository.hold(tx, feed, [(event, due)], "failed", inbox.describe(error))
            if FIRST in due:
                await inbox.note_applied(tx, feed, [event])
            await repository.advance(tx, feed, due, event.seq)

    async def _lock(self, tx: Transaction, feed: str) -> dict[int, int]:
        if self._gated:
            await repository.pass_gate(tx)
        owned = self._owned()
        return await repository.lock(tx, feed, owned) if owned else {}

    async def _apply(
        self, tx: Transaction, feed: str, fresh: Sequence[Event], positions: dict[int, int], apply: Apply
    ) -> None:
        held = await repository.blocked(tx, feed, fresh)
        even = frozenset(positions) if max(positions.values()) < fresh[0].seq else None
        if even == ALL and not held:
            await inbox.call(apply, tx, fresh)
            return
        free: list[Event] = []
        waiting: list[tuple[Event, Collection[int]]] = []
        for event in fresh:
            due = even or frozenset(each for each, at in positions.items() if at < event.seq)
            behind = held.get(event.subject)
            blocked = frozenset[int]() if not behind else due if None in behind else due & behind
            if blocked:
                waiting.append((event, blocked))
            if due - blocked:
                free.append(replace(event, partitions=due - blocked))
        await repository.hold(tx, feed, waiting, "blocked", "an earlier event of the same subject is held")
        if free:
            await inbox.call(apply, tx, free)


async def replay_held(tx: Transaction, feed: str, seq: int, apply: Apply) -> Replay:
    """As :func:`~.inbox.replay_held`, each event for the partitions that do not have it."""
    await repository.close_gate(tx)
    missing = await repository.held_for(tx, feed, seq)

    async def apply_where_missing(tx: Transaction, events: Sequence[Event]) -> None:
        await apply(tx, [replace(event, partitions=missing.get(event.seq)) for event in events])

    return await inbox.replay_held(tx, feed, seq, apply_where_missing)
