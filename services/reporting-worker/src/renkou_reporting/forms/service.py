"""Forms: taken from the program, drafted, put in force by a second person, found for a period; and their reporters."""

import tomllib
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from importlib.resources import files

import asyncpg

from renkou_common.clock import Clock
from renkou_common.codes.area import AreaCode, AreaLevel
from renkou_common.codes.period import Period
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, FieldError, Forbidden, InvalidInput, NotFound, Text
from renkou_common.http.conditions import check_version
from renkou_common.identity.principal import Access
from renkou_common.scope import AreaScope
from renkou_reporting.areas import area_within
from renkou_reporting.areas.domain import Tree
from renkou_reporting.areas.service import tree
from renkou_reporting.forms import repository
from renkou_reporting.forms.checking import definition_errors
from renkou_reporting.forms.domain import LEVELS, Definition, Form
from renkou_reporting.forms.errors import AlreadyActive, SamePerson
from renkou_reporting.forms.measures import introduce, known_measures
from renkou_reporting.forms.repository import Reporter
from renkou_reporting.forms.schemas import ReporterChange, ReporterIn
from renkou_reporting.texts import text_errors

_PACKAGED = "renkou_reporting.forms"


def packaged() -> list[tuple[str, Definition]]:
    """Return the forms that come with the program, each with its edition."""
    found = []
    for file in sorted((files(_PACKAGED) / "packaged").iterdir(), key=lambda one: one.name):
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        found.append((content.pop("edition"), Definition.model_validate(content)))
    return found


async def take_packaged(tx: Transaction, now: datetime) -> None:
    """Store editions that are not known yet; a draft where the district went on with a version of its own."""
    await repository.lock(tx)
    for edition, definition in packaged():
        known = await repository.versions(tx, definition.code)
        if any(row["edition"] == edition for row in known):
            continue
        own = bool(known) and known[0]["made_by"] is not None
        await repository.insert(
            tx,
            definition.code,
            known[0]["version"] + 1 if known else 1,
            definition.model_dump(mode="json", exclude_none=True),
            state="draft" if own else "active",
            edition=edition,
            reason="随程序提供",
            made_by=None,
            made_at=now,
        )


async def newest(tx: Transaction) -> list[asyncpg.Record]:
    """Return the newest active version of each form."""
    found: dict[str, asyncpg.Record] = {}
    for row in await repository.versions(tx, active=True):
        found.setdefault(row["code"], row)
    return list(found.values())


async def versions(tx: Transaction, code: str) -> list[asyncpg.Record]:
    """Return every version of a form, the newest first; raises NotFound."""
    found = await repository.versions(tx, code)
    if not found:
        raise NotFound.of("报表制度", "form")
    return found


async def version_row(tx: Transaction, code: str, number: int | None) -> asyncpg.Record:
    """Return a version, the newest active one for None; raises NotFound."""
    if number is not None:
        row = await repository.version(tx, code, number)
    else:
        active = await repository.versions(tx, code, active=True)
        row = active[0] if active else None
    if row is None:
        raise NotFound.of("报表制度", "form")
    return row


def form_of(row: asyncpg.Record) -> Form:
    """Return the form that a stored version holds."""
    return Form(Definition.model_validate(row["definition"]), row["version"])


async def form(tx: Transaction, code: str, number: int) -> Form:
    """Return a version of a form; raises NotFound."""
    return form_of(await version_row(tx, code, number))


def in_force(rows: Iterable[asyncpg.Record], period: Period) -> Form | None:
    """Return the newest of a form's active versions that is used for a period."""
    return newest_covering(map(form_of, rows), period)


def newest_covering(versions: Iterable[Form], period: Period) -> Form | None:
    """Return the first of a form's versions, the newest first, that is used for a period."""
    return next((one for one in versions if one.definition.covers(period) is None), None)


async def form_for(tx: Transaction, code: str, period: Period, pointer: str = "/period") -> Form:
    """Return the version in force for a period; raises NotFound, or InvalidInput with the reason."""
    rows = await repository.versions(tx, code, active=True)
    if not rows:
        raise NotFound.of("报表制度", "form")
    found = in_force(rows, period)
    if found is None:
        reason = form_of(rows[0]).definition.covers(period) or Text("未启用", "not in force")
        raise InvalidInput.field(pointer, "period_of_form", reason.zh, reason.en)
    return found


async def draft(
    tx: Transaction, access: Access, clock: Clock, district: AreaCode, definition: Definition, reason: str
) -> int:
    """Store a checked draft of a form; returns its version. Raises InvalidInput with everything that is wrong."""
    _whole_district(access, district)
    await repository.lock(tx)
    wrong = list(text_errors("/reason", reason)) + await _wrong(tx, definition)
    if wrong:
        raise InvalidInput.fields(wrong)
    known = await repository.versions(tx, definition.code)
    number = known[0]["version"] + 1 if known else 1
    await repository.insert(
        tx,
        definition.code,
        number,
        definition.model_dump(mode="json", exclude_none=True),
        state="draft",
        edition=None,
        reason=reason,
        made_by=access.subject,
        made_at=clock.now(),
    )
    return number


