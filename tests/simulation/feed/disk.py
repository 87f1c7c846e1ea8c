"""Two databases in memory, which answer the statements of outbox, relay and inbox, and no others.

A transaction is there as a whole or not at all. A connection may break before a statement, after it, before a COMMIT
and after it: whoever asked knows as little as with a real one.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from renkou_common.messaging import relay
from tests.simulation.feed.chance import BrokenPromise, Chance

type Row = dict[str, Any]


def _plain(statement: str) -> str:
    return " ".join(statement.split())


class Session:
    """One connection: asyncpg's methods, as far as they are used."""

    def __init__(self, database: "Database") -> None:
        self._database = database
        self._busy = False
        self._closed = False
        self._waiting: list[Callable[[], None]] | None = None

    def is_closed(self) -> bool:
        """Whether it broke, or was closed."""
        return self._closed

    def terminate(self) -> None:
        """Break; the database takes back what was not committed, and locks."""
        self._closed = True
        self._waiting = None
        self._database.let_go(self)

    async def fetchval(self, statement: str, *arguments: Any) -> Any:
        """Return one value."""
        return await self._ask(statement, arguments)

    async def fetch(self, statement: str, *arguments: Any) -> list[Row]:
        """Return rows."""
        return list(await self._ask(statement, arguments))

    async def fetchrow(self, statement: str, *arguments: Any) -> Row:
        """Return a row."""
        return dict(await self._ask(statement, arguments))

    async def execute(self, statement: str, *arguments: Any) -> str:
        """Carry a statement out."""
        await self._ask(statement, arguments)
        return ""

    async def executemany(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Carry a statement out for each row."""
        for row in rows:
            await self._ask(statement, row)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """What is written inside is seen by others when it ends well, all at once."""
        self._waiting = []
        try:
            yield
            await self._travel("before the COMMIT")
            for write in self._waiting:
                write()
            self._waiting = None
            await self._travel("after the COMMIT")
        finally:
            self._waiting = None

    async def _ask(self, statement: str, arguments: Sequence[Any]) -> Any:
        if self._busy:
            raise BrokenPromise(f"two statements at once on a connection: {_plain(statement)}")
        self._busy = True
        try:
            await self._travel("before a statement")
            answer = self._database.answer(self, _plain(statement), arguments)
            await self._travel("after a statement")
            return answer
        finally:
            self._busy = False

    async def _travel(self, when: str) -> None:
        chance = self._database.chance
        await chance.travel()
        if chance.strikes(f"connection to the database broken {when}", 0.01):
            self.terminate()
        if self._closed:
            raise ConnectionResetError("the connection is gone")

    def write(self, change: Callable[[], None]) -> None:
        """Change something at the end of the transaction, or at once where there is none."""
        if self._waiting is None:
            change()
        else:
            self._waiting.append(change)


@dataclass
class Told:
    """A row of the outbox."""

    position: int
    event_id: UUID
    type: str
    subject: str
    body: str
    content_hash: bytes
    feed_seq: int | None = None
    published: float | None = None


class Database:
    """What both have in common."""

    dsn = "memory"

    def __init__(self, chance: Chance) -> None:
        self.chance = chance
        self._answers: dict[str, Callable[..., Any]] = {}

    def answer(self, session: Session, statement: str, arguments: Sequence[Any]) -> Any:
        """Carry a statement out; raises BrokenPromise for one that nobody thought of here."""
        known = next((each for begin, each in self._answers.items() if statement.startswith(begin)), None)
        if known is None:
            raise BrokenPromise(f"a statement that the simulation does not know: {statement}")
        return known(session, *arguments)

    def let_go(self, session: Session) -> None:
        """A connection has ended."""


class Publisher(Database):
    """The service that writes events: its outbox, and the counter of its feed."""

    def __init__(self, chance: Chance) -> None:
        super().__init__(chance)
        self.outbox: list[Told] = []
        self.last: int | None = None
        self.leader: Session | None = None
        self._answers = {
            _plain(relay._ASSIGN): self._assign,
            _plain(relay._UNPUBLISHED): self._unpublished,
            _plain(relay._MARK): self._mark,
            _plain(relay._MEASURE): lambda _: {"unassigned": 0, "unpublished": 0, "oldest": 0.0},
            "SELECT pg_try_advisory_lock(hashtext('renkou.relay'), hashtext($1))": self._lead,
            "SELECT EXISTS (SELECT FROM outbox WHERE feed_seq IS NULL)": lambda _: any(
                row.feed_seq is None for row in self.outbox
            ),
            "INSERT INTO feed_counter (feed, last) VALUES ($1, 0) ON CONFLICT DO NOTHING": self._begin,
            "SELECT last FROM feed_counter WHERE feed = $1 FOR UPDATE": lambda _, feed: self.last or 0,
            "UPDATE feed_counter SET last = last + $2 WHERE feed = $1": self._count,
        }

    async def connect(self, dsn: str) -> Session:
        """A new connection."""
        await self.chance.travel()
        return Session(self)

    def let_go(self, session: Session) -> None:
        if self.leader is session:
            self.leader = None

    def _lead(self, session: Session, feed: str) -> bool:
        if self.leader is None:
            self.leader = session
        return self.leader is session

    def _begin(self, session: Session, feed: str) -> None:
        if self.last is None:
            session.write(lambda: setattr(self, "last", self.last or 0))

    def _count(self, session: Session, feed: str, number: int) -> None:
        session.write(lambda: setattr(self, "last", (self.last or 0) + number))

    def _assign(self, session: Session, limit: int, last: int) -> int:
        waiting = sorted((row for row in self.outbox if row.feed_seq is None), key=lambda row: row.position)
        for number, row in enumerate(waiting[:limit], last + 1):
            session.write(partial(setattr, row, "feed_seq", number))
        return len(waiting[:limit])

    def _unpublished(self, session: Session, limit: int, size: int, after: int = 0) -> list[Row]:
        found = [
            row
            for row in self.outbox
            if row.published is None and row.feed_seq is not None and row.feed_seq > after
        ]
        return [vars(row) for row in sorted(found, key=lambda row: row.feed_seq or 0)[:limit]]

    def _mark(self, session: Session, first: int, last: int) -> None:
        now = asyncio.get_running_loop().time()
        for row in self.outbox:
            if row.feed_seq is not None and first <= row.feed_seq <= last and row.published is None:
                session.write(partial(setattr, row, "published", now))

    def numbered(self, after: int = 0) -> list[Told]:
        """Return what has a number above one, in order."""
        found = [row for row in self.outbox if row.feed_seq is not None and row.feed_seq > after]
        return sorted(found, key=lambda row: row.feed_seq or 0)


@dataclass
class State:
    """What the consumer keeps. ``effects`` are what it made of the events: (number, subject) in the order of doing."""

    high: int | None = None
    applied: dict[int, tuple[UUID, bytes]] = field(default_factory=dict)
    held: dict[int, Row] = field(default_factory=dict)
    incidents: list[tuple[int, str]] = field(default_factory=list)
    effects: list[tuple[int, str]] = field(default_factory=list)

    def copied(self) -> "State":
        """Return it as it is now, for a transaction that may not come to its end."""
        held = {number: dict(row) for number, row in self.held.items()}
        return State(self.high, copy(self.applied), held, copy(self.incidents), copy(self.effects))


class Consumer(Database):
    """The service that takes events in. One transaction at a time: they all lock the position first."""

    def __init__(self, chance: Chance) -> None:
        super().__init__(chance)
        self.state = State()
        self._turn = asyncio.Lock()
        self._answers = {
            "SELECT high_water FROM feed_position": lambda _, feed: self.state.high,
            "INSERT INTO feed_position": self._begin,
            "UPDATE feed_position SET high_water = $2": self._advance,
            "INSERT INTO feed_incident": self._note_incident,
            "SELECT DISTINCT subject FROM held_event": self._blocked,
            "SELECT seq, body FROM held_event": self._held_with,
            "INSERT INTO held_event": self._hold,
            "UPDATE held_event SET state = 'failed'": self._failed_again,
            "UPDATE held_event SET resolved_at": self._resolve,
            "SELECT seq, event_id, content_hash FROM applied_event": self._applied,
            "INSERT INTO applied_event": self._note_applied,
            "SAVEPOINT replay": lambda _: None,
            "RELEASE SAVEPOINT replay": lambda _: None,
        }

    @asynccontextmanager
    async def transaction(self, scope: object = None, *, read_only: bool = False) -> AsyncIterator[Session]:
        """As ``renkou_common.database.Database.transaction``."""
        session = Session(self)
        async with self._turn:
            before, done = self.state, False
            self.state = before.copied()
            try:
                yield session
                await session._travel("before the COMMIT")
                done = True
                await session._travel("after the COMMIT")
            finally:
                if not done:
                    self.state = before

    def _begin(self, session: Session, feed: str) -> None:
        self.state.high = self.state.high or 0

    def _advance(self, session: Session, feed: str, high: int) -> None:
        if self.state.high is not None and high <= self.state.high:
            raise BrokenPromise(f"the position went from {self.state.high} back to {high}")
        self.state.high = high

    def _note_incident(self, session: Session, feed: str, seq: int, kind: str, detail: Row) -> None:
        self.state.incidents.append((seq, kind))

    def _blocked(self, session: Session, feed: str, subjects: list[str]) -> list[Row]:
        held = {row["subject"] for row in self.state.held.values() if not row["resolved"]}
        return [{"subject": one} for one in subjects if one in held]

    def _held_with(self, session: Session, feed: str, seq: int) -> list[Row]:
        known = self.state.held.get(seq)
        if known is None or known["resolved"]:
            return []
        rows = [row for row in self.state.held.values() if not row["resolved"]]
        same = [row for row in rows if row["subject"] == known["subject"]]
        return sorted(same, key=lambda row: int(row["seq"]))

    def _hold(self, session: Session, feed: str, seq: int, event: UUID, subject: str, *more: Any) -> None:
        if seq in self.state.held:
            raise BrokenPromise(f"number {seq} is held twice")
        body = more[1]
        self.state.held[seq] = {"seq": seq, "subject": subject, "body": body, "resolved": False}

    def _failed_again(self, session: Session, feed: str, seq: int, reason: str) -> None:
        raise BrokenPromise(f"number {seq} fails again: {reason}")

    def _resolve(self, session: Session, feed: str, seq: int) -> None:
        self.state.held[seq]["resolved"] = True

    def _applied(self, session: Session, feed: str, numbers: list[int]) -> list[Row]:
        known = self.state.applied
        return [
            {"seq": seq, "event_id": known[seq][0], "content_hash": known[seq][1]}
            for seq in numbers
            if seq in known
        ]

    def _note_applied(
        self, session: Session, feed: str, numbers: list[int], ids: list[UUID], hashes: list[bytes]
    ) -> None:
        for number, id_, content in zip(numbers, ids, hashes, strict=True):
            if number in self.state.applied:
                raise BrokenPromise(f"number {number} is noted as applied twice")
            self.state.applied[number] = id_, content
