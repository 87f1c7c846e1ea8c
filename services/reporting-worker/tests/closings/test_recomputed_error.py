"""The reporting error, recomputed by DuckDB from exported facts: what was published first, what is published last.

The first and the last version say at which event of each feed they stand; the facts up to these events are counted.
"""

from datetime import UTC, datetime
from pathlib import Path
from random import Random

import duckdb
import pytest

from renkou_common.contracts.lines import Line
from renkou_reporting.areas.service import EXPORTED
from renkou_reporting.facts.export import export_facts

from .steps import PERIOD, District

AREAS = ("340103", "340103001", "340103002", "340103001001", "340103001002", "340103002001")
MEASURES = {"reporting_error_rate": "birth", "reporting_error_rate_deaths": "death"}
# |first published - restated| / restated x 100, two decimals, half up
RECOMPUTED = """
WITH counted AS (
    SELECT coalesce(sum(value) FILTER (seq <= ?), 0) AS first, coalesce(sum(value) FILTER (seq <= ?), 0) AS last
    FROM read_csv(?, header = true, types = {'area': 'VARCHAR', 'happened_on': 'DATE'})
    WHERE feed = 'registry' AND population = 'resident' AND measure = ? AND starts_with(area, ?)
        AND happened_on BETWEEN DATE '2026-01-01' AND DATE '2026-01-31'
)
SELECT ((2 * abs(first - last) * 10000 + last) // (2 * last))::BIGINT FROM counted
"""


def late_lines(district: District, random: Random) -> list[Line]:
    """Births and deaths that come late or are taken back, of this month and the next."""
    return [_late(district, random) for _ in range(random.randint(1, 6))]


def _late(district: District, random: Random) -> Line:
    month = random.choice(("2026-01", "2026-01", "2026-02"))
    measure, born = random.choice((("birth", month), ("birth", month), ("death", "1990-01")))
    day = f"{month}-{random.randint(21, 28)}"
    area, count = random.choice(AREAS[3:]), random.choice((1, 1, 2, 5, -1))
    return district.line("resident", measure, day, count, area=area, sex=1, birth_month=born)


@pytest.mark.parametrize("seed", [1, 2])
async def test_the_error_is_what_the_facts_of_both_versions_give(
    district: District, tmp_path: Path, seed: int
) -> None:
    random = Random(seed)
    closing_id = await district.closed()
    for _ in range(2):
        for _ in range(random.randint(2, 5)):
            await district.late(late_lines(district, random))
        await district.restate(closing_id, "补报")
    await district.late(late_lines(district, random))  # not published: of no concern
    first, last = [(await district.published(version))["positions"]["registry"] for version in (1, "latest")]
    assert first < last
    written = await export_facts(
        district.reporting.access.app_url, tmp_path / "facts", "340103", datetime.now(UTC), EXPORTED
    )
    assert written.positions["registry"] > last
    duck = duckdb.connect()
    for indicator, measure in MEASURES.items():
        for area in AREAS:
            asked = {"indicator": indicator, "area": area, "population": "resident", "period": PERIOD}
            told = (await district.statistician.get("/figures", params=asked)).json()["value"]
            given = [first, last, str(tmp_path / "facts" / "fact.csv"), measure, area]
            (value,) = duck.execute(RECOMPUTED, given).fetchall()[0]
            assert told == f"{value // 100}.{value % 100:02d}", asked
