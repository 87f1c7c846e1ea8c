"""The relay: numbers a service's committed events without gaps and publishes them in that order.

One relay leads per service, by a session advisory lock on the connection it does all its work on: when that
connection is lost, so is the lead. Numbering doesn't wait for the broker, so that the HTTP feed stays current
while the broker is down. A batch whose acknowledgement got lost is published again with the same message ids;
JetStream refuses an atomic batch that holds a known id (10201), then its events go one by one, where known
ones are acknowledged as duplicates. Beyond JetStream's dedupe window a copy may be stored twice; consumers
skip it by its number.
"""

import asyncio
import time
from contextlib import suppress

import asyncpg
import structlog
from prometheus_client import Counter, Gauge

from renkou_common.database import TRANSIENT_ERRORS, Database, Transaction, connect
from renkou_common.messaging.envelope import CONTENT_TYPE, complete_envelope
from renkou_common.messaging.nats_client import BrokerError, NatsClient, Outgoing, PublishRefused

UNASSIGNED = Gauge("renkou_outbox_unassigned", "Events without a number yet", ["feed"])
UNPUBLISHED = Gauge(
    "renkou_outbox_unpublished", "Numbered events not yet acknowledged by the broker", ["feed"]
)
OLDEST_SECONDS = Gauge("renkou_outbox_oldest_seconds", "Age of the oldest unpublished event", ["feed"])
PUBLISHED = Counter("renkou_outbox_published", "Events acknowledged by the broker", ["feed"])

_log = structlog.get_logger(__name__)
_POLL_SECONDS = 0.15
_STANDBY_SECONDS = 0.5
_MEASURE_SECONDS = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
_ASSIGN_ROWS = 5000
_BATCH_ROWS = 1000
_BATCH_BYTES = 4 * 1024 * 1024

_ASSIGN = """
WITH waiting AS (
    SELECT position, row_number() OVER (ORDER BY position) AS number
    FROM (SELECT position FROM outbox WHERE feed_seq IS NULL ORDER BY position LIMIT $1) AS oldest
), numbered AS (
    UPDATE outbox SET feed_seq = $2 + waiting.number
    FROM waiting WHERE outbox.position = waiting.position
    RETURNING outbox.feed_seq
)
SELECT count(*) FROM numbered
"""
_UNPUBLISHED = """
SELECT event_id, type, body, feed_seq, content_hash FROM (
    SELECT *, sum(octet_length(body)) OVER (ORDER BY feed_seq) AS total
    FROM (
        SELECT event_id, type, body, feed_seq, content_hash FROM outbox
        WHERE published_at IS NULL AND feed_seq IS NOT NULL ORDER BY feed_seq LIMIT $1
    ) AS page
) AS summed
WHERE total - octet_length(body) < $2
ORDER BY feed_seq
"""
_MARK = """
UPDATE outbox SET published_at = now() WHERE feed_seq BETWEEN $1 AND $2 AND published_at IS NULL
"""
_MEASURE = """
SELECT
    (SELECT count(*) FROM outbox WHERE feed_seq IS NULL) AS unassigned,
    (SELECT count(*) FROM outbox WHERE published_at IS NULL) AS unpublished,
    (SELECT extract(epoch FROM now() - recorded_at)::float8 FROM outbox WHERE published_at IS NULL
     ORDER BY feed_seq LIMIT 1) AS oldest
"""
_TRIM = """
DELETE FROM outbox WHERE position IN (
    SELECT position FROM outbox ORDER BY position LIMIT $2
) AND published_at IS NOT NULL AND recorded_at < now() - make_interval(days => $1)
"""

type _Session = asyncpg.Connection[asyncpg.Record]


