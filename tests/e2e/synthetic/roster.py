"""Draws a roster: families, then names, numbers, addresses and where each family is registered and lives."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from renkou_common.codes.kinship import Relation
from renkou_common.codes.lists import DocumentKind, Sex

from .families import FamilyMaker, Member
from .identity import Identifiers
from .names import Names
from .people import Person, Roster, completed_years
from .places import Places, places_of

# Shares of families: registered and living in different communities of the district (人户分离), and
# registered in another district (流入).
SEPARATED_SHARE = 0.12
MIGRANT_SHARE = 0.10
_LONGEST_STAY_DAYS = 12 * 365


@dataclass(frozen=True, slots=True)
class _Home:
    registered_area: str
    registered_street: str
    present_area: str
    present_street: str
    since: date


def generate_roster(seed: int, district: str, count: int, stock_date: date) -> Roster:
    """`count` people of a 6-digit district on the stock date; the same arguments give the same roster."""
    maker = _RosterMaker(seed, district, stock_date)
    while len(maker.roster.people) < count:
        maker.add_family(at_most=count - len(maker.roster.people))
    return maker.roster


class _RosterMaker:
    def __init__(self, seed: int, district: str, stock_date: date) -> None:
        self.roster = Roster(seed, district, stock_date)
        self._random = Random(f"{seed} {district} {stock_date}")
        self._places: Places = places_of(district)
        self._sizes = [self._random.uniform(0.3, 1.7) for _ in self._places.communities]
        self._families = FamilyMaker(self._random, stock_date)
        self._names = Names(self._random)
        self._identifiers = Identifiers(self._random)
        self._households = 0

    def add_family(self, at_most: int) -> None:
        """Appends one more family, without those members for whom there is no room."""
        kind = self._random.random()
        migrants = kind < MIGRANT_SHARE
        members = self._families.draw(migrants=migrants)
        home = self._home(migrants=migrants, separated=kind < MIGRANT_SHARE + SEPARATED_SHARE)
        nationality = self._names.nationality()
        names = self._family_names(members, nationality)
        first = len(self.roster.people)
        self._households += 1
        number = f"{self.roster.district}{self._households:06d}"
        for member, name in list(zip(members, names, strict=True))[:at_most]:
            person = self._person(number, member, name, nationality, home)
            kept = min(len(members), at_most)
            person.spouse, person.mother, person.father = (
                first + place if place is not None and place < kept else None
                for place in (member.spouse, member.mother, member.father)
            )
            self.roster.people.append(person)

    def _home(self, *, migrants: bool, separated: bool) -> _Home:
        present = self._community()
        present_street = self._street()
        registered, registered_street = present, present_street
        days = self._random.randrange(200, _LONGEST_STAY_DAYS)
        if migrants:
            county = self._random.choice(list(self._places.origins))
            registered, registered_street = self._random.choice(self._places.origins[county]), self._street()
            days = self._random.randrange(30, 8 * 365)
        elif separated:
            registered_street = self._street()
            while registered == present and len(self._places.communities) > 1:
                registered = self._community()
        return _Home(
            registered,
            registered_street,
            present,
            present_street,
            self.roster.stock_date - timedelta(days=days),
        )

    def _community(self) -> str:
        return self._random.choices(self._places.communities, self._sizes)[0]

    def _street(self) -> str:
        draw = self._random.randint
        room = f"{draw(1, 18)}{draw(1, 4):02d}"
        return f"{self._random.choice(self._names.streets)}{draw(1, 399)}号{draw(1, 28)}幢{room}室"

    def _family_names(self, members: list[Member], nationality: str) -> list[str]:
        names: list[str] = []
        for member in members:
            if member.father is not None and member.father < len(names):
                names.append(self._names.child(member.sex, names[member.father]))
            elif member.relation is Relation.FATHER:
                names.append(self._names.father(names[0]))
            else:
                names.append(self._names.adult(member.sex, nationality))
        return names

    def _person(self, household: str, member: Member, name: str, nationality: str, home: _Home) -> Person:
        stock_date = self.roster.stock_date
        age = completed_years(member.birth_date, stock_date)
        newborn = (stock_date - member.birth_date).days < 60
        if newborn:
            kind = DocumentKind.BIRTH_CERTIFICATE
            number = self._identifiers.birth_certificate(self.roster.district)
        else:
            kind = DocumentKind.RESIDENT_ID
            number = self._identifiers.resident_id(home.registered_area[:6], member.birth_date, member.sex)
        return Person(
            household_number=household,
            name=name,
            sex=member.sex,
            birth_date=member.birth_date,
            document_kind=kind,
            document_number=number,
            nationality=nationality,
            marital_status=member.marital_status,
            relation=member.relation,
            registered_area=home.registered_area,
            registered_street=home.registered_street,
            present_area=home.present_area,
            present_street=home.present_street,
            present_since=max(home.since, member.birth_date),
            phone=self._identifiers.mobile() if 14 <= age < 80 and self._random.random() < 0.95 else "",
            children_born=member.children_born if member.sex is Sex.FEMALE else None,
            employer=self._random.choice(self._names.employers)
            if 18 <= age < 60 and self._random.random() < 0.6
            else "",
        )
