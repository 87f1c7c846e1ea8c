"""Whatever was published is shown again to the digit: after later facts, later versions and other definitions."""

import json
from pathlib import Path
from typing import Any

from renkou_reporting.published.__main__ import main

from ..support import Json
from .steps import PERIOD, District

EXAMPLE = {"births": "4700", "mean_population": "695000"}


async def redefined(district: District, code: str, **changes: Any) -> int:
    """Put another definition of an indicator in force; returns its version."""
    kept = (await district.statistician.get(f"/indicators/{code}/versions")).json()["items"][0]
    definition = {
        name: value for name, value in kept["definition"].items() if name not in ("version", "code")
    }
    body = {"definition": {"code": code} | definition | changes, "reason": "口径调整"}
    draft = await district.statistician.post("/indicators", json=body)
    assert draft.status_code == 201, draft.text
    version: int = draft.json()["version"]
    colleague = await district.reporting.staff("statistician", "340103")
    answer = await colleague.post(f"/indicators/{code}/versions/{version}/activation")
    assert answer.status_code in (200, 201), answer.text
    return version


async def everything(district: District, version: int) -> tuple[Json, Json, bytes]:
    """A version as it is shown: figures, differences, signed file."""
    path = f"/published/{PERIOD}/{version}"
    shown = [await district.statistician.get(f"{path}{part}") for part in ("", "/differences", "/document")]
    assert [one.status_code for one in shown] == [200, 200, 200]
    return shown[0].json(), shown[1].json(), shown[2].content


async def test_three_versions_over_changed_definitions_are_shown_as_they_were_published(
    district: District, tmp_path: Path
) -> None:
    late = district.line("resident", "birth", "2026-01-25", 10, sex=1, parity=1)
    published: dict[int, tuple[Json, Json, bytes]] = {}
    closing_id = await district.closed()
    published[1] = await everything(district, 1)
    per_hundred = {"factor": 100, "unit": "%", "examples": [{"inputs": EXAMPLE, "value": "0.68"}]}
    await redefined(district, "birth_rate", **per_hundred)
    await district.restate(closing_id, "口径调整")
    published[2] = await everything(district, 2)
    await district.late([late])
    finer = per_hundred | {"digits": 4, "examples": [{"inputs": EXAMPLE, "value": "0.6763"}]}
    await redefined(district, "birth_rate", **finer)
    await district.restate(closing_id, "补报并调整口径")
    published[3] = await everything(district, 3)
    await district.late([late])
    await redefined(
        district,
        "birth_rate",
        factor=1000,
        unit="‰",
        digits=1,
        examples=[{"inputs": EXAMPLE, "value": "6.8"}],
    )

    for version, then in published.items():
        assert await everything(district, version) == then
        file = tmp_path / f"{version}.json"
        file.write_bytes(then[2])
        assert main(["verify", str(file)]) == 0
    rates = [await district.figure("birth_rate", version) for version in (1, 2, 3)]
    assert [one["value"] for one in rates] == ["3.99", "0.40", "0.4159"]
    assert [one["numerator"] for one in rates] == ["240", "240", "250"]
    units = [published[version][0]["definitions"]["birth_rate"]["unit"] for version in (1, 2, 3)]
    assert units == ["‰", "%", "%"]
    changed = {
        version: {
            (one["indicator"], one["definition_changed"])
            for one in published[version][1]["items"]
            if (one["area"], one["population"], one["dims"]) == ("340103", "resident", "")
        }
        for version in (2, 3)
    }
    assert changed[2] == {("birth_rate", True)}
    assert {("birth_rate", True), ("births", False)} <= changed[3]
    listed = (await district.statistician.get("/published")).json()["items"]
    assert [(one["version"], one["hash"]) for one in listed] == [
        (version, published[version][0]["hash"]) for version in (3, 2, 1)
    ]
    assert json.loads(published[1][2]) != json.loads(published[2][2])


async def test_the_error_is_the_difference_of_first_and_newest_by_its_formula(district: District) -> None:
    closing_id = await district.closed()
    line = district.line
    for number in (15, -7):
        births = line("resident", "birth", "2026-01-25", number, sex=1, parity=1)
        deaths = line("resident", "death", "2026-01-26", number + 1, sex=1, birth_month="1990-01")
        await district.late([births, deaths])
        await district.restate(closing_id, f"补报 {number}")
    for error, of in (("reporting_error_rate", "births"), ("reporting_error_rate_deaths", "deaths")):
        first, newest = [int((await district.figure(of, version))["value"]) for version in (1, 3)]
        asked = {"indicator": error, "area": "340103", "population": "resident", "period": PERIOD}
        answer = (await district.statistician.get("/figures", params=asked)).json()
        assert answer["value"] == f"{abs(first - newest) / newest * 100:.2f}"
        assert answer["parts"] == {"first": str(first), "restated": str(newest)}
