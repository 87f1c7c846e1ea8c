"""The register's own counts are the sums of the lines of its events, on every day, and name nobody."""

from collections import Counter
from datetime import date

import orjson

from renkou_common.scope import AreaScope

from ...support import Registry
from .people import People

HERE, NEXT_DOOR, AWAY = "340103001001", "340103001002", "310115"
SIGNS = {"opening": 1, "birth": 1, "in": 1, "death": -1, "out": -1}
DAYS = ("2024-12-31", "2025-02-28", "2025-03-01", "2025-06-01", "2025-08-31", "2025-12-31", "2026-02-28")
POPULATIONS = {"registered", "resident", "migrant_in", "migrant_out"}


async def summed(registry: Registry, on: str) -> Counter[tuple[str, str]]:
    """Return the people that the lines of all events make at the end of a day."""
    people: Counter[tuple[str, str]] = Counter()
    async with registry.runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        rows = await tx.fetch("SELECT body FROM outbox")
    for row in rows:
        for line in orjson.loads(row["body"])["data"].get("lines", []):
            if line["measure"] in SIGNS and line["on"] <= on and line["population"] in POPULATIONS:
                people[line["population"], line["area"]] += SIGNS[line["measure"]] * line["value"]
    return Counter({key: number for key, number in people.items() if number})


async def test_counts_are_the_sums_of_the_lines_on_every_day(fresh_registry: Registry) -> None:
    clerk = await fresh_registry.staff("subdistrict_clerk", "340103")
    people = People(clerk, fresh_registry.runtime)
    for _ in range(3):
        await people.enter(registered_area=HERE, present_area=HERE)
    gone = await people.enter(registered_area=HERE, present_area=HERE)
    await people.record("moves", person_id=gone["id"], happened_on="2025-03-01", to_area=AWAY)
    died = await people.enter(registered_area=NEXT_DOOR, present_area=HERE)
    await people.record("deaths", person_id=died["id"], happened_on="2025-06-01")
    confirmed = ["resident_id_region_differs"]
    await people.enter(registered_area=AWAY, present_area=NEXT_DOOR, confirmed_warnings=confirmed)
    service = await fresh_registry.service("reporting-worker")
    for on in DAYS:
        answer = await service.get("/stock", params={"on": on})
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert told.keys() == {"on", "head", "unnumbered", "items"}
        counted = {(each["population"], each["area"]): each["people"] for each in told["items"]}
        assert counted == await summed(fresh_registry, on), on
        assert told["unnumbered"] > 0
        assert told["head"] == 0
    assert {each["population"] for each in told["items"]} == POPULATIONS


async def test_counts_are_for_services(fresh_registry: Registry) -> None:
    clerk = await fresh_registry.staff("subdistrict_clerk", "340103")
    assert (await clerk.get("/stock", params={"on": str(date(2025, 1, 1))})).status_code == 403
    service = await fresh_registry.service("reporting-worker")
    for wrong in ({}, {"on": "20250101"}, {"on": "2025-01-01", "area": "340103"}):
        assert (await service.get("/stock", params=wrong)).status_code == 422
