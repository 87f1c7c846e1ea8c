"""Employers and who works for them. Callers hold the transaction; nothing here commits.

The yearly statement says that the employer lets staff use the free services and keeps its list of staff true.
It contains no duty about anybody's contraception, pregnancy or children, and no notice about these is sent.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.lines import Measure
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_offices import EmployerChanged
from renkou_common.errors import Conflict, InvalidInput
from renkou_registry.employers import repository
from renkou_registry.employers.repository import EMPLOYEES, EMPLOYERS, STATEMENTS
from renkou_registry.fields import check_areas, check_not_future
from renkou_registry.links import link, unlink
from renkou_registry.records import Desk, check_open, check_something, enter, lock_version, own_area, publish
from renkou_registry.successions import Following
from renkou_registry.yearly.domain import Measures
from renkou_registry.yearly.service import Book, open_papers

PHONE = "employer.phone"
BOOK = Book(
    STATEMENTS,
    "employer",
    RegistryEventType.EMPLOYER_CHANGED,
    EmployerChanged,
    Measures(Measure.EMPLOYER_STATEMENT_DUE, Measure.EMPLOYER_STATEMENT_SIGNED),
)


async def _changed(desk: Desk, row: asyncpg.Record, action: str, on: date) -> None:
    await publish(
        desk, RegistryEventType.EMPLOYER_CHANGED, EmployerChanged, row["id"], row["area"], on, action
    )


def _columns(desk: Desk, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request's values as columns: the code as text, the phone sealed."""
    columns = dict(values)
    if "credit_code" in columns:
        code = columns["credit_code"]
        columns["credit_code"] = code.value if code is not None else None
    if "phone" in columns:
        phone = columns.pop("phone")
        columns["phone_sealed"] = desk.runtime.cipher.encrypt(phone, PHONE) if phone else None
    return columns


async def create(desk: Desk, area: AreaCode, values: Mapping[str, Any]) -> UUID:
    """Enter an employer, its statement of this year due at once.

    Raises NotFound, InvalidInput, Conflict ``employer_exists``.
    """
    check_areas({"/area": area}, desk.runtime.district)
    check_not_future({"/since": values["since"]}, desk.today)
    key = await own_area(desk, area)
    employer_id = await enter(desk, EMPLOYERS, key, _columns(desk, values))
    if employer_id is None:
        raise Conflict(
            "employer_exists", "已有此统一社会信用代码的单位", "an employer of this code is on record"
        )
    row = await EMPLOYERS.find(desk.tx, employer_id, desk.scope)
    await _changed(desk, row, "entered", row["since"])
    await open_papers(desk, BOOK, desk.today.year, [(employer_id, key, row["since"])])
    return employer_id


async def of_code(desk: Desk, code: str) -> asyncpg.Record:
    """Return the employer of a credit code that has not been ended; raises InvalidInput."""
    row = await repository.of_code(desk.tx, code, desk.scope)
    if row is None:
        raise InvalidInput.field(
            "/credit_code", "employer_unknown", "没有此统一社会信用代码的单位", "no employer has this code"
        )
    return row


async def change(desk: Desk, employer_id: UUID, version: int, values: Mapping[str, Any]) -> asyncpg.Record:
    """Change an employer; raises NotFound, VersionMismatch, Conflict, InvalidInput."""
    check_something(values)
    check_open(await lock_version(desk, EMPLOYERS, employer_id, version))
    try:
        row = await EMPLOYERS.update(desk.tx, employer_id, _columns(desk, values))
    except asyncpg.UniqueViolationError as error:
        raise Conflict(
            "employer_exists", "已有此统一社会信用代码的单位", "an employer of this code is on record"
        ) from error
    await _changed(desk, row, "changed", desk.today)
    return row


async def end(desk: Desk, employer_id: UUID, version: int, on: date) -> asyncpg.Record:
    """End an employer; statements and links stay as they were."""
    row = await lock_version(desk, EMPLOYERS, employer_id, version)
    check_open(row)
    check_not_future({"/on": on}, desk.today)
    if on < row["since"]:
        raise InvalidInput.field(
            "/on", "before_since", "不能早于开始日期", "must not be before the beginning"
        )
    row = await EMPLOYERS.update(desk.tx, employer_id, {"ended_on": on})
    await _changed(desk, row, "ended", on)
    return row


async def add_employee(desk: Desk, employer_id: UUID, person_id: UUID, since: date) -> UUID:
    """Note that a person works for an employer; raises NotFound, Conflict ``linked_already``."""
    row = await EMPLOYERS.find(desk.tx, employer_id, desk.scope)
    check_open(row)
    link_id = await link(desk, EMPLOYEES, employer_id, person_id, since, {})
    await _changed(desk, row, "employee_added", since)
    return link_id


async def end_employee(desk: Desk, employer_id: UUID, link_id: UUID, until: date) -> asyncpg.Record:
    """Note until when a person worked for an employer; raises NotFound, Conflict ``ended``."""
    row = await EMPLOYERS.find(desk.tx, employer_id, desk.scope)
    ended = await unlink(desk, EMPLOYEES, employer_id, link_id, until)
    await _changed(desk, row, "employee_ended", until)
    return ended


async def _area_changed(desk: Desk, _before: asyncpg.Record, after: asyncpg.Record) -> None:
    await _changed(desk, after, "area_changed", desk.today)


AREA_FOLLOWING = Following("employer", street=True, moved=_area_changed)
"""An employer follows by its street when a community changes."""
