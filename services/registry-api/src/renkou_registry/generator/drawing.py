"""Draws people and households by chunks; every chunk by itself and from the seed alone.

ID numbers stay apart without the chunks knowing of each other: within a region, birth date and sex a number
has 500 sequences, and each chunk has one of its own; where a chunk meets the same day twice, the second is
born a day earlier.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

from renkou_common.codes.lists import DocumentKind
from renkou_common.codes.resident_id import check_character
from renkou_registry.generator import names
from renkou_registry.generator.families import MALE, Member, family, sizes
from renkou_registry.generator.places import Places, places_of, street
from renkou_registry.households.domain import HouseholdEntry, MemberEntry
from renkou_registry.persons.domain import EntryKind, PersonEntry

CHUNKS_AT_MOST = 500
_HOUSEHOLDS_OF_A_CHUNK = 700
SEPARATED, MIGRANTS_IN, MIGRANTS_OUT = 0.12, 0.10, 0.03
_PREFIXES = tuple(map(str, (*range(130, 140), *range(150, 154), *range(155, 160), *range(180, 190))))
_EMPLOYERS = tuple(
    f"{place}{trade}有限公司"
    for place in ("合肥", "庐阳", "安徽", "江淮", "徽商", "长丰")
    for trade in [
        "电子科技",
        "建筑安装",
        "物业服务",
        "食品",
        "纺织",
        "汽车零部件",
        "商贸",
        "餐饮管理",
        "物流",
        "机械制造",
    ]
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be drawn. ``persons`` in ``households`` of 1 to 6, as of ``stock_date``."""

    persons: int
    households: int
    seed: int
    district: str
    stock_date: date

    @property
    def chunks(self) -> int:
        """Into how many chunks it is cut, at most as many as there are sequences of numbers."""
        return min(CHUNKS_AT_MOST, -(-self.households // _HOUSEHOLDS_OF_A_CHUNK))

    def part(self, number: int) -> tuple[int, int, int, int]:
        """Return first household, number of households, first person and number of persons of a chunk."""
        first = number * self.households // self.chunks
        following = (number + 1) * self.households // self.chunks
        start = first * self.persons // self.households
        end = following * self.persons // self.households
        return first, following - first, start, end - start


@dataclass(frozen=True, slots=True)
class Chunk:
    """Households with their people; ``random`` goes on for what the kinds of records draw about them."""

    number: int
    persons: list[PersonEntry]
    households: list[tuple[UUID, HouseholdEntry]]
    random: Random

    def new_id(self) -> UUID:
        """Return an id that the seed tells (version 7, ordered by chunk)."""
        return UUID(int=_version_7(self.number << 24, self.random))


def draw(plan: Plan, number: int) -> Chunk:
    """Return a chunk of the plan; the same arguments give the same people."""
    return _Draw(plan, number).run()


def _version_7(milliseconds: int, random: Random) -> int:
    low = random.getrandbits(74)
    return (milliseconds << 80) | (7 << 76) | ((low >> 62) << 64) | (2 << 62) | (low & ((1 << 62) - 1))


@dataclass(frozen=True, slots=True)
class _Home:
    registered: int
    registered_street: str
    present: int
    present_street: str
    since: date


class _Draw:
    def __init__(self, plan: Plan, number: int) -> None:
        self._plan = plan
        self._number = number
        drawn_from = f"{plan.seed} {plan.district} {plan.stock_date} {number}"
        self._random = Random(drawn_from)  # noqa: S311 - made-up people are no secret
        self._places: Places = places_of(plan.district, plan.seed)
        self._taken: set[tuple[str, date, int]] = set()
        self._since = int(datetime(plan.stock_date.year, 1, 1, tzinfo=UTC).timestamp() * 1000)
        self._chunk = Chunk(number, [], [], self._random)

    def run(self) -> Chunk:
        first, households, self._person_number, persons = self._plan.part(self._number)
        for place, size in enumerate(sizes(self._random, households, persons)):
            self._household(first + place, size)
        return self._chunk

    def _household(self, number: int, size: int) -> None:
        random = self._random
        members = family(random, size, self._plan.stock_date)
        home, area = self._home()
        of = names.nationality(random)
        called = self._names(members, of)
        ids = [self._id() for _ in members]
        entries = [
            self._person(member, name, of, home, ids, place)
            for place, (member, name) in enumerate(zip(members, called, strict=True))
        ]
        self._chunk.persons.extend(entries)
        listed = tuple(
            MemberEntry(entry.id, member.relation, max(home.since, member.born))
            for entry, member in zip(entries, members, strict=True)
        )
        household = HouseholdEntry(
            f"{self._plan.district}{number + 1:07d}",
            area,
            street=home.present_street if area == home.present else home.registered_street,
            members=listed,
        )
        self._chunk.households.append((self._id(0), household))

    def _home(self) -> tuple[_Home, int]:
        """Return where a family is registered and lives, and the community that keeps the household."""
        random, places = self._random, self._places
        here, line = places.community(random), street(random)
        kind = random.random()
        since = self._plan.stock_date - timedelta(days=random.randrange(20, 12 * 365))
        if kind < MIGRANTS_IN:
            return _Home(places.elsewhere(random), street(random), here, line, since), here
        if kind < MIGRANTS_IN + SEPARATED:
            return _Home(places.community(random), street(random), here, line, since), here
        if kind < MIGRANTS_IN + SEPARATED + MIGRANTS_OUT:
            return _Home(here, line, places.elsewhere(random), street(random), since), here
        return _Home(here, line, here, line, since), here

    def _names(self, members: list[Member], of: str) -> list[str]:
        """Return names; children take the father's, a head whose father lives here has his."""
        called = [names.adult(self._random, each.sex, each.born.year, of) for each in members]
        if members[0].father >= 0:
            called[0] = names.child(
                self._random, members[0].sex, members[0].born.year, called[members[0].father]
            )
        for place, each in enumerate(members[1:], 1):
            parent = each.father if each.father >= 0 else each.mother
            if parent >= 0:
                called[place] = names.child(self._random, each.sex, each.born.year, called[parent])
        return called

    def _person(
        self, member: Member, name: str, of: str, home: _Home, ids: list[UUID], place: int
    ) -> PersonEntry:
        random, day = self._random, self._plan.stock_date
        born, number = self._numbered(member, home.registered)
        years = day.year - born.year
        newborn = (day - born).days < 60
        return PersonEntry(
            id=ids[place],
            ref=UUID(int=random.getrandbits(128), version=4),
            name=name,
            sex=member.sex,
            birth_date=born,
            registered_area=home.registered,
            present_area=home.present,
            kind=EntryKind.OPENING,
            entered_on=day,
            document_kind=DocumentKind.BIRTH_CERTIFICATE if newborn else DocumentKind.RESIDENT_ID,
            resident_id=None if newborn else number,
            nationality=of,
            marital_status=member.marital_status,
            registered_street=home.registered_street,
            registered_since=born if random.random() < 0.6 else None,
            present_street=home.present_street,
            present_since=max(home.since, born),
            phone=self._phone() if 14 <= years < 85 and random.random() < 0.95 else None,
            employer=random.choice(_EMPLOYERS) if 20 <= years < 60 and random.random() < 0.6 else None,
            mother_id=ids[member.mother] if member.mother >= 0 else None,
            father_id=ids[member.father] if member.father >= 0 else None,
            spouse_id=ids[member.spouse] if member.spouse >= 0 else None,
            children_count=member.children,
        )

    def _numbered(self, member: Member, registered: int) -> tuple[date, str]:
        """Return the birth date and a valid number nobody else has."""
        region, born = f"{registered:012d}"[:6], member.born
        while (region, born, member.sex) in self._taken:
            born -= timedelta(days=1)
        self._taken.add((region, born, member.sex))
        sequence = self._number * 2 + (1 if member.sex == MALE else 0)
        first_17 = f"{region}{born:%Y%m%d}{sequence:03d}"
        return born, first_17 + check_character(first_17)

    def _phone(self) -> str:
        return f"{self._random.choice(_PREFIXES)}{self._random.randrange(10**8):08d}"

    def _id(self, step: int = 1) -> UUID:
        self._person_number += step
        return UUID(int=_version_7(self._since + self._person_number, self._random))