class Relay:
    """Numbers and publishes the outbox of one service.

    ``feed`` is the feed's name ('registry'), ``stream`` the JetStream stream ('REGISTRY'); an event's type is
    its NATS subject. ``written`` is the outbox's wake-up hint where both run in one process.
    """

    def __init__(
        self,
        database: Database,
        nats: NatsClient,
        feed: str,
        stream: str,
        *,
        written: asyncio.Event | None = None,
    ) -> None:
        self._database = database
        self._nats = nats
        self._feed = feed
        self._stream = stream
        self._written = written or asyncio.Event()
        self._numbered = asyncio.Event()
        self._one_statement = asyncio.Lock()
        self.leading = asyncio.Event()

    async def run(self) -> None:
        """Lead, or wait to lead, until cancelled. A lost database is waited for with a capped backoff."""
        pause = _FIRST_PAUSE
        while True:
            try:
                session = await connect(self._database.dsn)
                try:
                    await self._wait_for_lead(session)
                    pause = _FIRST_PAUSE
                    self.leading.set()
                    _log.info("relay leads", feed=self._feed)
                    async with asyncio.TaskGroup() as group:
                        group.create_task(self._number_all(session))
                        group.create_task(self._publish_all(session))
                finally:
                    self.leading.clear()
                    session.terminate()
            except* TRANSIENT_ERRORS as errors:
                _log.warning("relay lost its database", feed=self._feed, error=repr(errors.exceptions[0]))
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _wait_for_lead(self, session: _Session) -> None:
        # Polled: a session blocked in pg_advisory_lock keeps its snapshot, and with it vacuum from cleaning.
        claim = "SELECT pg_try_advisory_lock(hashtext('renkou.relay'), hashtext($1))"
        while True:
            if await session.fetchval(claim, self._feed):
                return
            await asyncio.sleep(_STANDBY_SECONDS)

    async def _number_all(self, session: _Session) -> None:
        measured = float("-inf")
        while True:
            self._written.clear()
            async with self._one_statement:
                count = await self._number(session)
                if time.monotonic() - measured >= _MEASURE_SECONDS:
                    await self._measure(session)
                    measured = time.monotonic()
            if count:
                self._numbered.set()
            if count < _ASSIGN_ROWS:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._written.wait(), _POLL_SECONDS)

    async def _number(self, session: _Session) -> int:
        if not await session.fetchval("SELECT EXISTS (SELECT FROM outbox WHERE feed_seq IS NULL)"):
            return 0
        async with session.transaction():
            await session.execute(
                "INSERT INTO feed_counter (feed, last) VALUES ($1, 0) ON CONFLICT DO NOTHING", self._feed
            )
            last = await session.fetchval(
                "SELECT last FROM feed_counter WHERE feed = $1 FOR UPDATE", self._feed
            )
            count = int(await session.fetchval(_ASSIGN, _ASSIGN_ROWS, last))
            await session.execute(
                "UPDATE feed_counter SET last = last + $2 WHERE feed = $1", self._feed, count
            )
        return count

    async def _publish_all(self, session: _Session) -> None:
        pause = _FIRST_PAUSE
        while True:
            self._numbered.clear()
            async with self._one_statement:
                rows = await session.fetch(_UNPUBLISHED, _BATCH_ROWS, _BATCH_BYTES)
            if not rows:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._numbered.wait(), _MEASURE_SECONDS)
                continue
            try:
                await self._publish(rows)
            except BrokerError as error:
                _log.warning("broker does not take events", feed=self._feed, error=str(error), retry_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            pause = _FIRST_PAUSE
            async with self._one_statement:
                await session.execute(_MARK, rows[0]["feed_seq"], rows[-1]["feed_seq"])
            PUBLISHED.labels(self._feed).inc(len(rows))

    async def _publish(self, rows: list[asyncpg.Record]) -> None:
        messages = [self._message(row) for row in rows]
        try:
            await self._nats.publish_batch(messages)
        except PublishRefused as refusal:
            _log.info("batch refused, publishing one by one", feed=self._feed, reason=str(refusal))
            for message in messages:
                await self._nats.publish(message.subject, message.payload, message.headers)

    def _message(self, row: asyncpg.Record) -> Outgoing:
        payload = complete_envelope(row["body"], row["feed_seq"], row["content_hash"]).encode()
        headers = {
            "Nats-Msg-Id": str(row["event_id"]),
            "Nats-Expected-Stream": self._stream,
            "Content-Type": CONTENT_TYPE,
        }
        return Outgoing(row["type"], payload, headers)

    async def _measure(self, session: _Session) -> None:
        row = await session.fetchrow(_MEASURE)
        assert row is not None
        UNASSIGNED.labels(self._feed).set(row["unassigned"])
        UNPUBLISHED.labels(self._feed).set(row["unpublished"])
        OLDEST_SECONDS.labels(self._feed).set(row["oldest"] or 0.0)


async def trim(tx: Transaction, *, keep_days: int = 90, limit: int = 10_000) -> int:
    """Delete the oldest rows that are published and older than ``keep_days``; returns how many.

    Looks at ``limit`` rows at a time.

    Raises ValueError for fewer than 90 days: the feed promises that much.
    """
    if keep_days < 90:
        raise ValueError("the feed keeps its events for 90 days at least")
    return int((await tx.execute(_TRIM, keep_days, limit)).split()[-1])
