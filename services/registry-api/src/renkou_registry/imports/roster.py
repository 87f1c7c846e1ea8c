"""A roster as a whole: what only several rows together show, and the order in which rows go in. No I/O."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from renkou_common.codes.findings import Finding
from renkou_common.codes.kinship import RELATIONS, Relation
from renkou_registry.imports.cells import shown, text_of
from renkou_registry.imports.columns import Column
from renkou_registry.imports.domain import RosterRow, Row, RowFinding, household_of

_HEAD_LABELS = frozenset(
    label for code in (Relation.HEAD, Relation.SELF) for label in (RELATIONS.entry(code).zh, str(code))
)
_NO_HEAD = Finding(
    "household_head_missing",
    "该户没有户主, 登记册中也没有该户",
    "the household has no head, in the file or in the register",
)


@dataclass(slots=True)
class RosterCheck:
    """What has been seen of a roster so far: resident IDs, people without one, heads of households."""

    _first_with_id: dict[str, int] = field(default_factory=dict)
    _first_without_id: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _head_rows: dict[str, int] = field(default_factory=dict)
    _headless: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def see(self, number: int, row: Row, good: RosterRow | None) -> list[RowFinding]:
        """Take in one row, in the order of the sheet; returns what is wrong with it because of earlier ones.

        The first row of two alike stands, the later one is refused.
        """
        return [*self._see_household(number, row), *(self._see_person(number, row, good) if good else [])]

    def _see_person(self, number: int, row: Row, good: RosterRow) -> list[RowFinding]:
        if good.resident_id is not None:
            first = self._first_with_id.setdefault(good.resident_id, number)
            column = Column.DOCUMENT_NUMBER
        else:
            person = (good.household, good.name, good.birth_date.isoformat())
            first = self._first_without_id.setdefault(person, number)
            column = Column.NAME
        if first == number:
            return []
        finding = Finding(
            "duplicate_in_file", f"与第 {first} 行重复", f"the same person stands in row {first} already"
        )
        return [RowFinding(number, column, shown(column, row.get(column, "")), finding)]

    def _see_household(self, number: int, row: Row) -> list[RowFinding]:
        household = household_of(row)
        relation = row.get(Column.RELATION, "")
        if not household:
            return []
        if text_of(relation) not in _HEAD_LABELS:
            if household not in self._head_rows:
                self._headless.setdefault(household, []).append((number, shown(Column.RELATION, relation)))
            return []
        first = self._head_rows.setdefault(household, number)
        self._headless.pop(household, None)
        if first == number:
            return []
        finding = Finding(
            "household_two_heads",
            f"该户的户主已在第 {first} 行",
            f"the household's head stands in row {first} already",
        )
        return [RowFinding(number, Column.RELATION, shown(Column.RELATION, relation), finding)]

    @property
    def households_without_head(self) -> list[str]:
        """Numbers of the households for which no row names a head."""
        return list(self._headless)

    def missing_heads(self, in_register: Iterable[str]) -> list[RowFinding]:
        """Return the findings for households without a head, save those that the register knows."""
        known = set(in_register)
        return [
            RowFinding(number, Column.RELATION, relation, _NO_HEAD)
            for household, rows in self._headless.items()
            if household not in known
            for number, relation in rows
        ]


def in_order(households: Iterable[tuple[int, str]]) -> list[int]:
    """Return row numbers so that a household's rows stand together, households by their first row.

    The order depends on nothing but the file, so that a place in it means the same after a restart.
    """
    groups: dict[str, list[int]] = {}
    for number, household in households:
        groups.setdefault(household or f"\0{number}", []).append(number)
    return [number for rows in groups.values() for number in rows]


def chunks(order: Sequence[int], households: Mapping[int, str], start: int, size: int) -> Iterator[range]:
    """Yield ranges of places from ``start`` on with about ``size`` rows; no household is split."""
    place = start
    while place < len(order):
        end = min(place + size, len(order))
        while (
            end < len(order)
            and households[order[end]]
            and households[order[end]] == households[order[end - 1]]
        ):
            end += 1
        yield range(place, end)
        place = end


def couple(rows: Sequence[RosterRow]) -> tuple[RosterRow, RosterRow] | None:
    """Return a household's head and spouse where there is exactly one of each and both are married."""
    heads = [row for row in rows if row.is_head]
    spouses = [row for row in rows if row.relation in (Relation.SPOUSE, Relation.HUSBAND, Relation.WIFE)]
    if len(heads) != 1 or len(spouses) != 1:
        return None
    pair = heads[0], spouses[0]
    return pair if all(row.marital_status.is_married for row in pair) else None
