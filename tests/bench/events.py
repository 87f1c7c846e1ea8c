"""Events as a roster import makes them: people with the two lines that each opens with."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from random import Random
from uuid import UUID, uuid4

from renkou_common.contracts.lines import Line, Measure, Population
from renkou_common.contracts.registry import PersonRegistered, RegistryEventType

_COMMUNITIES = [f"3401030{town:02d}0{place:02d}" for town in range(1, 12) for place in range(1, 6)]
_MONTHS = 24

type Content = tuple[RegistryEventType, UUID, PersonRegistered]


class People:
    """Makes as many events as are asked for, always the same ones but for their ids."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"bench {seed}")
        self._numbers = count()

    def take(self, number: int) -> list[Content]:
        """Return that many more events."""
        return [next(self._events()) for _ in range(number)]

    def _events(self) -> Iterator[Content]:
        draw = self._random.randrange
        while True:
            person = uuid4()
            area = _COMMUNITIES[draw(len(_COMMUNITIES))]
            on = date(2024, 1, 15) + timedelta(days=30 * (next(self._numbers) % _MONTHS))
            birth_month = f"{1940 + draw(80)}-{1 + draw(12):02d}"
            lines = [
                Line(
                    population=population,
                    area=area,
                    on=on,
                    measure=Measure.OPENING,
                    sex=1 + draw(2),
                    birth_month=birth_month,
                    value=1,
                )
                for population in (Population.REGISTERED, Population.RESIDENT)
            ]
            content = PersonRegistered(
                person_ref=person,
                life_event_id=uuid4(),
                happened_on=on,
                sex=lines[0].sex,
                birth_month=birth_month,
                alive=True,
                marital_status="20",
                children_count=1,
                registered_area=area,
                present_area=area,
                present_since=on,
                lines=lines,
            )
            yield RegistryEventType.PERSON_REGISTERED, person, content
