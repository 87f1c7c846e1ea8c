"""The division tree for callers and for the other features."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from renkou_common.codes.area import AreaCode
from renkou_common.database import Transaction
from renkou_common.errors import FieldError, NotFound, Text
from renkou_registry.areas import repository
from renkou_registry.areas.domain import AreaRecord, chain


async def find_with_chain(tx: Transaction, code: AreaCode, on: date | None = None) -> list[AreaRecord]:
    """Return a division preceded by those above it, province first, with the names they had ``on`` a day;
    raises NotFound."""
    codes = chain(code)
    known = await repository.areas_of(tx, codes)
    if code not in known:
        raise NotFound.of("区划", "area")
    found = [known[each] for each in codes if each in known]
    if on is None:
        return found
    return [await _named_on(tx, each, on) for each in found]


async def _named_on(tx: Transaction, record: AreaRecord, on: date) -> AreaRecord:
    name = await repository.name_on(tx, record.code.key, int(record.code.level), on)
    return replace(record, name=name) if name is not None else record


async def successors(tx: Transaction, code: AreaCode) -> list[tuple[str, str]]:
    """Return (code, name) of the communities that took a division's place."""
    return await repository.successors_of(tx, code.key)


async def children(tx: Transaction, code: AreaCode, after: int, limit: int) -> list[AreaRecord]:
    """Return up to ``limit`` divisions directly below ``code`` with keys above ``after``; raises NotFound."""
    if code not in await repository.areas_of(tx, [code]):
        raise NotFound.of("区划", "area")
    return await repository.children_of(tx, code, after, limit)


async def known_areas(tx: Transaction, codes: Iterable[AreaCode]) -> dict[AreaCode, AreaRecord]:
    """Return those of the codes that are in the division list."""
    return await repository.areas_of(tx, sorted(set(codes)))


async def invalid_areas(tx: Transaction, areas: Mapping[str, AreaCode], on: date | None) -> list[FieldError]:
    """Return what is wrong with areas (by pointer): unknown, or ``on`` a day ended or yet to come.

    Of one that ended the message names the successors. Without a day any time will do.
    """
    known = await known_areas(tx, areas.values())
    found = []
    for pointer, code in areas.items():
        record = known.get(code)
        if record is None:
            text = Text("区划代码表中没有该代码", "the division list has no such code")
            found.append(FieldError(pointer, "area_unknown", text))
        elif on is not None and not record.valid_on(on):
            found.append(await _out_of_time(tx, pointer, record, on))
    return found


async def _out_of_time(tx: Transaction, pointer: str, record: AreaRecord, on: date) -> FieldError:
    if record.valid_from is not None and on < record.valid_from:
        text = Text(
            f"该区划自 {record.valid_from} 起使用", f"this division exists from {record.valid_from} on"
        )
        return FieldError(pointer, "area_not_yet", text)
    names = await repository.successors_of(tx, record.code.key)
    listed = ", ".join(f"{code} {name}" for code, name in names) or "-"
    text = Text(
        f"该区划已于 {record.valid_to} 撤销, 请用: {listed}",
        f"this division ended on {record.valid_to}; use: {listed}",
    )
    return FieldError(pointer, "area_ended", text)


async def full_names(tx: Transaction, codes: Iterable[AreaCode]) -> dict[AreaCode, str]:
    """Return for each known code its name preceded by the names above it (安徽省合肥市庐阳区...)."""
    wanted = set(codes)
    known = await repository.areas_of(tx, sorted({each for code in wanted for each in chain(code)}))
    return {
        code: "".join(known[each].name for each in chain(code) if each in known)
        for code in wanted
        if code in known
    }
