"""What a synthetic roster consists of."""

from dataclasses import dataclass, field
from datetime import date

from renkou_common.codes.kinship import Relation
from renkou_common.codes.lists import DocumentKind, MaritalStatus, Sex


@dataclass(slots=True)
class Person:
    """One row of the roster. Areas are 12-digit codes; spouse, mother and father are places in `people`."""

    household_number: str
    name: str
    sex: Sex
    birth_date: date
    document_kind: DocumentKind
    document_number: str
    nationality: str
    marital_status: MaritalStatus
    relation: Relation
    registered_area: str
    registered_street: str
    present_area: str
    present_street: str
    present_since: date
    phone: str = ""
    children_born: int | None = None
    employer: str = ""
    spouse: int | None = None
    mother: int | None = None
    father: int | None = None

    def age_on(self, day: date) -> int:
        """Completed years."""
        return completed_years(self.birth_date, day)


@dataclass(slots=True)
class Roster:
    """The people of a district on its stock date, households one after another, the head of each first."""

    seed: int
    district: str
    stock_date: date
    people: list[Person] = field(default_factory=list)

    def households(self) -> dict[str, list[int]]:
        """Places in `people` by household number."""
        members: dict[str, list[int]] = {}
        for index, person in enumerate(self.people):
            members.setdefault(person.household_number, []).append(index)
        return members

    def is_migrant(self, person: Person) -> bool:
        """Registered in another district."""
        return not person.registered_area.startswith(self.district)


def completed_years(birth: date, day: date) -> int:
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
