"""Reads published versions: lists, figures to the digit, signed documents, and the feed of them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.database import Reader, Transaction
from renkou_common.errors import NotFound
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.scope import AreaScope
from renkou_reporting.areas import area_within
from renkou_reporting.indicators.domain import BALANCE_PARTS
from renkou_reporting.periods import parse_period
from renkou_reporting.published import repository
from renkou_reporting.published.domain import Account, Cell, Difference, Key, NewVersion
from renkou_reporting.published.schemas import (
    AccountRow,
    DifferenceList,
    DifferenceRow,
    FeedItem,
    FeedPage,
    FeedQuestion,
    FigureRow,
    SignedDocument,
    VersionAnswer,
    VersionHead,
    VersionPage,
    VersionQuestion,
    VersionsQuestion,
)
from renkou_reporting.published.signing import Signed

LATEST = "latest"


class ShownFigures(NamedTuple):
    """What a version shows: never the numbers of a hidden figure."""

    version: int
    definitions: Mapping[str, Any]
    figures: Mapping[Key, FigureRow]


async def add(
    tx: Transaction,
    new: NewVersion,
    cells: Sequence[Cell],
    accounts: Sequence[tuple[Account, Sequence[str]]],
    differences: Sequence[Difference],
) -> None:
    """Store a version that two have signed; accounts with the parts that are hidden."""
    await repository.insert(
        tx,
        new,
        [(_key(cell.key.area), cell) for cell in cells],
        [(_key(account[0]), account, hidden) for account, hidden in accounts],
        [(_key(one.key.area), one) for one in differences],
    )


async def find(tx: Reader, district: AreaCode, period: str, number: int) -> asyncpg.Record:
    """Return a version's head with its definitions; raises NotFound."""
    return await _find(tx, district, period, str(number))


async def newest(tx: Reader, area: AreaCode, period: str) -> asyncpg.Record | None:
    """Return the newest version of a period with its definitions, None where nothing was published."""
    return await repository.find(tx, area.key, period, None)


async def cells_of(tx: Reader, version_id: UUID, area: AreaCode) -> list[Cell]:
    """Return all numbers of a version, the hidden ones too."""
    return await repository.cells(tx, version_id, area.interval(), None, None)


async def heads(tx: Reader, version_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return the heads of some versions with their definitions, the first first."""
    return await repository.heads(tx, version_ids)


async def figures_of(
    tx: Reader, version_id: UUID, area: AreaCode, population: str, indicator: str
) -> list[Cell]:
    """Return a version's numbers of an indicator over a population, of an area and below, the hidden ones too."""
    return await repository.cells(tx, version_id, area.interval(), population, indicator)


async def numbers(
    tx: Reader, indicators: Sequence[str], areas: Sequence[int], months: Sequence[tuple[int, int]]
) -> list[asyncpg.Record]:
    """Return every published number of some figures over whole areas, the first version first."""
    return await repository.pairs(tx, indicators, areas, months)


async def page(tx: Reader, question: VersionsQuestion) -> VersionPage:
    """Return a page of versions."""
    period = str(parse_period(question.period)) if question.period else None
    rows = await repository.page(tx, period, decode_key(question.after, int), question.limit + 1)
    items = [_head(row) for row in rows[: question.limit]]
    more = len(rows) > question.limit
    return VersionPage(items=items, next_after=encode_cursor(items[-1].number) if more else None)


async def version(
    tx: Reader,
    areas: AreaScope,
    district: AreaCode,
    period: str,
    name: str,
    question: VersionQuestion,
) -> VersionAnswer:
    """Return a version's figures of an area; raises NotFound outside ``areas`` or for no such version."""
    area = area_within(areas, question.area or district.value)
    row = await _find(tx, district, period, name)
    cells = await repository.cells(tx, row["id"], area.interval(), question.population, question.indicator)
    accounts = await repository.accounts(tx, row["id"], area.interval())
    chosen = [one for one in accounts if question.population in (None, one[1])]
    return VersionAnswer(
        **_head(row).model_dump(),
        definitions=row["definitions"],
        items=[figure_row(cell) for cell in cells],
        accounts=[
            AccountRow.model_validate(
                {"area": one, "population": over,
                 "parts": dict(zip(BALANCE_PARTS, parts, strict=True))}
            )
            for one, over, parts in chosen
        ],
    )  # fmt: skip


async def latest(
    tx: Reader, areas: AreaScope, district: AreaCode, period: str, question: VersionQuestion
) -> VersionAnswer | None:
    """Return a period's newest version as :func:`version` does, None where nothing was published of it."""
    if await newest(tx, district, period) is None:
        return None
    return await version(tx, areas, district, period, LATEST, question)


async def shown(
    tx: Reader,
    district: AreaCode,
    period: str,
    name: str,
    areas: Sequence[AreaCode],
    indicators: Sequence[str],
) -> ShownFigures:
    """Return what a version shows of some areas and indicators; raises NotFound for no such version.

    The caller answers for the rights to these areas.
    """
    row = await _find(tx, district, period, name)
    cells = await repository.cells_of(tx, row["id"], [one.key for one in areas], indicators)
    return ShownFigures(row["version"], row["definitions"], {cell.key: figure_row(cell) for cell in cells})


async def differences(
    tx: Reader,
    areas: AreaScope,
    district: AreaCode,
    period: str,
    name: str,
    question: VersionQuestion,
    *,
    exact: bool,
) -> DifferenceList:
    """Return what a version changed; raises as :func:`version`.

    Which events are behind it, and what changed where the numbers are hidden, is for those who see exact figures.
    """
    area = area_within(areas, question.area or district.value)
    row = await _find(tx, district, period, name)
    found = await repository.differences(tx, row["id"], area.interval())
    items = [
        DifferenceRow.model_validate(
            {**one, "area": AreaCode.from_key(one["area"]).value, "events": one["events"] if exact else {}}
        )
        for one in found
        if (exact or not one["hidden"])
        and question.population in (None, one["population"])
        and question.indicator in (None, one["indicator"])
    ]
    return DifferenceList(version=row["version"], reason=row["reason"], items=items)


async def document(tx: Reader, district: AreaCode, period: str, name: str) -> Signed:
    """Return a version's signed document; raises NotFound."""
    row = await _find(tx, district, period, name)
    return await repository.signed(tx, row["id"])


async def feed(tx: Reader, question: FeedQuestion) -> FeedPage:
    """Return the signed versions that follow a number."""
    found = await repository.documents(tx, question.after, question.limit)
    items = [FeedItem(number=number, document=SignedDocument(**signed.to_json())) for number, signed in found]
    return FeedPage(items=items, next_after=items[-1].number if items else question.after)


def figure_row(cell: Cell) -> FigureRow:
    """Return a figure as it is shown."""
    return FigureRow.model_validate({**cell.key._asdict(), **cell.shown()})


async def _find(tx: Reader, district: AreaCode, period: str, name: str) -> asyncpg.Record:
    number = None if name == LATEST else int(name)
    code = str(parse_period(period, "/path/period"))
    row = await repository.find(tx, district.key, code, number)
    if row is None:
        raise NotFound.of("公布版本", "published version")
    return row


def _head(row: asyncpg.Record) -> VersionHead:
    content = {name: row[name] for name in VersionHead.model_fields if name not in ("area", "hash")}
    return VersionHead.model_validate(
        {**content, "area": AreaCode.from_key(row["area"]).value, "hash": row["payload_hash"].hex()}
    )


def _key(area: str) -> int:
    return AreaCode.parse(area).key
