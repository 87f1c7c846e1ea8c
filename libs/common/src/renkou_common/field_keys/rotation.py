"""Bringing every protected value to the key versions that are written with, while the service works.

Some hundred rows at a time, in transactions of their own: the row of progress is locked (another worker takes another
column), values are sealed or indexed anew, each is written only where it is still what was read, and the position
is noted with them. So a worker that is killed has lost nothing but the batch it was at. A column is done once a
look at all of it finds nothing of another version, and not before every process has had the time to hear of the
version that is written with.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import structlog
from cryptography.exceptions import InvalidTag

from renkou_common.audit.acting import SERVICE, Acting, acting_as
from renkou_common.crypto import FieldCipher
from renkou_common.database import TRANSIENT_ERRORS, Database, Transaction
from renkou_common.errors import Unavailable
from renkou_common.field_keys import repository
from renkou_common.field_keys.columns import ProtectedColumn
from renkou_common.field_keys.keyring import SETTLED, Kind
from renkou_common.field_keys.repository import Progress
from renkou_common.scope import AreaScope

log = structlog.get_logger()
MAINTENANCE = "system_maintenance"
"""What changes are noted to be for that leave what is recorded as it was: a value is written with another key."""
_LOOK_SECONDS = 5.0
_AGAIN = timedelta(seconds=2)
"""Until a column is looked through again, of which something was left."""
_AGAIN_AFTER_CONFLICTS = timedelta(minutes=1)


class Rotation:
    """The job of one worker; several may run. ``pause_seconds`` is what it leaves to others after each batch."""

    def __init__(
        self,
        database: Database,
        cipher: FieldCipher,
        columns: Sequence[ProtectedColumn],
        pause_seconds: float,
        settled: timedelta = SETTLED,
    ) -> None:
        self._database = database
        self._cipher = cipher
        self._columns = {(each.table, each.column): each for each in columns}
        self._pause_seconds = pause_seconds
        self._settled = settled
        self._begun: set[tuple[Kind, int]] = set()
        self._types: dict[str, list[str]] = {}

    async def run(self) -> None:
        """Work until cancelled; a lost database is waited for."""
        while True:
            try:
                worked = await self.step()
                await asyncio.sleep(self._pause_seconds if worked else _LOOK_SECONDS)
            except (Unavailable, *TRANSIENT_ERRORS) as error:
                log.warning("change of field keys waits for the database", error=repr(error))
                await asyncio.sleep(_LOOK_SECONDS)

    async def step(self) -> bool:
        """Carry one batch out; says whether there was anything to do."""
        with acting_as(Acting(None, SERVICE, "field keys", purpose=MAINTENANCE)):
            return await self._step()

    async def _step(self) -> bool:
        for kind in Kind:
            keys = self._cipher.ring.of(kind)
            if len(keys.versions) == 1:
                continue
            async with self._database.transaction(AreaScope.everything()) as tx:
                if (kind, keys.active) not in self._begun:
                    await repository.begin(tx, kind, keys.active, self._of(kind))
                    self._begun.add((kind, keys.active))
                at = await repository.take(tx, kind, keys.active, datetime.now(UTC))
                if at is not None:
                    await self._batch(tx, at, self._columns[at.table_name, at.column_name])
                    return True
        return False

    def _of(self, kind: Kind) -> list[ProtectedColumn]:
        return [each for each in self._columns.values() if kind is Kind.DATA or each.index is not None]

    async def _batch(self, tx: Transaction, at: Progress, column: ProtectedColumn) -> None:
        if at.started_at is None:
            found = await repository.by_version(tx, column, at.kind)
            total = sum(number for version, number in found.items() if version != at.version)
            await repository.save(tx, at, total=total, started_at=datetime.now(UTC))
        if column.table not in self._types:
            self._types[column.table] = await repository.key_types(tx, column)
        types = self._types[column.table]
        rows = await repository.others(tx, column, at.kind, at.version, types, at.position, column.batch)
        written, conflicts = await self._write(tx, at, column, rows)
        conflicts += at.conflicts if at.position is not None else 0
        if len(rows) == column.batch:
            position = [str(rows[-1][name]) for name in column.key]
            await repository.save(tx, at, position=position, done=at.done + written, conflicts=conflicts)
        else:
            await self._look_back(tx, at, column, at.done + written, conflicts)

    async def _write(
        self, tx: Transaction, at: Progress, column: ProtectedColumn, rows: list[asyncpg.Record]
    ) -> tuple[int, int]:
        """Write rows anew; returns how many were, and how many could not be."""
        usable, made = [], []
        for row in rows:
            try:
                anew = column.resealed if at.kind is Kind.DATA else column.reindexed
                made.append(anew(self._cipher, dict(row)))
                usable.append(row)
            except InvalidTag:
                log.error(
                    "a protected value does not open",
                    table=column.table,
                    column=column.column,
                    row=[str(row[name]) for name in column.key],
                )
        types = self._types[column.table]
        if not usable:
            return 0, len(rows)
        try:
            async with _savepoint(tx):
                written = await repository.replace(tx, column, at.kind, types, usable, made)
            return written, len(rows) - len(usable)
        except asyncpg.UniqueViolationError:
            return await self._one_by_one(tx, at, column, usable, made)

    async def _one_by_one(
        self,
        tx: Transaction,
        at: Progress,
        column: ProtectedColumn,
        rows: list[asyncpg.Record],
        made: list[bytes],
    ) -> tuple[int, int]:
        """Write rows of which one stands for what another row stands for already."""
        written = conflicts = 0
        for row, each in zip(rows, made, strict=True):
            try:
                async with _savepoint(tx):
                    written += await repository.replace(
                        tx, column, at.kind, self._types[column.table], [row], [each]
                    )
            except asyncpg.UniqueViolationError:
                conflicts += 1
                log.error(
                    "two rows stand for the same value",
                    table=column.table,
                    column=repository.stored_in(column, at.kind),
                    row=[str(row[name]) for name in column.key],
                )
        return written, conflicts

    async def _look_back(
        self, tx: Transaction, at: Progress, column: ProtectedColumn, done: int, conflicts: int
    ) -> None:
        """End a pass: the column is done, or is gone through once more a little later."""
        now = datetime.now(UTC)
        found = await repository.by_version(tx, column, at.kind)
        left = sum(number for version, number in found.items() if version != at.version)
        if left or now < self._cipher.ring.of(at.kind).since + self._settled:
            await repository.save(
                tx,
                at,
                position=None,
                done=done,
                conflicts=conflicts,
                again_at=now + (_AGAIN_AFTER_CONFLICTS if conflicts else _AGAIN),
            )
            return
        await repository.save(tx, at, position=None, done=done, conflicts=0, finished_at=now)
        log.info(
            "column under its new key",
            kind=str(at.kind),
            version=at.version,
            table=column.table,
            column=column.column,
            values=done,
        )


@asynccontextmanager
async def _savepoint(tx: Transaction) -> AsyncIterator[None]:
    await tx.execute("SAVEPOINT batch")
    try:
        yield
    except asyncpg.UniqueViolationError:
        await tx.execute("ROLLBACK TO SAVEPOINT batch")
        raise
    await tx.execute("RELEASE SAVEPOINT batch")


async def in_use(tx: Transaction, columns: Sequence[ProtectedColumn]) -> dict[Kind, dict[int, int]]:
    """Return how many values need each version of each kind. Reads every table with protected columns."""
    used: dict[Kind, dict[int, int]] = {kind: {} for kind in Kind}
    for kind in Kind:
        for column in columns:
            if kind is Kind.DATA or column.index is not None:
                for version, number in (await repository.by_version(tx, column, kind)).items():
                    used[kind][version] = used[kind].get(version, 0) + number
    return used
