"""Every kind of import, by the name that ``POST /imports?kind=`` takes.

To add one, write a module of its own beside ``life_event_sheets.py``::

    SHEET = Sheet(
        "employers",
        "单位登记表",
        "employers",
        (sheet.text("单位名称", 100, required=True, example="合肥某某有限公司"), ...),
    )

    class _Employers(RowByRow):
        days = ("签订日期",)
        columns = {"/name": "单位名称"}          # JSON pointers of the service's errors to headings

        async def enter(self, desk, row, persons):
            await employers.service.create(desk.runtime, desk.tx, desk.scope, _entry(row), ...)

    KIND = Kind(SHEET, Scope.OFFICE_WRITE, _Employers, "单位")

and name it in ``_KINDS``. Template, reading, dry run, progress, restarts, the error list and the error sheet
come from the sheet; a row is entered in a savepoint, and one that was entered before is refused. Where rows
depend on each other, derive from :class:`Importer` as ``persons_sheet.py`` does.

No kind carries what is known about somebody's health: a sheet lies open in offices, and what a woman tells
about contraception or a date of delivery needs her own consent each time. Methods, expected dates and
pre-pregnancy checks are entered one by one, where they are sealed at once.
"""

from types import MappingProxyType

from renkou_common.errors import InvalidInput
from renkou_registry.imports import (
    benefit_sheet,
    card_sheet,
    employer_sheets,
    household_sheet,
    life_event_sheets,
    maternal_sheets,
    office_sheets,
    persons_sheet,
    place_sheets,
    rental_sheets,
    service_sheet,
    supply_sheets,
)
from renkou_registry.imports.importer import Kind

_KINDS = (
    persons_sheet.KIND,
    household_sheet.KIND,
    service_sheet.KIND,
    *life_event_sheets.KINDS,
    *place_sheets.KINDS,
    card_sheet.KIND,
    *maternal_sheets.KINDS,
    benefit_sheet.KIND,
    *supply_sheets.KINDS,
    *employer_sheets.KINDS,
    *rental_sheets.KINDS,
    *office_sheets.KINDS,
)
KINDS: MappingProxyType[str, Kind] = MappingProxyType({kind.sheet.kind: kind for kind in _KINDS})


def kind_of(name: str) -> Kind:
    """Return a kind by its name; raises InvalidInput that lists those there are."""
    if name not in KINDS:
        allowed = ", ".join(KINDS)
        raise InvalidInput.field("/query/kind", "kind", f"应为 {allowed} 之一", f"must be one of {allowed}")
    return KINDS[name]
