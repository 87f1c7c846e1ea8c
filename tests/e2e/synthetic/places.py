"""Where synthetic people live: the real communities of a district, and counties that migrants come from."""

from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

from renkou_common.codes.divisions import read_divisions

_ORIGIN_CLASSES = 16


@dataclass(frozen=True, slots=True)
class Places:
    """`communities`: 12-digit codes of the district. `origins`: those of counties of origin, by 6-digit code.

    Districts of different `origin_class` share no county of origin, so their rosters share no ID number.
    """

    district: str
    communities: tuple[str, ...]
    origins: dict[str, tuple[str, ...]]


def origin_class(county: str) -> int:
    """One of 16 classes; a district draws its migrants from counties of its own class."""
    return crc32(county.encode()) % _ORIGIN_CLASSES


@lru_cache(maxsize=4)
def places_of(district: str) -> Places:
    """Reads the places of a 6-digit district. Raises ValueError where it has no community."""
    wanted = origin_class(district)
    by_county: dict[str, list[str]] = {}
    for division in read_divisions():
        code = division.code
        if division.level == 5 and not division.shares_parent_key:
            county = code[:6]
            if county == district or origin_class(county) == wanted:
                by_county.setdefault(county, []).append(code)
    if district not in by_county:
        raise ValueError(f"{district} has no communities")
    communities = tuple(by_county.pop(district))
    return Places(district, communities, {county: tuple(codes) for county, codes in by_county.items()})


@lru_cache(maxsize=4)
def unknown_community(district: str) -> str:
    """A well-formed community code in the district that no community has."""
    known = set(places_of(district).communities)
    codes = (
        f"{town}{number:03d}" for town in sorted({code[:9] for code in known}) for number in range(599, 0, -1)
    )
    return next(code for code in codes if code not in known)
