"""What narrows a search or a list of persons beside the name: conditions on the person's row.

Each takes :class:`.repository.Conditions` and adds to it. A feature with a state of its own that people are
searched by (the card) states its condition here, as SQL on ``p`` with one ``{}`` for the value: it may join
its own table by ``person_id``.
"""

from dataclasses import dataclass
from datetime import date

from renkou_common.codes.area import AreaCode
from renkou_common.codes.lists import Population
from renkou_common.scope import AreaScope
from renkou_registry.life_events.calendar import add_months
from renkou_registry.search.repository import Conditions

BY_STATE: dict[str, str] = {
    "card": "coalesce((SELECT c.state FROM card c WHERE c.person_id = p.id), 'none') = {}",
}
"""States of other features: name to condition on ``p``."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a person has to be like; None does not matter. Ages are completed years."""

    area: AreaCode | None = None
    population: Population | None = None
    sex: int | None = None
    marital_status: str | None = None
    age_from: int | None = None
    age_to: int | None = None
    alive: bool | None = None
    states: tuple[tuple[str, str], ...] = ()

    def add_to(self, conditions: Conditions, district: AreaCode, today: date) -> None:
        """Add every condition that was asked for."""
        if self.area is not None:
            low, high = self.area.interval()
            conditions.add(
                "(p.present_area BETWEEN {} AND {} OR p.registered_area BETWEEN {} AND {})",
                low,
                high,
                low,
                high,
            )
        if self.population is not None:
            _in_population(self.population, conditions, district, today)
        if self.sex is not None:
            conditions.add("p.sex = {}", self.sex)
        if self.marital_status is not None:
            conditions.add("p.marital_status = {}", self.marital_status)
        if self.age_from is not None:
            conditions.add("p.birth_date <= {}", add_months(today, -12 * self.age_from))
        if self.age_to is not None:
            conditions.add("p.birth_date > {}", add_months(today, -12 * (self.age_to + 1)))
        if self.alive is not None:
            conditions.add("p.alive = {}", self.alive)
        for name, state in self.states:
            conditions.add(BY_STATE[name], state)


def _in_population(population: Population, conditions: Conditions, district: AreaCode, today: date) -> None:
    low, high = district.interval()
    conditions.add("p.alive")
    match population:
        case Population.REGISTERED:
            conditions.add("p.registered_area BETWEEN {} AND {}", low, high)
        case Population.RESIDENT:
            conditions.add(
                "CASE WHEN p.usual_next_on <= {} THEN p.usual_next_area ELSE p.usual_area END"
                " BETWEEN {} AND {}",
                today,
                low,
                high,
            )
        case Population.MIGRANT_IN:
            conditions.add("p.present_area BETWEEN {} AND {}", low, high)
            conditions.add("NOT p.registered_area BETWEEN {} AND {}", low, high)
        case Population.MIGRANT_OUT:
            conditions.add("p.registered_area BETWEEN {} AND {}", low, high)
            conditions.add("NOT p.present_area BETWEEN {} AND {}", low, high)


def in_scope(scope: AreaScope, conditions: Conditions) -> None:
    """Add that a person is in the register and within the caller's areas."""
    area = f"(SELECT {conditions.value(scope.multirange)}::text::int8multirange)"
    conditions.texts.append(
        f"(p.present_area <@ {area} OR p.registered_area <@ {area} OR p.left_area <@ {area})"
    )
    conditions.texts.append("NOT p.withdrawn")
