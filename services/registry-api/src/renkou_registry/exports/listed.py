"""Lists of the API as exports: what ``GET`` answers, read page by page to its end.

The route of a list is read itself, so that an export has its filters, its rights, its masks and its order,
and no second query. Each page is read in the transaction that the export's place is kept in, and with the
clerk's own areas; who is shown is logged for the clerk, each person once a page.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from inspect import signature
from typing import Any, get_type_hints
from uuid import UUID

from pydantic import BaseModel, ConfigDict, create_model

from renkou_common.audit.acting import STAFF, acting
from renkou_common.codes.masking import mask_resident_id
from renkou_common.database import Database, Reader, Transaction
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_common.scope import AreaScope
from renkou_registry.audit.domain import What
from renkou_registry.exports.listing import Cursor, ExportList, Health, Page, ReadPage
from renkou_registry.exports.restricted import without_restricted
from renkou_registry.exports.shown import Shown
from renkou_registry.fields import AreaIn, AreaQuery
from renkou_registry.persons import service as persons
from renkou_registry.persons.reading import open_resident_id
from renkou_registry.runtime import Runtime

type Route = Callable[..., Awaitable[Any]]
type Item = dict[str, Any]
type Items = Callable[[Item], Iterable[Item]]
type Beside = Callable[[Runtime, Transaction, Access, Sequence[Item]], Awaitable[None]]
_OWN = frozenset({"runtime", "access", "after", "limit"})
_YES_NO = {True: "是", False: "否"}


class _Within(Database):
    """The database seen from inside an open transaction: what is read is read there."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    @asynccontextmanager
    async def transaction(self, scope: AreaScope, *, read_only: bool = False) -> AsyncIterator[Transaction]:
        yield self._tx

    @asynccontextmanager
    async def reading(self, scope: AreaScope) -> AsyncIterator[Reader]:
        yield self._tx


def listed(
    name: str,
    zh: str,
    en: str,
    right: Scope,
    route: Route,
    columns: Mapping[str, str],
    *,
    items: Items = lambda item: (item,),
    beside: Sequence[Beside] = (),
    health: Health | None = None,
    leaving_out: bool = True,
) -> ExportList:
    """Return the export of a list: ``columns`` are fields of its items with their headings, in order.

    ``items`` makes several rows of an item that holds some; ``beside`` adds what ids stand for, so that a
    workbook can be read without the API. Who is restricted is left out, unless the law wants the list whole
    (``leaving_out``).
    """
    filters = _filters(name, route)
    page = _reader(route, filters, columns, items, beside, leaving_out=leaving_out)
    return ExportList(name, zh, en, right, filters, columns, page, health)


def clerk_of(clerk: UUID, scope: AreaScope) -> Access:
    """Return the clerk for whom a page is read."""
    who = acting()
    return Access(clerk, STAFF, who.name if who else "", scope, "")


def _filters(name: str, route: Route) -> type[BaseModel]:
    """Return the filters that a route's query has."""
    hints = get_type_hints(route, include_extras=True)
    fields: dict[str, Any] = {}
    for each in signature(route).parameters.values():
        if each.name not in _OWN:
            hint = hints[each.name]
            default = ... if each.default is each.empty else each.default
            fields[each.name] = (AreaIn if hint == AreaQuery else hint, default)
    config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
    title = "".join(part.capitalize() for part in name.split("_"))
    made: type[BaseModel] = create_model(f"{title}Filters", __config__=config, **fields)
    return made


def _reader(
    route: Route,
    model: type[BaseModel],
    columns: Mapping[str, str],
    items: Items,
    beside: Sequence[Beside],
    *,
    leaving_out: bool,
) -> ReadPage:
    async def page(
        runtime: Runtime,
        tx: Transaction,
        scope: AreaScope,
        clerk: UUID,
        filters: Mapping[str, Any],
        after: Cursor | None,
        limit: int,
    ) -> Page:
        access = clerk_of(clerk, scope)
        shown = Shown(runtime.readings)
        within = replace(runtime, database=_Within(tx), readings=shown)
        wanted = dict(model.model_validate(filters))
        found = await route(
            runtime=within, access=access, after=after[0] if after else None, limit=limit, **wanted
        )
        read = [each for item in found.model_dump(mode="json")["items"] for each in items(item)]
        rows, restricted = (await without_restricted(tx, read)) if leaving_out else (read, set())
        for add in beside:
            await add(within, tx, access, rows)
        shown.leave_out(restricted)
        await shown.write(access)
        texts = [{name: text_of(each.get(name)) for name in columns} for each in rows]
        return texts, [found.next] if found.next else None, len(read) - len(rows)

    return page


def text_of(value: Any) -> str:
    """Return a JSON value as a cell: nothing for null, 是 or 否 for a boolean, parts joined."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _YES_NO[value]
    if isinstance(value, list):
        return "; ".join(text_of(each) for each in value)
    if isinstance(value, dict):
        return " ".join(text_of(each) for each in value.values())
    return str(value)


def named(*fields: str) -> Beside:
    """Return what adds name and masked ID number (``<field>_name``, ``<field>_number``) of the persons under
    some fields, of those in the clerk's areas only; they count as shown.
    """

    async def add(runtime: Runtime, tx: Transaction, access: Access, rows: Sequence[Item]) -> None:
        ids = {UUID(row[field]) for row in rows for field in fields if row[field]}
        found = {str(row["id"]): row for row in await persons.find_many(tx, sorted(ids), access.areas)}
        await runtime.readings.record(access, What.LIST, [row["id"] for row in found.values()])
        for row in rows:
            for field in fields:
                if row[field] in found:
                    person = found[row[field]]
                    number = open_resident_id(runtime, person)
                    row[f"{field}_name"] = person["name"]
                    row[f"{field}_number"] = mask_resident_id(number) if number else ""

    return add


def inside(name: str) -> Items:
    """Return what makes a row of each part that an item holds under ``name``, beside the item's own fields."""

    def parts(item: Item) -> list[Item]:
        return [item | part for part in item[name]]

    return parts
