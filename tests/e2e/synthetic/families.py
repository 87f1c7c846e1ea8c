"""Plausible families: who lives together, how old they are, how many children a woman has borne.

Adult ages follow the pyramid of the 2020 census in rough steps; births follow the mother's age.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from renkou_common.codes.kinship import Relation
from renkou_common.codes.lists import MaritalStatus, Sex

from .people import completed_years

# Ages of household heads by weight, resident families and migrants.
_RESIDENT_AGES = (
    (20, 24, 3),
    (25, 34, 20),
    (35, 44, 22),
    (45, 54, 22),
    (55, 64, 17),
    (65, 74, 12),
    (75, 89, 6),
)
_MIGRANT_AGES = ((18, 24, 20), (25, 34, 38), (35, 44, 24), (45, 54, 14), (55, 64, 4))
_CHILDREN = (0, 1, 2, 3)
_CHILDREN_WEIGHTS = (8, 46, 37, 9)
_BOYS_PER_CHILD = 0.524  # a sex ratio at birth of 110
_MARRIED_KINDS = (MaritalStatus.FIRST_MARRIAGE, MaritalStatus.REMARRIED, MaritalStatus.RESUMED)
_YEAR = 365.25


@dataclass(slots=True)
class Member:
    """A member of a family before names, numbers and addresses. The references are places in the family."""

    sex: Sex
    birth_date: date
    relation: Relation
    marital_status: MaritalStatus
    children_born: int | None = None
    spouse: int | None = None
    mother: int | None = None
    father: int | None = None


@dataclass(slots=True)
class FamilyMaker:
    """Draws families as of a stock date."""

    random: Random
    stock_date: date
    _members: list[Member] = field(default_factory=list)

    def draw(self, *, migrants: bool) -> list[Member]:
        """A family, its head first. Migrants are younger, oftener alone and never bring parents."""
        self._members = []
        age = self._age(_MIGRANT_AGES if migrants else _RESIDENT_AGES)
        alone = 0.35 if migrants else 0.12
        if age < 23 or self.random.random() < alone:
            self._single(age)
        else:
            self._couple(age)
            if not migrants and 26 <= age <= 52 and self.random.random() < 0.22:
                self._parents_of_head()
        return self._members

    def _age(self, steps: tuple[tuple[int, int, int], ...]) -> int:
        low, high, _ = self.random.choices(steps, [weight for *_, weight in steps])[0]
        return self.random.randint(low, high)

    def _born(self, age: int) -> date:
        """A birth date that makes the age in completed years on the stock date."""
        latest = self.stock_date.replace(year=self.stock_date.year - age, day=min(self.stock_date.day, 28))
        return latest - timedelta(days=self.random.randrange(360))

    def _single(self, age: int) -> None:
        sex = Sex.MALE if self.random.random() < (0.55 if age < 60 else 0.35) else Sex.FEMALE
        if age < 30 or self.random.random() < 0.15:
            status = MaritalStatus.UNMARRIED
        elif age >= 65 and self.random.random() < 0.75:
            status = MaritalStatus.WIDOWED
        else:
            status = MaritalStatus.DIVORCED
        head = Member(sex, self._born(age), Relation.HEAD, status)
        self._members.append(head)
        births = [] if status is MaritalStatus.UNMARRIED else self._births(head.birth_date)
        if sex is Sex.FEMALE:
            head.children_born = len(births)
            self._children_at_home(births, mother=0, father=None)

    def _couple(self, age: int) -> None:
        head_sex = Sex.MALE if self.random.random() < 0.76 else Sex.FEMALE
        spouse_sex = Sex.FEMALE if head_sex is Sex.MALE else Sex.MALE
        older = max(-4, min(9, round(self.random.gauss(2, 2.2))))
        spouse_age = max(21, age - older if head_sex is Sex.MALE else age + older)
        status = self.random.choices(_MARRIED_KINDS, (90, 8, 2))[0]
        head = Member(head_sex, self._born(age), Relation.HEAD, status, spouse=1)
        spouse = Member(spouse_sex, self._born(spouse_age), Relation.SPOUSE, status, spouse=0)
        self._members += [head, spouse]
        mother, father = (1, 0) if head_sex is Sex.MALE else (0, 1)
        births = self._births(self._members[mother].birth_date)
        self._members[mother].children_born = len(births)
        self._children_at_home(births, mother, father)

    def _births(self, mother_birth: date) -> list[date]:
        """Birth dates of the children a woman born then has had by the stock date."""
        wanted = self.random.choices(_CHILDREN, _CHILDREN_WEIGHTS)[0]
        at_age = min(38.0, max(20.5, self.random.gauss(26.5, 3.2)))
        births = []
        for _ in range(wanted):
            birth = mother_birth + timedelta(days=round(at_age * _YEAR) + self.random.randrange(200))
            if birth > self.stock_date or at_age > 44:
                break
            births.append(birth)
            at_age += self.random.uniform(1.6, 5.5)
        return births

    def _children_at_home(self, births: list[date], mother: int, father: int | None) -> None:
        for birth in births:
            age = completed_years(birth, self.stock_date)
            stays = 1.0 if age < 18 else 0.75 if age < 24 else 0.4 if age < 32 else 0.0
            if self.random.random() >= stays:
                continue
            boy = self.random.random() < _BOYS_PER_CHILD
            self._members.append(
                Member(
                    Sex.MALE if boy else Sex.FEMALE,
                    birth,
                    Relation.SON if boy else Relation.DAUGHTER,
                    MaritalStatus.UNMARRIED,
                    children_born=None if boy or age < 15 else 0,
                    mother=mother,
                    father=father,
                )
            )

    def _parents_of_head(self) -> None:
        head = self._members[0]
        mother_age = completed_years(head.birth_date, self.stock_date) + self.random.randint(21, 31)
        father_age = mother_age + self.random.randint(-2, 6)
        with_father = father_age <= 92 and self.random.random() < 0.6
        with_mother = mother_age <= 95 and (not with_father or self.random.random() < 0.85)
        status = MaritalStatus.FIRST_MARRIAGE if with_father and with_mother else MaritalStatus.WIDOWED
        if with_father:
            head.father = len(self._members)
            self._members.append(Member(Sex.MALE, self._born(father_age), Relation.FATHER, status))
        if with_mother:
            head.mother = len(self._members)
            born = self.random.choices((1, 2, 3, 4), (35, 35, 20, 10))[0]
            self._members.append(
                Member(Sex.FEMALE, self._born(mother_age), Relation.MOTHER, status, children_born=born)
            )
        if head.father is not None and head.mother is not None:
            self._members[head.father].spouse = head.mother
            self._members[head.mother].spouse = head.father
