"""Lists in the order of area, day and id: their cursor and the check of the caller's area."""

from datetime import date
from uuid import UUID

from renkou_common.codes.area import AreaCode
from renkou_common.errors import InvalidInput, NotFound
from renkou_common.http.cursors import decode_cursor
from renkou_common.scope import AreaScope

type Position = tuple[int, date, UUID]

START: Position = (-1, date.min, UUID(int=0))


def own_interval(scope: AreaScope, area: AreaCode) -> tuple[int, int]:
    """Return an area's interval of keys; raises NotFound where it is not wholly the caller's."""
    interval = area.interval()
    if not scope.covers(*interval):
        raise NotFound.of("区划", "area")
    return interval


def position(after: str | None) -> Position | None:
    """Return the (area, day, id) of a cursor; raises InvalidInput for a foreign one."""
    keys = decode_cursor(after, 3)
    if keys is None:
        return None
    try:
        if type(keys[0]) is not int:
            raise TypeError("an area key is a whole number")
        return keys[0], date.fromisoformat(keys[1]), UUID(keys[2])
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidInput.field(
            "/after", "cursor", "翻页标记无效", "this is not a cursor of this list"
        ) from error
