"""Every figure of random histories, recomputed by DuckDB from the exported facts, comes out the same to the last digit.

Histories hold corrections, retractions, events that come late, aggregate returns, and communities that are renamed,
merged, split and put under another subdistrict. Compared are numerator, denominator and rounded value.
"""

from pathlib import Path

import pytest

from renkou_reporting.indicators.domain import IndicatorKind
from tests.differential.comparing import Comparison
from tests.differential.district import EVERYWHERE, District
from tests.differential.independent import statements
from tests.facts.history import History
from tests.facts.places import changing

pytestmark = pytest.mark.endurance


def test_every_indicator_is_recomputed_but_those_of_what_was_published() -> None:
    recomputed = {code.removesuffix(" by age") for code in statements()}
    assert recomputed == {one.code for one in District.indicators() if one.kind is not IndicatorKind.ERROR}


@pytest.mark.parametrize("seed", [2, 3])
async def test_every_figure_of_a_small_history_is_what_counting_it_anew_gives(
    district: District, tmp_path: Path, seed: int
) -> None:
    history = History(2_000, seed, changing(2, 4))
    report = await Comparison(district, history, tmp_path / "facts", seed, values=1).run(boundaries=2)
    assert report.differences[:20] == []
    assert report.refused > 0, "of what was split nobody knows the parts"
    assert set(report.indicators) == {code.removesuffix(" by age") for code in statements()}


async def test_every_figure_of_200_000_facts_is_what_counting_them_anew_gives(
    district: District, tmp_path: Path
) -> None:
    history = History(200_000, 1, changing())
    report = await Comparison(district, history, tmp_path / "facts", values=1).run(boundaries=0)
    assert report.differences[:20] == []
    assert report.facts >= 200_000


async def test_one_wrong_sum_is_found_in_the_figures_that_read_it(district: District, tmp_path: Path) -> None:
    history = History(600, 4, changing(2, 4))
    await district.take_in(history)
    async with district.database.transaction(EVERYWHERE) as tx:
        wrong = await tx.fetchrow(
            "UPDATE cell SET value = value + 1 WHERE ctid = ("
            " SELECT ctid FROM cell WHERE measure = 'check_made' AND month > 202012 ORDER BY area, month LIMIT 1"
            ") RETURNING area, month"
        )
    report = await Comparison(district, history, tmp_path / "facts", values=0).compare(boundaries=0)
    assert wrong is not None
    month = f"{wrong['month'] // 100}-{wrong['month'] % 100:02d}"
    assert {told.split(" ")[0] for told in report.differences} == {"certificate_check_rate"}
    assert any(f" {wrong['area']} {month} " in told for told in report.differences)
    assert all(f" {wrong['area']} " in told for told in report.differences)
