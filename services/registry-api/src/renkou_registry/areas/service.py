"""The division tree for callers and for the other features."""

from collections.abc import Iterable

from renkou_common.codes.area import AreaCode
from renkou_common.database import Transaction
from renkou_common.errors import NotFound
from renkou_registry.areas import repository
from renkou_registry.areas.domain import AreaRecord, chain


async def find_with_chain(tx: Transaction, code: AreaCode) -> list[AreaRecord]:
    """Return a division preceded by those above it, province first; raises NotFound."""
    codes = chain(code)
    known = await repository.areas_of(tx, codes)
    if code not in known:
        raise NotFound.of("区划", "area")
    return [known[each] for each in codes if each in known]


async def children(tx: Transaction, code: AreaCode, after: int, limit: int) -> list[AreaRecord]:
    """Return up to ``limit`` divisions directly below ``code`` with keys above ``after``; raises NotFound."""
    if code not in await repository.areas_of(tx, [code]):
        raise NotFound.of("区划", "area")
    return await repository.children_of(tx, code, after, limit)


async def known_areas(tx: Transaction, codes: Iterable[AreaCode]) -> dict[AreaCode, AreaRecord]:
    """Return those of the codes that are in the division list."""
    return await repository.areas_of(tx, sorted(set(codes)))


async def full_names(tx: Transaction, codes: Iterable[AreaCode]) -> dict[AreaCode, str]:
    """Return for each known code its name preceded by the names above it (安徽省合肥市庐阳区...)."""
    wanted = set(codes)
    known = await repository.areas_of(tx, sorted({each for code in wanted for each in chain(code)}))
    return {
        code: "".join(known[each].name for each in chain(code) if each in known)
        for code in wanted
        if code in known
    }
