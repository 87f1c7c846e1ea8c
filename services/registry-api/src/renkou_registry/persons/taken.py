"""Whose document it is already: who is told so of somebody elsewhere has learned something, and it is kept count of.

An entry with the number of somebody outside the caller's area is refused (`person_exists`), so that nobody stands in
the register twice. That answer tells that the number's holder is registered in the district. It is written into the
audit log as a reading of that person, and each caller gets so many of them in an hour; after that the caller
enters no document at all until the hour is over, else the refusal would go on telling. A sheet tells row by row what
an entry tells, so its rows count alike for the clerk who handed it in.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from renkou_common.audit.acting import IMPORT, acting
from renkou_common.audit.log import READ, Noted, append
from renkou_common.codes.lists import DocumentKind
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, FieldError, Text, TooMany
from renkou_common.http.problems import refusal
from renkou_common.scope import AreaScope
from renkou_registry.persons import details_repository
from renkou_registry.runtime import Runtime

HOUR = timedelta(hours=1)
KIND = "taken"


class DocumentTaken(Conflict):
    """The document is somebody's; ``elsewhere`` is who, if that is nobody whom the caller sees."""

    def __init__(self, zh: str, en: str, errors: tuple[FieldError, ...] = (), elsewhere: UUID | None = None):
        super().__init__("person_exists", zh, en, errors)
        self.elsewhere = elsewhere


def document_taken(
    kind: str | None, pointer: str, seen: UUID | None = None, elsewhere: UUID | None = None
) -> DocumentTaken:
    """Return the conflict for a document that is in the register; names its holder if the caller sees them."""
    zh, en = "该证件号码已在登记中", "this document is in the register already"
    if kind == DocumentKind.RESIDENT_ID:
        zh, en = "该身份证号已在登记中", "this ID number is in the register already"
    if seen is None:
        return DocumentTaken(zh, en, elsewhere=elsewhere)
    text = Text(f"{zh}: 人员 {seen}", f"{en}: person {seen}")
    return DocumentTaken(text.zh, text.en, (FieldError(pointer, "person_exists", text),))


async def check_may_ask(runtime: Runtime, tx: Transaction, caller: UUID) -> None:
    """Raise TooMany ``taken_often`` where the caller was told of as many in the last hour as one may be."""
    limit = runtime.settings.taken_per_hour
    wait = await details_repository.used_up(tx, caller, KIND, HOUR, limit)
    if wait is not None:
        raise told_often(runtime, wait)


def told_often(runtime: Runtime, wait: timedelta = HOUR) -> TooMany:
    """Return the refusal for a caller who was told of as many people elsewhere as one may be."""
    limit = runtime.settings.taken_per_hour
    return TooMany(
        "taken_often",
        f"一小时内 {limit} 次登记的证件号码已属辖区外人员, 请稍后再登记证件",
        f"{limit} documents entered in an hour were taken by people elsewhere; enter no more for now",
        max(1, ceil(wait.total_seconds())),
    )


async def tell(
    runtime: Runtime, tx: Transaction, caller: UUID, elsewhere: Sequence[UUID], *, whole: bool = True
) -> bool:
    """Count and write down that the caller is told of these people elsewhere.

    With ``whole`` False comes back, and only as many are counted as the caller may still be told, where that is not all
    of them: then nothing may be told at all.
    """
    now = runtime.clock.now()
    told = elsewhere
    if not whole:
        told = elsewhere[: await _left(runtime, tx, caller)]
    for _ in told:
        await details_repository.use(tx, caller, KIND)
    await append(tx, [_noted(now, caller, each) for each in told])
    return len(told) == len(elsewhere)


async def _left(runtime: Runtime, tx: Transaction, caller: UUID) -> int:
    return max(0, runtime.settings.taken_per_hour - await details_repository.uses(tx, caller, KIND, HOUR))


def _noted(now: datetime, caller: UUID, elsewhere: UUID) -> Noted:
    who = acting()
    purpose = who.purpose if who is not None and who.kind != IMPORT else None
    return Noted.by_who_acts(
        now, READ, KIND, actor_id=caller, person_ids=(elsewhere,), purpose=purpose or "register_upkeep"
    )


async def tell_at_once(runtime: Runtime, error: Exception, caller: UUID) -> None:
    """Count a refusal that tells of somebody elsewhere, whatever becomes of the transaction that met it."""
    if isinstance(error, DocumentTaken) and error.elsewhere is not None:
        async with runtime.database.transaction(AreaScope.nothing()) as tx:
            await tell(runtime, tx, caller, [error.elsewhere])


async def answer(request: Request, error: Exception) -> Response:
    """Answer who was told that a document is taken elsewhere, once it is counted and stands in the audit log."""
    assert isinstance(error, DocumentTaken)
    who = acting()
    if who is not None and who.actor_id is not None:
        await tell_at_once(request.app.state.runtime, error, who.actor_id)
    return refusal(request, error)
