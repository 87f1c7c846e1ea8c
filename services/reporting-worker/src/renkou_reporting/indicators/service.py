"""Definitions in the database: what is in force, drafts, putting them in force by somebody else, retiring them.

Those that come with the program are taken over when it starts; one that changed becomes a new version.
"""

import tomllib
from functools import cache
from pathlib import Path
from uuid import UUID

from renkou_common.clock import Clock
from renkou_common.database import Reader, Transaction
from renkou_common.errors import FieldError, InvalidInput, NotFound
from renkou_common.identity.principal import Access
from renkou_common.ids import new_id
from renkou_reporting.figures.domain import failing_examples
from renkou_reporting.indicators import repository
from renkou_reporting.indicators.domain import (
    Catalogue,
    Indicator,
    IndicatorKind,
    complaints,
    parse_definitions,
)
from renkou_reporting.indicators.errors import NotActive, NotDraft, SamePerson, StillNeeded
from renkou_reporting.indicators.repository import NewVersion
from renkou_reporting.indicators.schemas import Draft, VersionAnswer, VersionList
from renkou_reporting.measures import service as measures
from renkou_reporting.measures.domain import MeasureEntry, Measures

DEFINITIONS_FILE = Path(__file__).parent / "definitions.toml"
_KEPT = 4
_catalogues: dict[UUID, Catalogue] = {}


@cache
def packaged_definitions() -> list[Indicator]:
    """Return the definitions that come with the program; raises ValueError for a file that is wrong."""
    return parse_definitions(tomllib.loads(DEFINITIONS_FILE.read_text(encoding="utf-8")))


async def current(tx: Reader) -> Catalogue:
    """Return measures and definitions in force; read again only after a change."""
    revision = await repository.revision(tx)
    found = _catalogues.get(revision)
    if found is None:
        found = Catalogue(revision, await measures.current(tx), await repository.active(tx))
        while len(_catalogues) >= _KEPT:
            del _catalogues[next(iter(_catalogues))]
        _catalogues[revision] = found
    return found


def last_read() -> Catalogue | None:
    """Return the state of the definitions that was read last, which may be an old one."""
    return next(reversed(_catalogues.values()), None)


async def take_over_packaged(tx: Transaction, clock: Clock) -> int:
    """Store measures and definitions of the program that the database does not hold yet; returns how many.

    A changed definition is in force at once, unless staff have put a version of their own in force: then it
    is a draft that they decide on.
    """
    await repository.lock(tx)
    stored = await measures.take_over_packaged(tx, clock)
    known, newest = await repository.packaged(tx), await repository.newest_of_all(tx)
    for one in packaged_definitions():
        before = known.get(one.code)
        if before is not None and before.model_copy(update={"version": one.version}) == one:
            continue
        own = any(
            not row["packaged"] for row in await repository.versions(tx, one.code) if row["state"] == "active"
        )
        version = one.model_copy(update={"version": newest.get(one.code, 0) + 1})
        new = NewVersion(new_id(), version, "draft" if own else "active", "随程序提供", None, clock.now())
        await repository.insert(tx, new, packaged=True)
        stored += 1
    if stored:
        await repository.change(tx)
    return stored


async def add_measure(tx: Transaction, access: Access, clock: Clock, entry: MeasureEntry) -> None:
    """Add a measure that definitions can use from now on; raises MeasureExists."""
    await repository.lock(tx)
    await measures.add(tx, access, clock, entry)
    await repository.change(tx)


async def draft(tx: Transaction, access: Access, clock: Clock, given: Draft) -> UUID:
    """Store a checked draft; returns its id. Raises InvalidInput with everything that is wrong."""
    await repository.lock(tx)
    catalogue = await current(tx)
    _check(given.definition, catalogue.measures, catalogue, "/definition")
    newest = (await repository.newest_of_all(tx)).get(given.definition.code, 0)
    version = given.definition.model_copy(update={"version": newest + 1})
    new = NewVersion(new_id(), version, "draft", given.reason, access.subject, clock.now())
    await repository.insert(tx, new)
    return new.id


async def activate(tx: Transaction, access: Access, clock: Clock, code: str, version: int) -> None:
    """Put a draft in force; raises NotFound, NotDraft, SamePerson, or InvalidInput where it no longer holds."""
    await repository.lock(tx)
    answer = await read_version(tx, code, version)
    if answer.state != "draft":
        raise NotDraft
    if answer.made_by == access.subject:
        raise SamePerson
    catalogue = await current(tx)
    _check(answer.definition, catalogue.measures, catalogue, "/definition")
    await repository.activate(tx, code, version, access.subject, clock.now())
    await repository.change(tx)


async def retire(tx: Transaction, code: str, version: int, reason: str) -> None:
    """Take a version out of force; raises NotFound, NotActive, StillNeeded."""
    await repository.lock(tx)
    answer = await read_version(tx, code, version)
    if answer.state != "active":
        raise NotActive
    catalogue = await current(tx)
    if len(catalogue.versions(code)) == 1:
        for one in catalogue.indicators.values():
            if one.of == code:
                raise StillNeeded(one.code)
    await repository.retire(tx, code, version, reason)
    await repository.change(tx)


async def read_version(tx: Reader, code: str, version: int) -> VersionAnswer:
    """Return one version of a definition; raises NotFound."""
    rows = await repository.versions(tx, code, version)
    if not rows:
        raise NotFound.of("指标版本", "version of an indicator")
    return VersionAnswer.of(rows[0], repository.read_definition(rows[0]))


async def read_draft(tx: Reader, version_id: UUID) -> VersionAnswer:
    """Return a version by the id it was drafted under."""
    return await read_version(tx, *await repository.version_of(tx, version_id))


async def read_versions(tx: Reader, code: str) -> VersionList:
    """Return all versions of a code, the newest first; raises NotFound."""
    rows = await repository.versions(tx, code)
    if not rows:
        raise NotFound.of("指标", "indicator")
    return VersionList(items=[VersionAnswer.of(row, repository.read_definition(row)) for row in rows])


def definition_errors(indicator: Indicator, measures: Measures, known: Catalogue | None) -> list[FieldError]:
    """Return everything that is wrong with a definition, its worked examples among it."""
    others = known.indicators if known is not None else {one.code: one for one in packaged_definitions()}
    found = complaints(indicator, measures, others)
    if not found:
        found = [
            FieldError(f"/examples/{number}", "example_differs", text)
            for number, text in failing_examples(indicator)
        ]
    return found


def _check(indicator: Indicator, measures: Measures, known: Catalogue, within: str) -> None:
    found = definition_errors(indicator, measures, known)
    derived = [
        one for one in known.indicators.values()
        if one.of == indicator.code and indicator.kind in (IndicatorKind.GROWTH, IndicatorKind.ERROR)
    ]  # fmt: skip
    if derived:
        raise StillNeeded(derived[0].code)
    if found:
        raise InvalidInput.fields([FieldError(within + one.pointer, one.code, one.text) for one in found])
