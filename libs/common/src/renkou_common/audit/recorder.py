"""Writes readings before the answers leave, many in one commit.

Each request waits for the commit that holds its reading, and requests that wait together share one: a node
under load pays one small statement for a dozen answers. Where the log cannot be written,
nothing is shown.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from uuid import UUID

from renkou_common.audit.acting import acting, origin
from renkou_common.audit.log import AT_ONCE, READ, Noted, append
from renkou_common.clock import Clock
from renkou_common.database import TRANSIENT_ERRORS, Database
from renkou_common.errors import Unavailable
from renkou_common.identity.principal import Access

TOGETHER_SECONDS = 0.002
"""How long readings wait at most for those of the reads that are under way in the same process: a commit costs several
times what one more entry in it does."""


class ReadingRecorder:
    """Collects readings of one process and writes them in groups.

    ``purposes`` says by what is shown what it is read for, where the caller has stated nothing narrower.
    """

    def __init__(
        self, database: Database, clock: Clock, purposes: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._database = database
        self._clock = clock
        self._purposes = purposes
        self._waiting: deque[tuple[Noted, asyncio.Future[None]]] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def record(
        self,
        access: Access,
        what: str,
        person_ids: Iterable[UUID],
        purpose: str | None = None,
        *,
        action: str = READ,
        fields: tuple[str, ...] = (),
        record_id: object = None,
    ) -> None:
        """Return once it is written that these persons were shown; nothing to write for none and no single record.

        ``fields``: what of them in the clear. ``record_id``: the one record that was shown, whoever it is about.

        Raises Unavailable where the log cannot be written: then the answer must not leave.
        """
        ids = tuple(person_ids)
        if not ids and record_id is None:
            return
        who = acting()
        reading = Noted(
            at=self._clock.now(),
            actor_id=access.subject,
            actor_kind=access.kind,
            actor_name=access.name,
            action=action,
            what=what,
            person_ids=ids,
            fields=fields,
            purpose=access.purpose(purpose or self._purposes.get(what)),
            acting_for=who.acting_for if who else None,
            session=who.session if who else None,
            origin=origin(),
            record_id=None if record_id is None else str(record_id),
        )
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((reading, written))
        self._write_soon()
        await written

    def _write_soon(self) -> None:
        """Write what waits: when the last read under way has brought its reading too, or they have waited enough."""
        if self._writer is not None:
            return
        if len(self._waiting) >= AT_ONCE or not self._database.reads_under_way:
            self._start()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TOGETHER_SECONDS, self._start)

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        group = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
        try:
            await append(self._database, [reading for reading, _ in group])
        except (Unavailable, *TRANSIENT_ERRORS) as error:
            refused = _not_logged()
            refused.__cause__ = error
            _settle(group, refused)
        except BaseException:
            _settle([*group, *self._waiting], _not_logged())
            self._waiting.clear()
            raise
        else:
            _settle(group, None)
        finally:
            self._writer = None
            if self._waiting:
                self._write_soon()


def _settle(group: list[tuple[Noted, asyncio.Future[None]]], error: Exception | None) -> None:
    for _, written in group:
        if written.done():
            continue
        if error is None:
            written.set_result(None)
        else:
            written.set_exception(error)


def _not_logged() -> Unavailable:
    return Unavailable("reading_not_logged", "查阅记录暂不能写入", "The reading could not be logged")
