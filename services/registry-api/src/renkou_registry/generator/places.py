"""Where made-up people live: the real communities of a district, streets, places migrants come from."""

from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate
from random import Random
from uuid import UUID, uuid5

from renkou_common.codes.divisions import read_divisions

_ORIGINS = 400
BUILDINGS = 60
"""Of each community."""

_ROADS = (
    *("安庆", "长江", "淮河", "寿春", "阜阳", "蒙城", "濉溪"),
    *("沿河", "北一环", "肥西", "六安", "霍山", "铜陵", "桐城"),
)
_SECOND = ("", "东", "西", "中", "南", "北")
_KINDS = ("路", "街", "巷", "支路")
_ESTATES = (
    *("杏花", "翡翠", "滨河", "梦园", "世纪", "阳光", "锦绣"),
    *("和平", "幸福", "桃园", "金色", "丽景", "百花", "城市"),
)


@dataclass(frozen=True, slots=True)
class Places:
    """Communities of the district with cumulative weights, and of other counties; 12-digit keys."""

    district: str
    communities: tuple[int, ...]
    weights: tuple[float, ...]
    origins: tuple[int, ...]
    seed: int

    def community(self, random: Random) -> int:
        """Return a community of the district; some are five times as large as others."""
        return random.choices(self.communities, cum_weights=self.weights)[0]

    def another(self, random: Random, here: int) -> int:
        """Return another community of the district than this one, where there is one."""
        found = self.community(random)
        return found if found != here else self.communities[self.communities.index(here) - 1]

    def building(self, random: Random) -> int | None:
        """Return the number of a building; for a quarter of the dwellings nobody has noted it."""
        number = random.randrange(BUILDINGS * 4 // 3)
        return number if number < BUILDINGS else None

    def building_id(self, area: int, number: int | None) -> UUID | None:
        """Return the id of a building of a community of the district; None elsewhere."""
        if number is None or not str(area).startswith(self.district):
            return None
        return _building_id(self.seed, area, number)

    def elsewhere(self, random: Random) -> int:
        """Return a community outside the district."""
        return random.choice(self.origins)


@cache
def _building_id(seed: int, area: int, number: int) -> UUID:
    return uuid5(UUID(int=seed), f"{area} {number}")


@lru_cache(maxsize=2)
def places_of(district: str, seed: int) -> Places:
    """Read the places of a 6-digit district; raises ValueError where it has no community."""
    random = Random(f"{seed} {district} places")  # noqa: S311 - made-up people are no secret
    villages = [each for each in read_divisions() if each.level == 5 and not each.shares_parent_key]
    communities = tuple(each.key for each in villages if each.code.startswith(district))
    if not communities:
        raise ValueError(f"{district} has no communities")
    others = [each.key for each in villages if not each.code.startswith(district)]
    near = [key for key in others if str(key)[:4] == district[:4]]
    origins = (*random.sample(near, min(len(near), _ORIGINS // 4)), *random.sample(others, _ORIGINS))
    weights = tuple(accumulate(random.uniform(0.3, 1.7) for _ in communities))
    return Places(district, communities, weights, origins, seed)


def street(random: Random) -> str:
    """Return a street line."""
    draw = random.randint
    house = f"{draw(1, 399)}号"
    if random.random() < 0.5:
        house += f"{random.choice(_ESTATES)}{random.choice(_ESTATES)}小区"
    road = random.choice(_ROADS) + random.choice(_SECOND) + random.choice(_KINDS)
    return f"{road}{house}{draw(1, 28)}幢{draw(1, 18)}{draw(1, 4):02d}室"
