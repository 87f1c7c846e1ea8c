"""The dated division tree for callers and for the other features: spans of areas under boundaries, names, lists."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from renkou_common.codes.area import AreaCode, AreaLevel
from renkou_common.database import Reader
from renkou_common.errors import InvalidInput, NotFound
from renkou_reporting.areas import repository
from renkou_reporting.areas.domain import Boundaries, Division, Obstacle, Tree
from renkou_reporting.figures.domain import Span

EXPORTED = repository.EXPORTED
TITLE = repository.TITLE
_trees: dict[tuple[object, ...], Tree] = {}
_KEPT = 4


@dataclass(frozen=True, slots=True)
class View:
    """Areas under the boundaries of a day: what to add up for each, and which figures do not exist."""

    areas: Sequence[Boundaries]
    counted: frozenset[int]

    @property
    def spans(self) -> list[Span]:
        """What to add up, one span for each area."""
        return [each.span for each in self.areas]

    def obstacle(self, number: int, first: date, last: date) -> Obstacle | None:
        """Return why an area (by its number) has no figure of facts from day to day, None where it has one."""
        return self.areas[number].obstacle(first, last, self.counted)


async def tree(tx: Reader) -> Tree:
    """Return the tree; read again only after a change."""
    version = await repository.fingerprint(tx)
    found = _trees.get(version)
    if found is None:
        found = await repository.tree(tx)
        while len(_trees) >= _KEPT:
            del _trees[next(iter(_trees))]
        _trees[version] = found
    return found


async def view(
    tx: Reader,
    area: AreaCode,
    boundaries: date,
    *,
    below: AreaLevel | None = None,
    also: Sequence[str] = (),
    pointer: str = "/query/area",
) -> View:
    """Return an area, with ``below`` also the areas of that level within it, as bounded on a day.

    ``also`` are areas to be taken where the tree does not know them: those of other districts.
    Raises InvalidInput for an area that did not exist on that day, naming what did.
    """
    known = await tree(tx)
    _must_exist(known, area, boundaries, pointer)
    codes = [area]
    if below is not None and area.level < below:
        codes += [AreaCode(each.code) for each in known.below(area, below, boundaries)]
        codes += [code for code in map(AreaCode, also) if known.of(code) is None]
    return await _viewed(tx, [Boundaries(known, code, boundaries) for code in codes])


async def view_near(tx: Reader, codes: Sequence[AreaCode], day: date) -> View:
    """Return areas as bounded on a day; one that there was not on that day as it was when it ended, or began."""
    known = await tree(tx)
    return await _viewed(tx, [Boundaries(known, code, _nearest(known.of(code), day)) for code in codes])


async def must_exist(tx: Reader, area: AreaCode, day: date, pointer: str) -> None:
    """Raise InvalidInput for an area that there was not on a day, naming what there was; unknown areas pass."""
    _must_exist(await tree(tx), area, day, pointer)


def _must_exist(known: Tree, area: AreaCode, day: date, pointer: str) -> None:
    own = known.of(area)
    if own is not None and not own.valid_on(day):
        raise _not_on(known, own, day, pointer)


async def _viewed(tx: Reader, found: Sequence[Boundaries]) -> View:
    doubtful = sorted({key for each in found for key in each.doubtful})
    return View(found, frozenset(await repository.counted(tx, doubtful) if doubtful else ()))


def _nearest(division: Division | None, day: date) -> date:
    if division is None or division.valid_on(day):
        return day
    if division.valid_to is not None and division.valid_to < day:
        return division.valid_to
    return division.valid_from or day


async def spans(
    tx: Reader, area: AreaCode, *, boundaries: date | None, below: AreaLevel | None = None
) -> list[Span]:
    """Return what to add up for an area and, with ``below``, the areas of that level within it.

    Without ``boundaries`` facts count under the code of their day. Where a figure may not exist under other
    boundaries take :func:`view`.
    """
    if boundaries is not None:
        return (await view(tx, area, boundaries, below=below)).spans
    codes = [area]
    if below is not None and area.level < below:
        known = await tree(tx)
        found = {each.key: each.code for each in known.divisions.values() if each.level == below}
        low, high = area.interval()
        codes += [AreaCode(code) for key, code in sorted(found.items()) if low <= key <= high]
    return [Span(code.value, (code.interval(),)) for code in codes]


async def names(tx: Reader, codes: Collection[str], on: date | None = None) -> dict[str, str]:
    """Return the names of codes (as long as their level has digits), on a day or now; unknown codes are left out."""
    wanted = {code: (AreaCode.parse(code).key, int(AreaCode.parse(code).level)) for code in codes}
    keys, levels = [key for key, _ in wanted.values()], [level for _, level in wanted.values()]
    found = await repository.titles(tx, keys, levels, on)
    return {code: found[place] for code, place in wanted.items() if place in found}


async def find(tx: Reader, area: AreaCode) -> tuple[Division, Tree]:
    """Return a division with the tree around it; raises NotFound."""
    known = await tree(tx)
    found = known.of(area)
    if found is None:
        raise NotFound.of("区划", "area")
    return found, known


def _not_on(known: Tree, division: Division, day: date, pointer: str) -> InvalidInput:
    if division.valid_from is not None and day < division.valid_from:
        others = sorted({each.area for each in known.successions if each.successor == division.key})
        zh, en = f"该区划自 {division.valid_from} 起使用", f"it exists from {division.valid_from} on"
    else:
        others = sorted({each.successor for each in known.successions if each.area == division.key})
        zh, en = f"该区划已于 {division.valid_to} 撤销", f"it ended on {division.valid_to}"
    codes = ", ".join(AreaCode.from_key(key).value for key in others) or "-"
    return InvalidInput.field(
        pointer, "area_not_on_day", f"{zh}; 该日可用: {codes}", f"{en}; on that day use: {codes}"
    )
