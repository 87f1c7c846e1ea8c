"""Versions of code lists and the days between which each is valid. No I/O."""

import re
from datetime import date

from renkou_common.codes.catalogue import CODE_LISTS
from renkou_common.codes.lists import CodeList
from renkou_common.errors import NotFound

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_EARLIER: dict[str, tuple[CodeList, ...]] = {}
"""Versions that were replaced, oldest first, by the list's id; none so far."""


def versions(list_id: str) -> tuple[CodeList, ...]:
    """Return every version of a list, oldest first; raises NotFound."""
    present = CODE_LISTS.get(list_id)
    if present is None:
        raise NotFound.of("码表", "code list")
    return (*_EARLIER.get(list_id, ()), present)


def version(list_id: str, wanted: str | None) -> CodeList:
    """Return a version of a list, the present one unless told; raises NotFound."""
    every = versions(list_id)
    if wanted is None:
        return every[-1]
    for each in every:
        if each.version == wanted:
            return each
    raise NotFound.of("码表版本", "version of the code list")


def validity(found: CodeList) -> tuple[date | None, date | None]:
    """Return from when to when a version is valid; a standard's year alone tells no day."""
    every = versions(found.id)
    following = every[every.index(found) + 1 :]
    return _begins(found), _begins(following[0]) if following else None


def _begins(found: CodeList) -> date | None:
    return date.fromisoformat(found.version) if _DAY.fullmatch(found.version) else None
