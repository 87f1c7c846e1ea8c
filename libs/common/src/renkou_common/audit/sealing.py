"""Sealing: gives committed entries their places in the chain, and signs hourly what the log has come to.

Entries are sealed in the order of their transactions, only those whose transaction, and every one begun before it,
has ended: so nothing is ever committed behind a place already given. One process seals, by a session advisory lock
on the connection it does all its work on. It keeps nothing in memory: whoever takes over goes on from the last place.
"""

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from prometheus_client import Counter, Gauge

from renkou_common.audit import merkle
from renkou_common.audit.chain import GENESIS, follow
from renkou_common.audit.entries import COLUMNS, Entry
from renkou_common.audit.root import AuditKey, Root, digest_of
from renkou_common.clock import Clock
from renkou_common.database import TRANSIENT_ERRORS, Database, Session, Transaction, connect

UNSEALED_SECONDS = Gauge("renkou_audit_unsealed_seconds", "Age of the oldest audit entry without a place")
SEALED = Counter("renkou_audit_sealed", "Audit entries that were given their places")
BATCH, LARGEST_ROOT = 5_000, 100_000
POLL_SECONDS, STANDBY_SECONDS, MEASURE_SECONDS, PAUSE_SECONDS = 0.5, 0.5, 5.0, 1.0

_log = structlog.get_logger(__name__)
_ENTRY = ", ".join(f"e.{name}" for name in COLUMNS)
_SEALED_BEFORE = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_NO_PLACE = "NOT EXISTS (SELECT FROM audit_seal s WHERE s.entry_id = e.id)"
_LAST = "SELECT seq, entry_id, tx, chain FROM audit_seal ORDER BY seq DESC LIMIT 1"
_NEXT = f"""
SELECT e.tx, {_ENTRY} FROM audit_entry e
WHERE (e.tx, e.id) > ($1, $2) AND e.tx < {_SEALED_BEFORE} AND {_NO_PLACE}
ORDER BY e.tx, e.id LIMIT $3
"""
_LEFT_OVER = f"""
SELECT e.tx, {_ENTRY} FROM audit_entry e
WHERE (e.tx < {_SEALED_BEFORE} OR e.tx >= $1) AND {_NO_PLACE}
ORDER BY e.tx < $1, e.tx, e.id LIMIT $2
"""
"""After a restore into another cluster, whose transactions count anew: everything without a place, what was brought
along first."""
_SEAL = """
INSERT INTO audit_seal (seq, entry_id, tx, hash, chain)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[])
"""
_AGE = f"""
SELECT extract(epoch FROM clock_timestamp() - at)::float8 FROM audit_entry e
WHERE (e.tx, e.id) > ($1, $2) AND {_NO_PLACE} ORDER BY e.tx, e.id LIMIT 1
"""


async def seal(tx: Transaction, limit: int = BATCH) -> int:
    """Give the next committed entries their places; returns how many. One caller at a time."""
    last = await tx.fetchrow(_LAST)
    seq, chain = (last["seq"], last["chain"]) if last else (0, GENESIS)
    ahead = await tx.fetchval("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
    if last is not None and last["tx"] >= ahead:
        rows = await tx.fetch(_LEFT_OVER, ahead, limit)
    else:
        rows = await tx.fetch(_NEXT, last["tx"] if last else 0, last["entry_id"] if last else 0, limit)
    if not rows:
        return 0
    links = follow(seq, chain, (Entry.of(row).hash() for row in rows))
    await tx.execute(
        _SEAL,
        [link.seq for link in links],
        [row["id"] for row in rows],
        [row["tx"] for row in rows],
        [link.hash for link in links],
        [link.chain for link in links],
    )
    return len(rows)


async def sign_root(tx: Transaction, key: AuditKey, log: str, now: datetime) -> Mapping[str, Any] | None:
    """Sign everything sealed since the last root; returns the last root, None for an empty log."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('renkou.audit.root'))")
    found = await last_root(tx)
    end = await tx.fetchval("SELECT coalesce(max(seq), 0) FROM audit_seal")
    while end > (found["last"] if found else 0):
        first = found["last"] + 1 if found else 1
        last = min(end, first + LARGEST_ROOT - 1)
        rows = await tx.fetch(
            "SELECT hash, chain FROM audit_seal WHERE seq BETWEEN $1 AND $2 ORDER BY seq", first, last
        )
        content = Root(
            log=log,
            number=found["number"] + 1 if found else 1,
            first=first,
            last=last,
            head=rows[-1]["chain"],
            root=merkle.root([row["hash"] for row in rows]),
            previous=digest_of(found["token"]) if found else None,
            at=now,
        )
        found = {
            "number": content.number,
            "first": first,
            "last": last,
            "at": now,
            "token": key.sign(content),
        }
        await tx.execute(
            "INSERT INTO audit_root (number, first, last, at, token) VALUES ($1, $2, $3, $4, $5)",
            *found.values(),
        )
    return found


async def last_root(tx: Transaction) -> Mapping[str, Any] | None:
    """Return the newest root."""
    row = await tx.fetchrow(
        "SELECT number, first, last, at, token FROM audit_root ORDER BY number DESC LIMIT 1"
    )
    return None if row is None else dict(row)


def is_due(last: datetime | None, now: datetime) -> bool:
    """Whether an hour of the clock has begun since the last root."""
    hour = timedelta(minutes=now.minute, seconds=now.second, microseconds=now.microsecond)
    return last is None or last < now - hour


class Sealing:
    """The worker's task. ``log`` names the log in its roots: district and service."""

    def __init__(self, database: Database, key: AuditKey, log: str, clock: Clock) -> None:
        self._database = database
        self._key = key
        self._log = log
        self._clock = clock

    async def run(self) -> None:
        """Lead, or wait to lead, until cancelled; a lost database is waited for."""
        while True:
            try:
                session = await connect(self._database.dsn)
                try:
                    await self._wait_for_lead(session)
                    await self._seal_all(session)
                finally:
                    session.terminate()
            except TRANSIENT_ERRORS as error:
                _log.warning("sealing waits for the database", error=repr(error))
            await asyncio.sleep(PAUSE_SECONDS)

    async def _wait_for_lead(self, session: Session) -> None:
        while True:
            if await session.fetchval("SELECT pg_try_advisory_lock(hashtext('renkou.audit.sealing'))"):
                return
            await asyncio.sleep(STANDBY_SECONDS)

    async def _seal_all(self, session: Any) -> None:
        measured = float("-inf")
        while True:
            async with session.transaction():
                count = await seal(session)
            SEALED.inc(count)
            if count == BATCH:
                continue
            async with session.transaction():
                last, now = await last_root(session), self._clock.now()
                if is_due(last["at"] if last else None, now):
                    await sign_root(session, self._key, self._log, now)
            if time.monotonic() - measured >= MEASURE_SECONDS:
                await _measure(session)
                measured = time.monotonic()
            await asyncio.sleep(POLL_SECONDS)


async def _measure(session: Session) -> None:
    last = await session.fetchrow(_LAST)
    age = await session.fetchval(_AGE, last["tx"] if last else 0, last["entry_id"] if last else 0)
    UNSEALED_SECONDS.set(age or 0.0)
