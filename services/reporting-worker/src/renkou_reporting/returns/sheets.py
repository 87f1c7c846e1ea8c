"""Returns as sheets: the template, a return as it stands, what came in, and the same with its errors marked."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from renkou_common.calendar_days import working_days
from renkou_common.clock import Clock
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, InvalidInput, Text
from renkou_common.identity.principal import Access
from renkou_common.ids import new_id
from renkou_common.scope import AreaScope
from renkou_common.sheets.domain import Unreadable
from renkou_common.sheets.opening import open_sheets
from renkou_reporting.forms import service as forms
from renkou_reporting.forms.domain import Form
from renkou_reporting.forms.measures import known_measures
from renkou_reporting.returns import repository
from renkou_reporting.returns.examining import Examined, Place
from renkou_reporting.returns.further_sheets import Filled, Head
from renkou_reporting.returns.passing import plain
from renkou_reporting.returns.reading import TITLES, Grid, Identity, content_of_sheet, identity_of
from renkou_reporting.returns.schemas import SheetAnswer, TemplateQuestion
from renkou_reporting.returns.service import (
    Target,
    begin_at,
    examine_at,
    examined_of,
    find,
    keep,
    place_of,
    target,
    with_subjects,
)
from renkou_reporting.returns.views import finding_answers, read
from renkou_reporting.returns.workbook import workbook
from renkou_reporting.texts import text_errors


class Drawn(NamedTuple):
    """What a workbook is made from; it is made outside of the transaction."""

    form: Form
    head: Head
    filled: Filled


class Came(NamedTuple):
    """What came in a sheet."""

    wanted: Target
    identity: Identity
    content: dict[str, Any]
    existing: asyncpg.Record | None


async def draw(drawn: Drawn) -> bytes:
    """Return the workbook; the process goes on with other requests meanwhile."""
    return await asyncio.to_thread(workbook, *drawn)


async def template(tx: Transaction, areas: AreaScope, clock: Clock, question: TemplateQuestion) -> Drawn:
    """Return an empty sheet for a place and period; raises NotFound or InvalidInput."""
    wanted = await target(
        tx, areas, clock.today(), question.form, question.area, question.reporter, question.period
    )
    repeatable = wanted.form.definition.repeatable
    head = await _head(
        tx,
        areas,
        wanted.form,
        wanted.place,
        wanted.reporter,
        occurrence=str(new_id()) if repeatable else "",
        title=question.title or (wanted.form.definition.zh if repeatable else ""),
        source=question.source or (wanted.form.definition.office.zh if repeatable else ""),
    )
    return Drawn(wanted.form, head, await _filled(tx, wanted.form, None, None))


async def sheet_of(tx: Transaction, areas: AreaScope, return_id: UUID) -> Drawn:
    """Return a return as it stands, what is found in it marked; raises NotFound."""
    row = await find(tx, areas, return_id)
    form = await forms.form(tx, row["form"], row["form_version"])
    content = await repository.content(tx, return_id, row["revision"])
    examined = await examined_of(tx, row, form, content)
    head = await _head(
        tx,
        areas,
        form,
        place_of(row),
        row["reporter"],
        occurrence=row["occurrence"],
        title=row["title"],
        source=row["source"],
    )
    return Drawn(form, head, await _filled(tx, form, plain(content), examined))


async def opened(content: bytes) -> dict[str, Grid]:
    """Return the cells of an uploaded workbook; raises InvalidInput for a file that is none of ours."""
    try:
        return dict(await open_sheets(content, TITLES))
    except Unreadable as refusal:
        raise _refused(refusal) from refusal


async def marked(tx: Transaction, access: Access, clock: Clock, grids: Mapping[str, Grid]) -> Drawn:
    """Return what came with everything found in it marked; nothing is kept."""
    came = await _came(tx, access.areas, clock, grids)
    content, examined = await _examined(tx, came)
    identity = came.identity
    head = await _head(
        tx,
        access.areas,
        came.wanted.form,
        came.wanted.place,
        came.wanted.reporter,
        occurrence=identity.occurrence,
        title=identity.title,
        source=identity.source,
    )
    return Drawn(came.wanted.form, head, await _filled(tx, came.wanted.form, plain(content), examined))


async def try_sheet(tx: Transaction, access: Access, clock: Clock, grids: Mapping[str, Grid]) -> SheetAnswer:
    """Return what keeping a sheet would come to; nothing is kept."""
    came = await _came(tx, access.areas, clock, grids)
    content, _ = await _examined(tx, came)
    row, changed = came.existing, True
    if row is not None:
        changed = content != await repository.content(tx, row["id"], row["revision"])
    return await _answer(tx, access.areas, came, row["id"] if row else None, changed, dry_run=True)


async def take_sheet(tx: Transaction, access: Access, clock: Clock, grids: Mapping[str, Grid]) -> UUID:
    """Keep what came as the return of its place and period, begun where there is none yet; returns its id.

    A sheet that says what the return says already changes nothing, whatever its state. Raises WrongState for other
    values of a return that is no draft.
    """
    came = await _came(tx, access.areas, clock, grids)
    if came.existing is None:
        return await begin_at(
            tx,
            access,
            clock,
            came.wanted,
            came.content,
            occurrence=came.identity.occurrence,
            title=came.identity.title,
            source=came.identity.source,
            way="xlsx",
        )
    row = await find(tx, access.areas, came.existing["id"], lock=True)
    await keep(tx, access, clock, row, came.wanted.form, came.content, "xlsx")
    found: UUID = row["id"]
    return found


async def taken(
    tx: Transaction, access: Access, clock: Clock, grids: Mapping[str, Grid], return_id: UUID, before: int
) -> SheetAnswer:
    """Return what a kept sheet came to; ``before`` is the return's revision before."""
    came = await _came(tx, access.areas, clock, grids)
    row = await find(tx, access.areas, return_id)
    return await _answer(tx, access.areas, came, return_id, row["revision"] > before, dry_run=False)


