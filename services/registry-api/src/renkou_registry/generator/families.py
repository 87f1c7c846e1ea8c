"""Plausible families of a given size: who lives together, how old they are, who descends from whom.

Ages of heads follow the pyramid of the 2020 census in rough steps; births follow the mother's age.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from random import Random

from renkou_common.codes.kinship import Relation

MALE, FEMALE = 1, 2
UNMARRIED, FIRST_MARRIAGE, REMARRIED, WIDOWED, DIVORCED = "10", "21", "22", "30", "40"
_BOYS_PER_CHILD = 0.524  # a sex ratio at birth of 110
_SIZES = (1, 2, 3, 4, 5, 6)
_SIZE_WEIGHTS = list(accumulate((19, 27, 25, 16, 8, 5)))
_HEAD_AGES = {  # by size: (from, to, weight)
    1: ((19, 29, 30), (30, 59, 35), (60, 74, 20), (75, 92, 15)),
    2: ((24, 34, 18), (35, 54, 25), (55, 74, 42), (75, 90, 15)),
    3: ((25, 34, 25), (35, 49, 45), (50, 60, 30)),
    4: ((28, 34, 25), (35, 49, 60), (50, 56, 15)),
    5: ((28, 36, 35), (37, 48, 65)),
    6: ((28, 36, 35), (37, 48, 65)),
}


@dataclass(slots=True)
class Member:
    """A member before name, number and address; references are places in the family, -1 is nobody."""

    sex: int
    born: date
    relation: str
    marital_status: str
    spouse: int = -1
    mother: int = -1
    father: int = -1
    children: int = 0


def sizes(random: Random, households: int, persons: int) -> list[int]:
    """Return household sizes, each from 1 to 6, that add up to exactly ``persons``."""
    if not households <= persons <= 6 * households:
        raise ValueError(f"{persons} people do not fit into {households} households of 1 to 6")
    found = random.choices(_SIZES, cum_weights=_SIZE_WEIGHTS, k=households)
    missing = persons - sum(found)
    step = 1 if missing > 0 else -1
    while missing:
        place = random.randrange(households)
        if 1 <= found[place] + step <= 6:
            found[place] += step
            missing -= step
    return found


def family(random: Random, size: int, today: date) -> list[Member]:
    """Return a family, its head first."""
    low, high, _ = random.choices(_HEAD_AGES[size], [weight for *_, weight in _HEAD_AGES[size]])[0]
    age = random.randint(low, high)
    if size == 1:
        return [_single(random, age, today)]
    if size == 2 and random.random() < 0.2:
        return _parent_and_child(random, age, today)
    members = _couple(random, age, today)
    head, spouse = members
    children = size - 2
    if size == 5 or (size == 4 and random.random() < 0.15) or (size == 3 and random.random() < 0.1):
        children -= 1
    elif size == 6:
        children -= 2
    mother, father = (1, 0) if head.sex == MALE else (0, 1)
    oldest = min(*(_age(each.born, today) - 22 for each in members), 30)
    for number in range(children):
        years = max(oldest - number * random.randint(2, 5), 0) if oldest > 0 else 0
        members.append(_child(random, _born(random, years, today), mother, father))
    head.children = spouse.children = children
    if size - len(members) > 0:
        _add_parents(random, members, size - len(members), today)
    return members


def _single(random: Random, age: int, today: date) -> Member:
    sex = MALE if random.random() < (0.56 if age < 60 else 0.36) else FEMALE
    if age < 28 or random.random() < 0.18:
        status = UNMARRIED
    else:
        status = WIDOWED if age >= 65 and random.random() < 0.8 else DIVORCED
    children = 0 if status == UNMARRIED else random.choice((0, 1, 1, 2))
    return Member(sex, _born(random, age, today), Relation.HEAD, status, children=children)


def _parent_and_child(random: Random, age: int, today: date) -> list[Member]:
    age = max(age, 25)
    sex = FEMALE if random.random() < 0.6 else MALE
    status = WIDOWED if age > 60 else DIVORCED
    head = Member(sex, _born(random, age, today), Relation.HEAD, status, children=1)
    born = _born(random, max(age - random.randint(22, 32), 0), today)
    mother, father = (0, -1) if sex == FEMALE else (-1, 0)
    return [head, _child(random, born, mother, father)]


def _couple(random: Random, age: int, today: date) -> list[Member]:
    head_sex = MALE if random.random() < 0.74 else FEMALE
    older = max(-4, min(9, round(random.gauss(2, 2.2))))
    other = max(22, age - older if head_sex == MALE else age + older)
    status = REMARRIED if random.random() < 0.08 else FIRST_MARRIAGE
    return [
        Member(head_sex, _born(random, age, today), Relation.HEAD, status, spouse=1),
        Member(3 - head_sex, _born(random, other, today), Relation.SPOUSE, status, spouse=0),
    ]


def _child(random: Random, born: date, mother: int, father: int) -> Member:
    boy = random.random() < _BOYS_PER_CHILD
    relation = Relation.SON if boy else Relation.DAUGHTER
    return Member(MALE if boy else FEMALE, born, relation, UNMARRIED, mother=mother, father=father)


def _add_parents(random: Random, members: list[Member], count: int, today: date) -> None:
    """Add one or both parents of the head."""
    head = members[0]
    mother_age = min(_age(head.born, today) + random.randint(21, 31), 95)
    both = count == 2
    status = FIRST_MARRIAGE if both else WIDOWED
    if both or random.random() < 0.3:
        head.father = len(members)
        age = min(mother_age + random.randint(-2, 6), 95)
        members.append(Member(MALE, _born(random, age, today), Relation.FATHER, status, children=1))
    if both or head.father < 0:
        head.mother = len(members)
        members.append(Member(FEMALE, _born(random, mother_age, today), Relation.MOTHER, status, children=1))
    if both:
        members[head.father].spouse, members[head.mother].spouse = head.mother, head.father


def _born(random: Random, age: int, today: date) -> date:
    """Return a birth date that makes the age in completed years."""
    latest = date(today.year - age, today.month, min(today.day, 28))
    return latest - timedelta(days=random.randrange(360))


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
