"""Explained by the boundaries of another day: cells fall under the areas of that day, and what cannot be told apart
has no cells."""

from ..api.test_areas import FIRST, FOUR, ONE, SECOND, SIX, THREE, TWO, born, change, read_tree
from ..support import Json, LineMaker, Reporting

ASKED: Json = {"indicator": "births", "population": "registered", "period": "2025"}


async def test_cells_fall_under_the_areas_of_the_day(reporting: Reporting, line: LineMaker) -> None:
    await read_tree(reporting)
    await reporting.take_in(
        "registry", born(line, ONE, "2025-03-01", "2025-04-01"), born(line, TWO, "2025-05-01"),
        born(line, THREE, "2025-06-01"), born(line, FOUR, "2025-06-01"),
    )  # fmt: skip
    await change(reporting, "merge", "2026-01-01", {ONE: [THREE], TWO: [THREE], THREE: [THREE]})
    statistician = await reporting.staff("statistician", "340103")
    asked = ASKED | {"area": "340103", "boundaries": "2026-06-30", "areas": "communities"}
    answer = (await statistician.get("/figures/cells", params=asked)).json()
    by_area: dict[str, int] = {}
    for cell in answer["items"]:
        by_area[cell["area"]] = by_area.get(cell["area"], 0) + cell["value"]
    assert (answer["value"], by_area) == ("5", {THREE: 4, FOUR: 1})

    march = next(cell for cell in answer["items"] if cell["month"] == "2025-03")
    given = {**asked, "cell": march["cell"]}
    del given["areas"]
    (fact,) = (await statistician.get("/figures/facts", params=given)).json()["items"]
    assert (march["area"], fact["area"]) == (THREE, ONE)

    towns = asked | {"areas": "children"}
    answer = (await statistician.get("/figures/cells", params=towns)).json()
    assert {cell["area"] for cell in answer["items"]} == {FIRST, SECOND}


async def test_what_cannot_be_told_apart_has_no_cells(reporting: Reporting, line: LineMaker) -> None:
    await read_tree(reporting)
    await reporting.take_in("registry", born(line, ONE, "2025-03-01"), born(line, SIX, "2026-04-01"))
    await change(reporting, "split", "2026-01-01", {ONE: [ONE, SIX]})
    statistician = await reporting.staff("statistician", "340103")
    asked = ASKED | {"area": SIX, "boundaries": "2026-06-30"}
    for path in ("/figures/cells", "/figures/facts"):
        answer = await statistician.get(path, params=asked)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "no_figure")
        assert "合并统计" in answer.json()["detail"]
