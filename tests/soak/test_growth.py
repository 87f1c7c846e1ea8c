"""A slope is told from noise, steps and outliers."""

from random import Random

import pytest

from tests.soak.growth import Allowed, growth, slope

FLAT = Allowed("MiB", 0.1, 8, "why")


def series(hourly: float, *, noise: float = 0.0, seconds: int = 600) -> list[tuple[float, float]]:
    random = Random(1)
    return [(at, 200 + hourly * at / 3600 + random.uniform(-noise, noise)) for at in range(0, seconds, 10)]


def test_the_slope_of_a_line_is_its_slope() -> None:
    assert slope([(0, 1), (10, 2), (20, 3)]) == pytest.approx(0.1)
    assert slope([(0, 1)]) == 0


@pytest.mark.parametrize(("hourly", "holds"), [(0, True), (20, True), (60, False), (-500, True)])
def test_growth_beyond_what_is_allowed_is_found_through_noise(hourly: float, *, holds: bool) -> None:
    found = growth("memory", series(hourly, noise=1), FLAT)
    assert found.holds == holds
    assert found.hourly == pytest.approx(hourly, abs=8)


def test_one_outlier_and_a_rise_at_the_beginning_are_no_growth() -> None:
    points = [(at, value - max(0, 120 - at)) for at, value in series(0)]
    points[50] = (points[50][0], 900)
    assert growth("memory", points, FLAT).holds


def test_too_few_samples_are_no_verdict() -> None:
    with pytest.raises(ValueError, match="memory: 4 samples"):
        growth("memory", series(0, seconds=60), FLAT)
