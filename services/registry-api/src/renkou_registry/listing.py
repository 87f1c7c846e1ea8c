"""Lists in the order of area, day and id: their cursor and the check of the caller's area."""

from datetime import date
from uuid import UUID

from renkou_common.codes.area import AreaCode
from renkou_common.errors import NotFound
from renkou_common.scope import AreaScope

type Position = tuple[int, date, UUID]

START: Position = (-1, date.min, UUID(int=0))


def own_interval(scope: AreaScope, area: AreaCode) -> tuple[int, int]:
    """Return an area's interval of keys; raises NotFound where it is not wholly the caller's."""
    interval = area.interval()
    if not scope.covers(*interval):
        raise NotFound.of("区划", "area")
    return interval
