"""Which divisions take the place of which, and who follows where. Rules only; no I/O.

Sources: 行政区划管理条例 (State Council, 2019) knows establishing, abolishing, renaming and moving; here they
appear as split, merge, rename and transfer of communities (12-digit codes), the level at which people stand.
A change of a street or township (9 digits) is carried out as that of all its communities, whose codes change
with it; of a county (6 digits) as that of the people registered there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from renkou_common.errors import FieldError, InvalidInput, Text


class ChangeKind(StrEnum):
    """What happens to communities."""

    SPLIT = "split"  # 拆分
    MERGE = "merge"  # 合并
    RENAME = "rename"  # 更名
    TRANSFER = "transfer"  # 划转到另一街道


class RuleKind(StrEnum):
    """By what people are told apart."""

    ALL = "all"
    STREET_PREFIX = "street_prefix"
    PLACE = "place"
    LIST = "list"
    AREA = "area"  # by the community, as a change of a whole township says of each


@dataclass(frozen=True, slots=True)
class Successor:
    """A division that takes others' place; 12-digit key and name."""

    area: int
    name: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Who follows where: ``matches`` maps a street prefix, a place id, a person id or the key of a community
    to a successor's key.

    Who matches nothing follows to ``otherwise``; where that is None they are left over, to be settled one by
    one.
    """

    by: RuleKind
    matches: tuple[tuple[str, int], ...] = ()
    otherwise: int | None = None

    def follow(
        self, area: int, person_id: UUID | None, street: str | None, place_id: UUID | None
    ) -> int | None:
        """Return where an address follows; the longest prefix of a street counts."""
        if self.by is RuleKind.STREET_PREFIX:
            fitting = [(len(text), area) for text, area in self.matches if (street or "").startswith(text)]
            return max(fitting)[1] if fitting else self.otherwise
        told = {RuleKind.PLACE: place_id, RuleKind.AREA: area}
        wanted = str(told.get(self.by, person_id))
        return dict(self.matches).get(wanted, self.otherwise)

    def as_json(self) -> dict[str, Any]:
        """Return the form in which it is stored."""
        return {"by": self.by, "matches": [list(each) for each in self.matches], "otherwise": self.otherwise}

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return a stored rule."""
        matches = tuple((text, area) for text, area in stored["matches"])
        return cls(RuleKind(stored["by"]), matches, stored["otherwise"])


@dataclass(frozen=True, slots=True)
class Succession:
    """A change of communities from a day on."""

    kind: ChangeKind
    effective_on: date
    sources: tuple[int, ...]
    successors: tuple[Successor, ...]
    rule: Rule

    @property
    def ended(self) -> tuple[int, ...]:
        """The sources that exist no longer."""
        kept = {each.area for each in self.successors}
        return tuple(area for area in self.sources if area not in kept)

    def successors_of(self, source: int) -> tuple[int, ...]:
        """Return the divisions that take the place of one of the sources."""
        areas = tuple(each.area for each in self.successors)
        if self.rule.by is not RuleKind.AREA:
            return areas
        return tuple(dict.fromkeys(to for text, to in self.rule.matches if text == str(source)))


def parent(area: int) -> int:
    """Return the key of the division above: of a community the township, of a township the county."""
    unit = next(each for each in (10**3, 10**6, 10**8, 10**10) if area % each)
    return area // unit * unit


def checked(change: Succession) -> Succession:
    """Return the change with the rule completed; raises InvalidInput that lists what is wrong.

    Where the only source goes on existing, whoever matches nothing stays there.
    """
    errors: list[FieldError] = []

    def wrong(pointer: str, code: str, zh: str, en: str) -> None:
        errors.append(FieldError(pointer, code, Text(zh, en)))

    sources, areas = change.sources, [each.area for each in change.successors]
    if len(set(sources)) < len(sources):
        wrong("/sources", "twice", "有重复", "names one twice")
    if len(set(areas)) < len(areas):
        wrong("/successors", "twice", "有重复", "names one twice")
    if change.kind is ChangeKind.MERGE and (len(sources) < 2 or len(areas) != 1):
        wrong("/sources", "merge_shape", "合并为多个社区并入一个", "a merge leads from several to one")
    if change.kind is ChangeKind.SPLIT and (len(sources) != 1 or len(areas) < 2):
        wrong("/sources", "split_shape", "拆分为一个社区分成多个", "a split leads from one to several")
    if change.kind is ChangeKind.RENAME and (len(sources) != 1 or tuple(areas) != sources):
        wrong("/successors", "rename_shape", "更名不改变代码", "a rename keeps the code")
    if change.kind is ChangeKind.TRANSFER and not (
        len(sources) == len(areas) == 1 and parent(sources[0]) != parent(areas[0])
    ):
        wrong(
            "/successors",
            "transfer_shape",
            "划转为归入另一个上级区划 (社区归入另一街道)",
            "a transfer leads under another division: a community to another subdistrict",
        )
    rule = _completed(change)
    for number, (_, area) in enumerate(rule.matches):
        if area not in areas:
            wrong(f"/rule/matches/{number}/to", "not_successor", "不是后继社区", "is no successor")
    if rule.otherwise is not None and rule.otherwise not in areas:
        wrong("/rule/otherwise", "not_successor", "不是后继社区", "is no successor")
    if rule.by is RuleKind.ALL and rule.otherwise is None:
        wrong("/rule/otherwise", "missing", "须指明归入哪个社区", "say which community takes all")
    if errors:
        raise InvalidInput.fields(errors)
    return Succession(change.kind, change.effective_on, sources, change.successors, rule)


def _completed(change: Succession) -> Rule:
    rule = change.rule
    if rule.otherwise is not None:
        return rule
    if len(change.successors) == 1:
        return Rule(rule.by, rule.matches, change.successors[0].area)
    kept = [area for area in change.sources if area not in change.ended]
    return Rule(rule.by, rule.matches, kept[0] if kept else None)


@dataclass(frozen=True, slots=True)
class Dwelling:
    """What is known of one address of a person."""

    area: int
    street: str | None = None
    place_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a change may concern: addresses now."""

    id: UUID
    registered: Dwelling
    present: Dwelling
    usual: int | None


def followed(change: Succession, person: Person) -> dict[int, dict[str, int]] | None:
    """Return for each source in which the person has an address the areas that take its place, by the names
    they have in the event's data; empty for nobody concerned, None for somebody left over."""
    found: dict[int, dict[str, int]] = {}
    for source in change.sources:
        data: dict[str, int] = {}
        for name, dwelling in (("registered_area", person.registered), ("present_area", person.present)):
            if dwelling.area == source:
                to = change.rule.follow(source, person.id, dwelling.street, dwelling.place_id)
                if to is None:
                    return None
                data[name] = to
        if person.usual == source:
            usual = data.get("present_area", data.get("registered_area", change.rule.otherwise))
            if usual is None:
                return None
            data["usual_area"] = usual
        if any(to != source for to in data.values()):
            found[source] = data
    return found
