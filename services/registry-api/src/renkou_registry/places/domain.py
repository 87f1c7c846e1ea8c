"""Places below a community (楼院): what may contain what, and when they are there. No I/O."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from renkou_common.codes.lists import PlaceKind
from renkou_common.errors import Conflict, InvalidInput

INSIDE: dict[PlaceKind, frozenset[PlaceKind]] = {
    PlaceKind.GRID: frozenset(),
    PlaceKind.COURTYARD: frozenset({PlaceKind.GRID}),
    PlaceKind.BUILDING: frozenset({PlaceKind.GRID, PlaceKind.COURTYARD, PlaceKind.RESIDENTS_GROUP}),
    PlaceKind.RESIDENTS_GROUP: frozenset({PlaceKind.GRID, PlaceKind.COURTYARD}),
}
"""In which kinds of place each kind may lie; each may also lie directly in the community."""


@dataclass(frozen=True, slots=True)
class PlaceEntry:
    """A place to enter; ``area`` is the 12-digit key of its community."""

    area: int
    kind: PlaceKind
    code: str
    name: str
    valid_from: date
    valid_to: date | None = None
    parent_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Parent:
    """What the rules need of the place above."""

    area: int
    kind: PlaceKind
    valid_from: date
    valid_to: date | None


def check_days(valid_from: date, valid_to: date | None) -> None:
    """Raise InvalidInput for a place that ends before it begins."""
    if valid_to is not None and valid_to <= valid_from:
        raise InvalidInput.field(
            "/valid_to", "before_beginning", "应晚于启用日期", "must be after the day from which it is valid"
        )


def check_parent(area: int, kind: PlaceKind, parent: Parent) -> None:
    """Raise InvalidInput unless a place may lie in this parent: the same community, a kind that holds it."""
    if parent.area != area:
        raise InvalidInput.field(
            "/parent_id", "other_community", "上级楼院不在同一社区", "the place above is in another community"
        )
    if parent.kind not in INSIDE[kind]:
        raise InvalidInput.field(
            "/parent_id",
            "parent_kind",
            "上级楼院的类型不能包含该类型",
            "a place of that kind cannot hold this one",
        )


def check_lived_in(area: int, place_area: int, valid_from: date, valid_to: date | None, on: date) -> None:
    """Raise InvalidInput unless an address of ``area`` may name a place on a day."""
    if place_area != area:
        raise InvalidInput.field(
            "/place_id",
            "place_elsewhere",
            "该楼院不在现居住的社区",
            "the place is not in the community of the present address",
        )
    if on < valid_from or (valid_to is not None and on >= valid_to):
        raise InvalidInput.field(
            "/place_id", "place_not_valid", f"该楼院在 {on} 不在用", f"the place is not in use on {on}"
        )


def in_use() -> Conflict:
    """Return the error for closing a place whose inside is still open."""
    return Conflict(
        "place_in_use", "下级楼院仍在用, 请先停用下级", "places inside it are still valid; end those first"
    )
