"""A period is published by the boundaries of its last day, whatever changes later."""

from ..api.test_areas import change, read_tree
from ..support import Json
from .steps import PERIOD, District

TOWN, ONE, TWO, THREE, PART = "340103001", "340103001001", "340103001002", "340103002001", "340103002009"


async def births(district: District, version: int | str = "latest") -> dict[str, str | None]:
    """Published births of usual residents by area."""
    asked = {"indicator": "births", "population": "resident"}
    items = (await district.published(version, **asked))["items"]
    return {one["area"]: one["value"] for one in items if not one["dims"]}


async def test_a_community_merged_during_the_period_is_published_with_both_parts(district: District) -> None:
    await read_tree(district.reporting)
    await change(district.reporting, "merge", "2026-01-16", {ONE: [ONE], TWO: [ONE]})
    closing_id = await district.closed()
    found = await births(district)
    assert (found["340103"], found[TOWN], found[ONE]) == ("240", "120", "120")
    assert TWO not in found
    account = next(one for one in (await district.published(area=ONE, population="resident"))["accounts"])
    assert (account["parts"]["opening"], account["parts"]["born"]) == (30000, 120)

    await change(district.reporting, "transfer", "2026-03-01", {THREE: [PART]})
    await district.late([district.line("resident", "birth", "2026-01-25", 10, area=TWO, sex=1, parity=1)])
    await district.restate(closing_id, "补报")
    assert await births(district) == found | {"340103": "250", TOWN: "130", ONE: "130"}
    assert await births(district, 1) == found

    asked: Json = {"indicator": "reporting_error_rate", "population": "resident", "period": PERIOD}
    below = asked | {"area": TOWN, "areas": "communities"}
    error = (await district.statistician.get("/figures/cells", params=below)).json()
    assert (error["value"], [(one["area"], one["counts"]) for one in error["items"]]) == (
        "7.69",
        [(ONE, "10")],
    )
    (fact,) = (await district.statistician.get("/figures/facts", params=asked | {"area": ONE})).json()[
        "items"
    ]
    assert (fact["area"], fact["value"]) == (TWO, 10)
    for indicator in ("births", "reporting_error_rate"):
        why = asked | {"indicator": indicator, "area": ONE, "before": 1, "after": 2}
        answer = (await district.statistician.get("/figures/change/versions", params=why)).json()
        assert {one["cause"] for one in answer["items"]} == {"late"}


async def test_what_cannot_be_told_apart_after_a_split_is_published_as_that(district: District) -> None:
    await read_tree(district.reporting)
    await change(district.reporting, "split", "2026-01-16", {THREE: [THREE, PART]})
    await district.late([district.line("resident", "birth", "2026-01-20", 10, area=PART, sex=1, parity=1)])
    await district.closed()
    rows = (await district.published(indicator="births", population="resident"))["items"]
    reasons = {row["area"]: (row["value"], row["reason"]) for row in rows if not row["dims"]}
    assert reasons[THREE] == reasons[PART] == (None, "boundaries")
    assert (reasons["340103002"], reasons["340103"]) == (("130", None), ("250", None))
    areas = {one["area"] for one in (await district.published(population="resident"))["accounts"]}
    assert {"340103", "340103002"} <= areas
    assert not {THREE, PART} & areas
    document = (await district.statistician.get(f"/published/{PERIOD}/1/document")).json()
    assert set(document) == {"payload", "protected", "signature"}
