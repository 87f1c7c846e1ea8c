"""When the register itself ends an absence that was registered as a departure."""

from datetime import date

import pytest

from renkou_migrant.departures.domain import closed_by_register
from renkou_migrant.outflow.domain import TimeAway

AREA = 340103002003
LEFT = date(2025, 3, 2)


def time(start: date, end: date | None = None) -> TimeAway:
    return TimeAway(AREA, start, end)


@pytest.mark.parametrize(
    "times",
    [
        [],
        [time(LEFT)],
        [time(date(2024, 5, 1), date(2024, 9, 1))],
        [time(date(2024, 5, 1), LEFT), time(LEFT)],
    ],
    ids=["not told yet", "still away", "an earlier absence", "an earlier one and this one"],
)
def test_the_departure_stays_open(times: list[TimeAway]) -> None:
    assert closed_by_register(LEFT, times) is None


def test_a_move_back_in_the_register_ends_the_departure_on_its_day() -> None:
    back = date(2025, 7, 9)
    assert closed_by_register(LEFT, [time(LEFT, back)]) == back
    assert closed_by_register(LEFT, [time(date(2024, 5, 1), date(2024, 9, 1)), time(LEFT, back)]) == back
