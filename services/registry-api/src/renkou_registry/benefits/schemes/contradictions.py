"""Finds conditions that no person could meet. No I/O.

A condition is opened into alternatives, each a set of statements that would all have to hold; a condition is
impossible when each alternative contradicts itself. Above a bound nothing is claimed.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from renkou_registry.benefits.schemes.domain import (
    Age,
    AllOf,
    AnyOf,
    Children,
    Condition,
    Fact,
    FactHolds,
    Leaf,
    MaritalStatusIn,
    Not,
    RegisteredHere,
    SexIs,
)

type Statement = tuple[Leaf, bool]
_MOST_ALTERNATIVES = 2000
_HIGHEST_AGE, _MOST_CHILDREN = 150, 30


def impossible(condition: Condition, at: str) -> str | None:
    """Return the pointer of the innermost condition that nobody can meet, None where there is none."""
    for inner, pointer in _parts(condition, at):
        found = impossible(inner, pointer)
        if found is not None:
            return found
    alternatives = _alternatives(condition, True)
    if alternatives is None or any(_consistent(each) for each in alternatives):
        return None
    return at


def _parts(condition: Condition, at: str) -> Iterator[tuple[Condition, str]]:
    if isinstance(condition, AllOf | AnyOf):
        name = "all" if isinstance(condition, AllOf) else "any"
        for place, part in enumerate(condition.parts):
            yield part, f"{at}/{name}/{place}"


def _alternatives(condition: Condition, wanted: bool) -> list[tuple[Statement, ...]] | None:
    """Return the ways in which a condition can turn out as wanted, None where there are too many."""
    if isinstance(condition, Not):
        return _alternatives(condition.part, not wanted)
    if not isinstance(condition, AllOf | AnyOf):
        return [((condition, wanted),)]
    opened = [_alternatives(part, wanted) for part in condition.parts]
    if any(each is None for each in opened):
        return None
    known = [each for each in opened if each is not None]
    if isinstance(condition, AllOf) == wanted:
        size = 1
        for each in known:
            size *= len(each)
        if size > _MOST_ALTERNATIVES:
            return None
        return [tuple(one for part in choice for one in part) for choice in product(*known)]
    flat = [one for each in known for one in each]
    return flat if len(flat) <= _MOST_ALTERNATIVES else None


def _consistent(statements: Sequence[Statement]) -> bool:
    positive = {leaf for leaf, holds in statements if holds}
    if any(not holds and leaf in positive for leaf, holds in statements):
        return False
    return (
        _numbers_fit([(leaf, holds) for leaf, holds in statements if isinstance(leaf, Age)], _HIGHEST_AGE)
        and _codes_fit(statements)
        and _registration_fits(statements)
        and _children_fit(statements)
    )


def _numbers_fit(statements: Iterable[tuple[Age | Children, bool]], highest: int) -> bool:
    fits = set(range(highest + 1))
    for leaf, holds in statements:
        low = 0 if leaf.at_least is None else leaf.at_least
        high = highest if leaf.at_most is None else leaf.at_most
        within = set(range(low, high + 1))
        fits &= within if holds else fits - within
    return bool(fits)


def _codes_fit(statements: Sequence[Statement]) -> bool:
    sexes: set[int] = {1, 2}
    marital: set[str] | None = None
    for leaf, holds in statements:
        if isinstance(leaf, SexIs):
            sexes = sexes & {leaf.sex} if holds else sexes - {leaf.sex}
        if isinstance(leaf, MaritalStatusIn) and holds:
            marital = set(leaf.codes) if marital is None else marital & leaf.codes
    for leaf, holds in statements:
        if isinstance(leaf, MaritalStatusIn) and not holds and marital is not None:
            marital -= leaf.codes
    return bool(sexes) and (marital is None or bool(marital))


def _registration_fits(statements: Sequence[Statement]) -> bool:
    anywhere_denied = any(
        isinstance(leaf, RegisteredHere)
        and not holds
        and leaf.on_or_before is None
        and leaf.for_months is None
        for leaf, holds in statements
    )
    return not (
        anywhere_denied and any(isinstance(leaf, RegisteredHere) and holds for leaf, holds in statements)
    )


def _children_fit(statements: Sequence[Statement]) -> bool:
    counted: dict[tuple[object, ...], list[tuple[Age | Children, bool]]] = {}
    for leaf, holds in statements:
        if isinstance(leaf, Children):
            counted.setdefault(leaf.filter, []).append((leaf, holds))
        if isinstance(leaf, FactHolds) and leaf.fact is Fact.ONLY_CHILD:
            one = Children(False, 1, 1, None, None, None, None)
            counted.setdefault(one.filter, []).append((one, holds))
    return all(_numbers_fit(each, _MOST_CHILDREN) for each in counted.values())
