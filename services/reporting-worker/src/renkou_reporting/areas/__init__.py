"""Area codes of requests: read, and checked against where the caller's right holds."""

from renkou_common.codes.area import AreaCode, AreaCodeError
from renkou_common.errors import InvalidInput, NotFound
from renkou_common.scope import AreaScope


def parse_area(text: str, pointer: str) -> AreaCode:
    """Return an area code; raises InvalidInput at ``pointer``."""
    try:
        return AreaCode.parse(text)
    except AreaCodeError as error:
        raise InvalidInput.field(pointer, error.code, error.zh, error.en) from error


def area_within(areas: AreaScope, text: str, pointer: str = "/query/area") -> AreaCode:
    """Return an area whose whole subtree the caller may see; raises NotFound for any other."""
    area = parse_area(text, pointer)
    if not areas.covers(*area.interval()):
        raise NotFound.of("区划", "area")
    return area