async def revision_before(tx: Transaction, access: Access, clock: Clock, grids: Mapping[str, Grid]) -> int:
    """Return how often values were entered into the return that a sheet is of; 0 where there is none."""
    existing = (await _came(tx, access.areas, clock, grids)).existing
    return existing["revision"] if existing else 0


async def _came(tx: Transaction, areas: AreaScope, clock: Clock, grids: Mapping[str, Grid]) -> Came:
    try:
        identity = identity_of(grids)
        wanted = await target(
            tx,
            areas,
            clock.today(),
            identity.form,
            None if identity.reporter else identity.area,
            identity.reporter or None,
            identity.period,
        )
        place = (wanted.code, str(wanted.place.period), wanted.place.area.key, wanted.reporter)
        existing = await repository.find_at(tx, *place, identity.occurrence)
        version = existing["form_version"] if existing else wanted.form.version
        if version != identity.version:
            raise Conflict(
                "form_outdated",
                "报表已有新版本, 请重新下载模板",
                "The form has a new version; download the template again",
            )
        form = await forms.form(tx, wanted.code, version)
        content = content_of_sheet(form, grids)
    except Unreadable as refusal:
        raise _refused(refusal) from refusal
    errors = [*text_errors("/title", identity.title), *text_errors("/source", identity.source)]
    for rule, text in content["explanations"].items():
        errors += text_errors(f"/explanations/{rule}", text)
    if errors:
        raise InvalidInput.fields(errors)
    return Came(Target(form, wanted.place, wanted.reporter), identity, content, existing)


async def _examined(tx: Transaction, came: Came) -> tuple[dict[str, Any], Examined]:
    wanted = came.wanted
    content = await with_subjects(tx, wanted.form, wanted.place, wanted.reporter, came.content)
    return content, await examine_at(tx, wanted.form, wanted.place, wanted.reporter, content)


async def _answer(
    tx: Transaction, areas: AreaScope, came: Came, return_id: UUID | None, changed: bool, *, dry_run: bool
) -> SheetAnswer:
    _, examined = await _examined(tx, came)
    return SheetAnswer(
        dry_run=dry_run,
        return_=await read(tx, areas, return_id) if return_id else None,
        form=came.wanted.code,
        period=str(came.wanted.place.period),
        area=came.wanted.place.area.value,
        changed=changed,
        good=not any(one.refuses for one in examined.found),
        findings=finding_answers(examined.found),
    )


async def _head(
    tx: Transaction,
    areas: AreaScope,
    form: Form,
    place: Place,
    reporter: str,
    *,
    occurrence: str,
    title: str,
    source: str,
) -> Head:
    unit = (await forms.reporter(tx, areas, reporter)).zh if reporter else source
    period, definition = place.period, form.definition
    return Head(
        area=place.area.value,
        reporter=reporter,
        unit=unit or definition.office.zh,
        period=str(period),
        period_label=Text(period.label_zh, period.label_en),
        due_on=definition.due_on(period, await working_days(tx)).isoformat(),
        occurrence=occurrence,
        title=title,
        source=source,
    )


async def _filled(
    tx: Transaction, form: Form, content: dict[str, Any] | None, examined: Examined | None
) -> Filled:
    known = await known_measures(tx) if form.definition.open_lines else {}
    if content is None:
        return Filled(known=known)
    return Filled(content, examined.found if examined else (), known)


def _refused(refusal: Unreadable) -> InvalidInput:
    found = refusal.finding
    return InvalidInput(found.code, found.zh, found.en)