async def activate(
    tx: Transaction, access: Access, clock: Clock, district: AreaCode, code: str, number: int
) -> None:
    """Put a draft in force; raises NotFound, AlreadyActive, SamePerson, or InvalidInput where it fits no more."""
    _whole_district(access, district)
    await repository.lock(tx)
    row = await version_row(tx, code, number)
    if row["state"] != "draft":
        raise AlreadyActive
    if row["made_by"] == access.subject:
        raise SamePerson("起草人不得启用自己的版本", "Who drafted a version does not put it in force")
    definition = Definition.model_validate(row["definition"])
    if wrong := await _wrong(tx, definition):
        raise InvalidInput.fields(wrong)
    await introduce(tx, access, clock, definition)
    await repository.activate(tx, code, number, access.subject, clock.now())


async def _wrong(tx: Transaction, definition: Definition) -> list[FieldError]:
    return list(definition_errors(definition, await known_measures(tx, but_of=definition)))


def _whole_district(access: Access, district: AreaCode) -> None:
    if not access.areas.covers(*district.interval()):
        raise Forbidden("district_only", "须有全区权限", "This needs rights over the whole district")


async def register_reporter(tx: Transaction, access: Access, clock: Clock, given: ReporterIn) -> None:
    """Register a unit; raises NotFound for an area or form that is none, Conflict for a code that is taken."""
    area = area_within(access.areas, given.area, "/area")
    one = Reporter(
        given.code, area.key, given.zh, given.en, sorted(set(given.forms)), given.valid_from, given.valid_to
    )
    await _check_reporter(tx, one)
    if not await repository.insert_reporter(tx, one, access.subject, clock.now()):
        raise Conflict("reporter_exists", "该单位代码已存在", "This code is taken")


async def change_reporter(
    tx: Transaction, access: Access, code: str, expected: int, given: ReporterChange
) -> Reporter:
    """Change a unit's names, forms or end; raises NotFound or VersionMismatch."""
    one = await repository.reporter(tx, access.areas, code, lock=True)
    if one is None:
        raise NotFound.of("填报单位", "reporting unit")
    check_version(expected, one.version)
    changes = given.model_dump(exclude_unset=True)
    changed = one._replace(**changes, version=one.version + 1)
    await _check_reporter(tx, changed)
    await repository.change_reporter(tx, changed)
    return changed


async def _check_reporter(tx: Transaction, one: Reporter) -> None:
    known = {row["code"] for row in await newest(tx)}
    errors = [*text_errors("/zh", one.zh), *text_errors("/en", one.en)]
    if unknown := sorted(set(one.forms) - known):
        listed = ", ".join(unknown)
        errors.append(
            FieldError("/forms", "form_unknown", Text(f"没有报表 {listed}", f"there is no form {listed}"))
        )
    if one.valid_to is not None and one.valid_to < one.valid_from:
        errors.append(FieldError("/valid_to", "valid_to", Text("止于起之前", "ends before it begins")))
    if errors:
        raise InvalidInput.fields(errors)


async def reporter(tx: Transaction, areas: AreaScope, code: str, pointer: str = "/reporter") -> Reporter:
    """Return a unit in the caller's areas; raises NotFound."""
    found = await repository.reporter(tx, areas, code)
    if found is None:
        raise NotFound.of("填报单位", "reporting unit")
    return found


async def reporters(
    tx: Transaction, areas: AreaScope, form_code: str | None, after: str = "", limit: int | None = None
) -> list[Reporter]:
    """Return units in the caller's areas, by code."""
    return await repository.reporters(tx, areas, form_code, after, limit)


async def expected(
    tx: Transaction, areas: AreaScope, district: AreaCode, definition: Definition, period: Period
) -> list[tuple[int, Reporter | None]]:
    """Return who has to hand a form in for a period: areas as keys, with the unit where the form is by unit.

    Only units and divisions within ``areas``; see :func:`places`.
    """
    units: Sequence[Reporter] = []
    if definition.by == "unit":
        units = await repository.reporters(tx, areas, definition.code, "", None)
    divisions = await tree(tx) if by_division(definition) else None
    found = places(definition, period, district, units, divisions)
    return [(key, unit) for key, unit in found if unit or areas.covers(*AreaCode.from_key(key).interval())]


def by_division(definition: Definition) -> bool:
    """Whether each of the district's divisions of a level hands a form in."""
    return definition.by == "area" and not definition.repeatable and definition.level in ("town", "community")


def places(
    definition: Definition,
    period: Period,
    district: AreaCode,
    reporters: Iterable[Reporter],
    divisions: Tree | None,
) -> list[tuple[int, Reporter | None]]:
    """Return who of a district has to hand a form in for a period: areas as keys, with the unit where it is by unit.

    By area: the district itself, or those of its ``divisions`` of the form's level that there are when the period ends.
    """
    if definition.by == "unit":
        return [
            (one.area, one) for one in reporters if definition.code in one.forms and _reports(one, period.end)
        ]
    if definition.repeatable or definition.level == "any":
        return []
    if definition.level == "district":
        return [(district.key, None)]
    level = next(one for one in AreaLevel if one.digits == LEVELS[definition.level][0])
    assert divisions is not None, "a form of divisions is asked with the tree"
    return [(one.key, None) for one in divisions.below(district, level, period.end)]


def _reports(one: Reporter, on: date) -> bool:
    return one.valid_from <= on and (one.valid_to is None or on <= one.valid_to)
