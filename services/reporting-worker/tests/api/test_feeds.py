"""How far the feeds are taken in, and what went wrong with them."""

from uuid import uuid4

from renkou_common.messaging import inbox
from renkou_common.scope import AreaScope

from ..support import LineMaker, Reporting


async def test_positions_stand_beside_the_feeds_heads(reporting: Reporting, line: LineMaker) -> None:
    worker = await reporting.staff("community_worker", "340103001")
    await reporting.take_in("migrant", [line("migrant_in", "check_due", "2026-01-01")])
    reporting.feeds["migrant"].append_lines([line("migrant_in", "check_made", "2026-01-02")])
    answer = (await worker.get("/feeds/status")).json()
    found = [(one["feed"], one["high_water"], one["head"]) for one in answer["items"]]
    assert found == [("migrant", 1, 2), ("registry", 1, 1)]
    assert answer["held"] == []


async def test_a_feed_without_events_and_one_that_is_away_are_told(reporting: Reporting) -> None:
    worker = await reporting.staff("community_worker", "340103001")
    reporting.feeds["registry"].away_from = 0
    answer = (await worker.get("/feeds/status")).json()
    found = [(one["feed"], one["high_water"], one["head"]) for one in answer["items"]]
    assert found == [("migrant", 0, 0), ("registry", 1, None)]


async def test_held_events_and_incidents_are_told(reporting: Reporting, line: LineMaker) -> None:
    worker = await reporting.staff("auditor", "340103")
    feed = reporting.feeds["migrant"]
    event = feed.append_lines([line("migrant_in", "check_due", "2026-01-01")], uuid4())
    async with reporting.database.transaction(AreaScope.everything()) as tx:
        await inbox.hold_failed(tx, "migrant", event, ValueError("not understood"))
        for number in range(3):
            await inbox.record_incident(tx, "migrant", number, "conflict", {"number": number})
    held = (await worker.get("/feeds/status")).json()["held"]
    assert [(one["feed"], one["seq"], one["state"]) for one in held] == [("migrant", 1, "failed")]
    assert held[0]["reason"] == "ValueError: not understood"
    first = (await worker.get("/incidents", params={"limit": 2})).json()
    rest = (await worker.get("/incidents", params={"limit": 2, "after": first["next_after"]})).json()
    assert [one["seq"] for one in first["items"] + rest["items"]] == [2, 1, 0]
    assert rest["next_after"] is None
