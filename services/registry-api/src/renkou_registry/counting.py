"""In which population and where a fact about a person counts. No I/O."""

from typing import NamedTuple, Protocol

from renkou_common.contracts.lines import Population


class Addresses(Protocol):
    """The two addresses of a person as 12-digit area keys."""

    @property
    def present_area(self) -> int: ...
    @property
    def registered_area(self) -> int: ...


class Counting(NamedTuple):
    """Where a fact counts: residents registered here and migrants in stand side by side."""

    population: Population
    area: int


def counting_of(person: Addresses, district: tuple[int, int]) -> Counting | None:
    """Return where a person's fact counts: at the present address if that is in the district, else at the
    registered one; None for somebody who neither lives nor is registered here."""
    low, high = district
    registered_here = low <= person.registered_area <= high
    if low <= person.present_area <= high:
        population = Population.REGISTERED if registered_here else Population.MIGRANT_IN
        return Counting(population, person.present_area)
    return Counting(Population.REGISTERED, person.registered_area) if registered_here else None
