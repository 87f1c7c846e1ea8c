"""The calendar of working days over HTTP."""

from ..support import Node

YEAR = {
    "source": "国务院办公厅关于2027年部分节假日安排的通知",
    "days": [
        {"day": "2027-01-01", "working": False, "name_zh": "元旦", "name_en": "New Year's Day"},
        {"day": "2027-01-09", "working": True, "name_zh": "元旦调休上班", "name_en": "worked instead"},
    ],
}


async def test_staff_read_which_days_are_worked_and_whether_a_year_is_published(node: Node) -> None:
    clerk = await node.clerk("community_worker")
    year = await clerk.get("/calendar/2026")
    assert year["published"]
    assert {"2026-02-17", "2026-10-01"} <= {one["day"] for one in year["days"] if not one["working"]}
    assert await clerk.get("/calendar/2027") == {"year": 2027, "published": False, "days": []}
    counted = await clerk.get("/calendar/working-day", start="2026-12-28", days=5)
    assert counted == {"day": "2027-01-04", "published": False}


async def test_an_administrator_enters_a_year_and_clocks_count_by_it(node: Node) -> None:
    administrator = await node.clerk("administrator")
    entered = await administrator.request("PUT", "/calendar/2027", json=YEAR)
    assert (entered.status_code, len(entered.json()["days"])) == (200, 2)
    counted = await administrator.get("/calendar/working-day", start="2026-12-30", days=7)
    assert counted == {"day": "2027-01-09", "published": True}
    (event,) = await node.rows("SELECT body::jsonb -> 'data' AS data FROM outbox")
    assert (event["data"]["year"], event["data"]["days"]) == (2027, 2)


async def test_days_of_another_year_or_given_twice_are_refused(node: Node) -> None:
    administrator = await node.clerk("administrator")
    for year, days, code in (
        (2028, YEAR["days"], "other_year"),
        (2027, [YEAR["days"][0]] * 2, "day_twice"),
    ):
        answer = await administrator.request("PUT", f"/calendar/{year}", json={**YEAR, "days": days})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)


async def test_only_administrators_change_the_calendar(node: Node) -> None:
    for role in ("subdistrict_clerk", "community_worker", "auditor", "statistician"):
        other = await node.clerk(role)
        assert (await other.request("PUT", "/calendar/2027", json=YEAR)).status_code == 403
    assert (await node.client.get("/calendar/2026")).status_code == 401
