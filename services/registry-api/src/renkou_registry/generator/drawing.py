"""Draws people and households by chunks; every chunk by itself and from the seed alone.

ID numbers stay apart without the chunks knowing of each other: within a region, birth date and sex a number
has 500 sequences, and each chunk has one of its own; where a chunk meets the same day twice, the second is
born a day earlier.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

from asyncpg.pgproto.pgproto import UUID as FastUUID  # noqa: N811 - what asyncpg answers with, made in C

from renkou_common.codes.lists import DocumentKind
from renkou_common.codes.resident_id import check_character
from renkou_registry.generator import names
from renkou_registry.generator.families import (
    DIVORCED,
    FEMALE,
    FIRST_MARRIAGE,
    MALE,
    WIDOWED,
    Member,
    family,
    sizes,
)
from renkou_registry.generator.lives import Home, Life, Married, Parted, life_of, married_on
from renkou_registry.generator.places import Places, places_of, street
from renkou_registry.households.domain import HouseholdEntry, MemberEntry
from renkou_registry.life_events.kinds import EventKind
from renkou_registry.persons.domain import EntryKind, PersonEntry

CHUNKS_AT_MOST = 500
_HOUSEHOLDS_OF_A_CHUNK = 700
SEPARATED, MIGRANTS_IN, MIGRANTS_OUT, MOVED = 0.12, 0.10, 0.03, 0.30
_DEAD_PARENTS, _DEAD_SPOUSES, _DIVORCES = 0.10, 0.35, 0.4
"""Of heads without a mother here, of widowed and of divorced heads."""
_YEARS = 5
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
    """What is to be drawn. ``persons`` in ``households`` of 1 to 6, as of ``stock_date``.

    The register was begun five years before: what happened since stands in the histories. Those who died
    since come on top of ``persons``.
    """

    persons: int
    households: int
    seed: int
    district: str
    stock_date: date

    @property
    def chunks(self) -> int:
        """Into how many chunks it is cut, at most as many as there are sequences of numbers."""
        return min(CHUNKS_AT_MOST, -(-self.households // _HOUSEHOLDS_OF_A_CHUNK))

    @property
    def opened_on(self) -> date:
        """The day on which the register was begun."""
        return date(self.stock_date.year - _YEARS, self.stock_date.month, min(self.stock_date.day, 28))

    def part(self, number: int) -> tuple[int, int, int, int]:
        """Return first household, number of households, first person and number of persons of a chunk."""
        first = number * self.households // self.chunks
        following = (number + 1) * self.households // self.chunks
        start = first * self.persons // self.households
        end = following * self.persons // self.households
        return first, following - first, start, end - start


@dataclass(frozen=True, slots=True)
class Chunk:
    """Households with their people; ``random`` goes on for what the kinds of records draw about them.

    ``persons`` are as they stand on the stock date, parents before their children; ``lives`` tells what led
    there. Who died is no member of a household.
    """

    plan: Plan
    number: int
    persons: list[PersonEntry]
    lives: dict[UUID, Life]
    households: list[tuple[UUID, HouseholdEntry]]
    random: Random

    def new_id(self) -> UUID:
        """Return an id that the seed tells (version 7, ordered by chunk)."""
        return _version_7(self.number << 24, self.random)


def draw(plan: Plan, number: int) -> Chunk:
    """Return a chunk of the plan; the same arguments give the same people."""
    return _Draw(plan, number).run()


def _version_7(milliseconds: int, random: Random) -> UUID:
    low = random.getrandbits(74)
    number = (milliseconds << 80) | (7 << 76) | ((low >> 62) << 64) | (2 << 62) | (low & ((1 << 62) - 1))
    return FastUUID(number.to_bytes(16))


class _Draw:
    def __init__(self, plan: Plan, number: int) -> None:
        self._plan = plan
        self._number = number
        drawn_from = f"{plan.seed} {plan.district} {plan.stock_date} {number}"
        self._random = Random(drawn_from)  # noqa: S311 - made-up people are no secret
        self._places: Places = places_of(plan.district, plan.seed)
        self._taken: set[tuple[str, date, int]] = set()
        self._since = int(datetime(plan.stock_date.year, 1, 1, tzinfo=UTC).timestamp() * 1000)
        self._chunk = Chunk(plan, number, [], {}, [], self._random)

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
        self._live(home, members, entries)
        if members[0].mother < 0 and random.random() < _DEAD_PARENTS:
            self._dead_mother(members[0], entries, of, home)
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

    def _live(self, home: Home, members: list[Member], entries: list[PersonEntry]) -> None:
        """Tell what led to a family as it is."""
        opened = self._plan.opened_on
        couple = len(members) > 1 and members[1].spouse == 0
        wedding = married_on(self._random, [each.born for each in members]) if couple else None
        parted = self._parted(members[0], entries, home)
        for place, (member, entry) in enumerate(zip(members, entries, strict=True)):
            married = None
            if wedding is not None and place < 2:
                married = Married(wedding, members[place].marital_status, entries[1 - place].id)
            mother = entries[member.mother].id if member.mother >= 0 else None
            self._chunk.lives[entry.id] = life_of(
                home,
                opened,
                entry,
                mother,
                parity=max(place - 1, 1),
                married=married,
                parted=parted if place == 0 else None,
            )

    def _parted(self, head: Member, entries: list[PersonEntry], home: Home) -> Parted | None:
        """Return how the marriage of a head ended, where that was within the time of the register."""
        random, opened = self._random, self._plan.opened_on
        if head.marital_status not in (WIDOWED, DIVORCED) or home.came or head.born >= opened:
            return None
        on = opened + timedelta(days=random.randrange(1, (self._plan.stock_date - opened).days))
        if head.marital_status == DIVORCED:
            return Parted(EventKind.DIVORCE, on) if random.random() < _DIVORCES else None
        if random.random() >= _DEAD_SPOUSES:
            return None
        return Parted(EventKind.WIDOWHOOD, on, self._dead_spouse(head, entries, home, on))

    def _dead_spouse(self, head: Member, entries: list[PersonEntry], home: Home, died_on: date) -> UUID:
        """Add the spouse whom a head has lost; returns the id."""
        born = head.born + timedelta(days=self._random.randrange(-6 * 365, 3 * 365))
        member = Member(3 - head.sex, born, "", FIRST_MARRIAGE, children=head.children)
        name = names.adult(self._random, member.sex, born.year, entries[0].nationality)
        own = home.at(died_on)
        entry = self._person(member, name, entries[0].nationality, own, [self._id(0)], 0)
        entry = replace(entry, phone=None, employer=None)
        self._chunk.persons.append(entry)
        self._chunk.lives[entry.id] = life_of(
            own, self._plan.opened_on, replace(entry, spouse_id=entries[0].id), None, died_on=died_on
        )
        return entry.id

    def _dead_mother(self, head: Member, entries: list[PersonEntry], of: str, home: Home) -> None:
        """Add the mother of a head: she was in the register and died."""
        random, opened = self._random, self._plan.opened_on
        died_on = opened + timedelta(days=random.randrange(1, (self._plan.stock_date - opened).days))
        if head.born >= opened or (home.came and died_on <= home.since):
            return
        born = head.born - timedelta(days=random.randrange(20 * 366, 30 * 365))
        member = Member(FEMALE, born, "", WIDOWED, children=1)
        own = home.at(died_on)
        name = names.adult(random, FEMALE, born.year, of)
        entry = self._person(member, name, of, own, [self._id(0)], 0)
        entry = replace(entry, phone=None, employer=None)
        place = self._chunk.persons.index(entries[0], -len(entries) - 1)
        self._chunk.persons.append(entry)
        self._chunk.persons[place] = replace(entries[0], mother_id=entry.id)
        self._chunk.lives[entry.id] = life_of(own, opened, entry, None, died_on=died_on)

    def _home(self) -> tuple[Home, int]:
        """Return where a family is registered and lives, and the community that keeps the household."""
        random, places = self._random, self._places
        here, line, building = places.community(random), street(random), places.building(random)
        kind = random.random()
        since = self._plan.stock_date - timedelta(days=random.randrange(20, 12 * 365))
        if kind < MIGRANTS_IN:
            came = since > self._plan.opened_on
            return Home(
                places.elsewhere(random), street(random), here, line, since, building, came=came
            ), here
        there, its = places.another(random, here), street(random)
        if kind < MIGRANTS_IN + SEPARATED and there != here:
            before = Home(there, its, there, its, self._before(since), None)
            return Home(there, its, here, line, since, building, before), here
        before = Home(here, line, here, line, self._before(since), building)
        if kind < MIGRANTS_IN + SEPARATED + MIGRANTS_OUT:
            return Home(here, line, places.elsewhere(random), street(random), since, None, before), here
        if kind < MIGRANTS_IN + SEPARATED + MIGRANTS_OUT + MOVED and there != here:
            before = Home(there, its, there, its, self._before(since), None)
            return Home(here, line, here, line, since, building, before), here
        return Home(here, line, here, line, self._before(min(since, self._plan.opened_on)), building), here

    def _before(self, since: date) -> date:
        earliest = min(since, self._plan.opened_on)
        return earliest - timedelta(days=self._random.randrange(1, 12 * 365))

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
        self, member: Member, name: str, of: str, home: Home, ids: list[UUID], place: int
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
            place_id=self._places.building_id(home.present, home.building),
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
        first_17 = f"{region}{born.isoformat().replace('-', '')}{sequence:03d}"
        return born, first_17 + check_character(first_17)

    def _phone(self) -> str:
        return f"{self._random.choice(_PREFIXES)}{self._random.randrange(10**8):08d}"

    def _id(self, step: int = 1) -> UUID:
        self._person_number += step
        return _version_7(self._since + self._person_number, self._random)
