"""Changes of a whole street or township (乡级), told as the change of each of its communities. No I/O.

A community's code begins with its township's, so all of them get other codes when the township does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from renkou_common.errors import FieldError, InvalidInput, Text
from renkou_registry.areas.succession import ChangeKind, Rule, RuleKind, Succession, Successor, parent


@dataclass(frozen=True, slots=True)
class Moving:
    """Where one community of the township goes: keys, and its name if it gets another."""

    area: int
    to: int
    name: str | None = None


def expanded(change: Succession, told: Sequence[Moving], communities: Mapping[int, str]) -> Succession:
    """Return a checked change of townships with that of their communities (key to name).

    Whatever is not told keeps its last three digits under the only successor. Raises InvalidInput that lists
    communities of which nothing is told, or which are none of the township's, and codes that two would get.
    """
    if change.kind is ChangeKind.RENAME:
        return change
    errors: list[FieldError] = []

    def wrong(pointer: str, code: str, zh: str, en: str) -> None:
        errors.append(FieldError(pointer, code, Text(zh, en)))

    towns = {each.area for each in change.successors}
    going = {each.area: each for each in told}
    for number, each in enumerate(told):
        if each.area not in communities:
            wrong(
                f"/communities/{number}/area", "not_source", "不是来源街道的社区", "is none of the sources'"
            )
        if parent(each.to) not in towns:
            wrong(f"/communities/{number}/to", "not_successor", "不在后继街道", "is not in a successor")
    only = change.successors[0].area if len(change.successors) == 1 else None
    for area in sorted(communities.keys() - going.keys()):
        if parent(area) in towns and only is None:
            going[area] = Moving(area, area)  # the township goes on, and this community in it
        elif only is None:
            zh, en = f"须指明社区 {area} 归入何处", f"say where community {area} goes"
            wrong("/communities", "community_missing", zh, en)
        else:
            going[area] = Moving(area, only + area % 1000)
    named: dict[int, str] = {}
    taken: dict[int, int] = {}
    explicit = {each.area for each in told}
    for each in going.values():
        if each.to in taken and not {each.area, taken[each.to]} <= explicit:
            text = f"{each.area}, {taken[each.to]} -> {each.to}"
            wrong("/communities", "code_taken", f"代码重复: {text}", f"two would get one code: {text}")
        taken[each.to] = each.area
        if each.to not in named or each.name is not None:
            named[each.to] = each.name or communities.get(each.area, "")
    if errors:
        raise InvalidInput.fields(errors)
    heirs = {
        town: [to for to in sorted(towns) if to == town or only is not None or town not in towns]
        for town in change.sources
    }
    matches = [(str(each.area), each.to) for each in going.values()]
    matches += [(str(town), to) for town, found in heirs.items() for to in reversed(found)]
    return replace(
        change,
        sources=(*change.sources, *sorted(going)),
        successors=(*change.successors, *(Successor(area, named[area]) for area in sorted(named))),
        rule=Rule(RuleKind.AREA, tuple(matches)),
    )
