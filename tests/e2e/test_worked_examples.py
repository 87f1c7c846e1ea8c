"""Worked examples of the field, end to end: counts fed through the API, read as figures.

Each example has a year of its own in the residence district and empties its stock afterwards, so that none
disturbs another or the journey.
"""

from dataclasses import dataclass
from decimal import Decimal

import pytest

from tests.e2e.api import Json
from tests.e2e.journey import RESIDENCE, Journey
from tests.e2e.office import Office

pytestmark = pytest.mark.endurance
type Counts = tuple[tuple[str, str, int, int, int], ...]  # day, measure, sex, parity, value
STOCK = {"opening": 1, "birth": 1, "in": 1, "death": -1, "out": -1}


@dataclass(frozen=True)
class Example:
    """Counts of a year (and the stock before it), and the figure that must come out."""

    name: str
    indicator: str
    population: str
    lines: Counts
    value: str
    parity: int | None = None
    numerator: str = ""
    denominator: str = ""


def stock(
    year: int, opening: int, closing: int, births: int, deaths: int = 0
) -> tuple[tuple[str, str, int, int, int], ...]:
    """Return lines that lead from an opening to a closing stock with some births and deaths."""
    others = closing - opening - births + deaths
    balance = (f"{year}-06-30", "in" if others > 0 else "out", 0, 0, abs(others))
    found = [(f"{year - 1}-12-31", "opening", 0, 0, opening), (f"{year}-03-31", "birth", 1, 1, births)]
    if deaths:
        found.append((f"{year}-04-30", "death", 0, 0, deaths))
    return tuple([*found, balance] if others else found)


def migrant(year: int, *counts: tuple[str, int]) -> Counts:
    """Return lines of tasks in one month."""
    return tuple((f"{year}-05-31", measure, 0, 0, value) for measure, value in counts)


MEAN_695_000 = stock(1990, 690_000, 700_000, 4_700)
TO_915_000 = stock(1990, 882_101, 915_000, 6_200)
EXAMPLES = [
    Example(
        "4,700 births on a mean of 695,000",
        "birth_rate",
        "registered",
        stock(1990, 690_000, 700_000, 4_700),
        "6.76",
    ),
    Example(
        "6,200 births, 882,101 to 915,000",
        "birth_rate",
        "resident",
        stock(1990, 882_101, 915_000, 6_200),
        "6.90",
    ),
    Example(
        "births 9.08 and growth 1.78 leave deaths 7.30",
        "death_rate",
        "registered",
        stock(1992, 995_000, 1_005_000, 9_080, 7_300),
        "7.30",
    ),
    Example(
        "births 9.08 and deaths 7.30 leave growth 1.78",
        "natural_growth_rate",
        "resident",
        stock(1992, 995_000, 1_005_000, 9_080, 7_300),
        "1.78",
    ),
    Example(
        "6,453 of 6,824 births",
        "parity_share",
        "registered",
        (("1994-05-31", "birth", 1, 1, 6_453), ("1994-06-30", "birth", 2, 2, 371)),
        "94.56",
        parity=1,
    ),
    Example(
        "821 of 932 births",
        "parity_share",
        "resident",
        (("1994-05-31", "birth", 1, 1, 821), ("1994-06-30", "birth", 2, 2, 111)),
        "88.09",
        parity=1,
    ),
    Example(
        "535 boys and 500 girls",
        "sex_ratio_at_birth",
        "registered",
        (("1996-01-31", "birth", 1, 1, 535), ("1996-12-31", "birth", 2, 1, 500)),
        "107.00",
    ),
    Example(
        "42,980 checks made of 43,066 due",
        "certificate_check_rate",
        "migrant_in",
        migrant(1990, ("check_due", 43_066), ("check_made", 42_980)),
        "99.80",
        numerator="42980",
        denominator="43066",
    ),
    Example(
        "981 notices of 1,000",
        "notice_rate",
        "migrant_in",
        migrant(1992, ("notice_due", 1_000), ("notice_sent", 981)),
        "98.10",
    ),
    Example(
        "700 confirmations of 900",
        "confirmation_rate",
        "migrant_in",
        migrant(1994, ("notice_confirmable", 900), ("notice_confirmed", 700)),
        "77.78",
    ),
]


async def hand_in(office: Office, example: Example) -> None:
    """Bring the counts into the figures as returns, one for each month, by two people."""
    left = sum(STOCK.get(measure, 0) * value for _, measure, _, _, value in example.lines)
    after = f"{int(max(day for day, *_ in example.lines)[:4]) + 1}-01-31"
    counts = [*example.lines, (after, "out", 0, 0, left)] if left else example.lines
    months = sorted({day[:7] for day, *_ in counts})
    for month in months:
        lines: list[Json] = [
            {
                "area": RESIDENCE,
                "on": day,
                "population": example.population,
                "measure": measure,
                "sex": sex,
                "parity": parity,
                "value": value,
            }
            for day, measure, sex, parity, value in counts
            if day.startswith(month)
        ]
        head = {"form": "counts", "area": RESIDENCE, "period": month}
        body = head | {"title": example.name, "source": "test", "lines": lines}
        made = await office.statistician.post("reporting", "/returns", body)
        for api, step in (
            (office.statistician, "handing-in"),
            (office.administrator, "check"),
            (office.administrator, "signature"),
        ):
            path = f"/returns/{made['id']}/{step}"
            made = await api.post("reporting", path, {}, key=None, version=made["version"])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
async def test_worked_example(journey: Journey, example: Example) -> None:
    office = journey.offices[RESIDENCE]
    await hand_in(office, example)
    api = office.statistician
    year = next(day[:4] for day, measure, *_ in example.lines if measure != "opening")
    figure = await api.get(
        "reporting",
        "/figures",
        indicator=example.indicator,
        area=RESIDENCE,
        population=example.population,
        period=year,
        parity=example.parity,
    )
    assert figure["value"] == example.value
    if example.numerator:
        assert Decimal(figure["numerator"]) == Decimal(example.numerator)
        assert Decimal(figure["denominator"]) == Decimal(example.denominator)
