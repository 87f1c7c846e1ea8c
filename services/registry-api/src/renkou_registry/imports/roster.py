"""A roster as a whole: what only several rows together show. No I/O."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from renkou_common.codes.findings import Finding
from renkou_common.codes.kinship import Relation
from renkou_registry.imports.sheet import Row, RowFinding

_NO_HEAD = Finding(
    "household_head_missing",
    "该户没有户主, 登记册中也没有该户",
    "the household has no head, in the file or in the register",
)
_RELATION, _NUMBER, _NAME = "与户主关系", "证件号码", "姓名"


class Member(Protocol):
    """What is looked at in a row of a roster."""

    @property
    def household(self) -> str | None: ...
    @property
    def name(self) -> str: ...
    @property
    def birth_date(self) -> object: ...
    @property
    def resident_id(self) -> str | None: ...
    @property
    def relation(self) -> str: ...
    @property
    def is_head(self) -> bool: ...
    @property
    def is_married(self) -> bool: ...


@dataclass(slots=True)
class RosterCheck:
    """What has been seen of a roster so far: resident IDs, people without one, heads of households."""

    _first_with_id: dict[str, int] = field(default_factory=dict)
    _first_without_id: dict[tuple[str | None, str, object], int] = field(default_factory=dict)
    _head_rows: dict[str, int] = field(default_factory=dict)
    _headless: dict[str, list[RowFinding]] = field(default_factory=dict)

    def see(self, row: Row, member: Member) -> None:
        """Take in one row, in the order of the sheet, and blame what is wrong with it because of earlier
        ones.

        The first row of two alike stands, the later one is refused.
        """
        refused = row.refused
        self._see_household(row, member)
        if not refused:
            self._see_person(row, member)

    def _see_person(self, row: Row, member: Member) -> None:
        if member.resident_id is not None:
            first = self._first_with_id.setdefault(member.resident_id, row.number)
            title = _NUMBER
        else:
            person = (member.household, member.name, member.birth_date)
            first = self._first_without_id.setdefault(person, row.number)
            title = _NAME
        if first != row.number:
            finding = Finding(
                "duplicate_in_file", f"与第 {first} 行重复", f"the same person stands in row {first} already"
            )
            row.blame(title, finding)

    def _see_household(self, row: Row, member: Member) -> None:
        household = member.household
        if not household:
            return
        if not member.is_head:
            if household not in self._head_rows:
                place = row.layout.position(row.number, _RELATION)
                shown = str(row.written(_RELATION))[:40]
                self._headless.setdefault(household, []).append(
                    RowFinding(row.number, _RELATION, place, shown, _NO_HEAD)
                )
            return
        first = self._head_rows.setdefault(household, row.number)
        self._headless.pop(household, None)
        if first != row.number:
            finding = Finding(
                "household_two_heads",
                f"该户的户主已在第 {first} 行",
                f"the household's head stands in row {first} already",
            )
            row.blame(_RELATION, finding)

    @property
    def households_without_head(self) -> list[str]:
        """Numbers of the households for which no row names a head."""
        return list(self._headless)

    def missing_heads(self, in_register: Iterable[str]) -> list[RowFinding]:
        """Return the findings for households without a head, save those that the register knows."""
        known = set(in_register)
        return [each for household, rows in self._headless.items() if household not in known for each in rows]


def couple[M: Member](rows: Sequence[M]) -> tuple[M, M] | None:
    """Return a household's head and spouse where there is exactly one of each and both are married."""
    heads = [row for row in rows if row.is_head]
    spouses = [row for row in rows if row.relation in (Relation.SPOUSE, Relation.HUSBAND, Relation.WIFE)]
    if len(heads) != 1 or len(spouses) != 1:
        return None
    pair = heads[0], spouses[0]
    return pair if all(row.is_married for row in pair) else None
