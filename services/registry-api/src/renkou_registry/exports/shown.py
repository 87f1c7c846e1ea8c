"""Whom a page of an export shows: logged once for each person, and only where the page leaves."""

from collections.abc import Iterable
from uuid import UUID

from renkou_common.audit.log import EXPORT, READ
from renkou_common.audit.recorder import ReadingRecorder
from renkou_common.identity.principal import Access

EXPORTED = "export"
"""What a reading by an export is logged to be for."""


class Shown(ReadingRecorder):
    """Keeps who is shown, by a route and by what is added beside it, until :meth:`write`; a page that was
    only tried is never written."""

    def __init__(self, recorder: ReadingRecorder) -> None:
        self._recorder = recorder
        self._shown: dict[UUID, str] = {}

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
        for each in person_ids:
            self._shown.setdefault(each, what)

    def leave_out(self, person_ids: Iterable[UUID]) -> None:
        """Forget persons of whom nothing leaves."""
        for each in person_ids:
            self._shown.pop(each, None)

    async def write(self, access: Access) -> None:
        """Log everybody shown, for the export; raises Unavailable where that cannot be."""
        for what in sorted(set(self._shown.values())):
            ids = [each for each, shown in self._shown.items() if shown == what]
            await self._recorder.record(access, what, ids, EXPORTED, action=EXPORT)
