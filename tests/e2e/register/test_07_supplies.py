"""Line 7: the supplies ledger of a point: batches, expiry, concurrent issues, stocktaking, transfer, months."""

import asyncio
from uuid import uuid4

import pytest

from tests.e2e.api import ApiError, Json
from tests.e2e.register.support import HERE, NEXT_DOOR, Walk


@pytest.fixture(scope="module")
async def specification(walk: Walk) -> str:
    """A product of one specification that the district has entered."""
    product = await walk.administrator.post(
        "/supply-products", {"code": uuid4().hex[:10], "name": "天然胶乳避孕套", "kind": "condom"}
    )
    path = f"/supply-products/{product['id']}/specifications"
    made = await walk.administrator.post(path, {"name": "中号 10 只装", "unit": "盒"})
    return str(made["id"])


async def point(walk: Walk, area: str = HERE) -> str:
    body = {"name": f"发放点 {uuid4().hex[:8]}", "kind": "community", "area": area}
    return str((await walk.station.post("/supply-points", body))["id"])


async def receive(walk: Walk, where: str, what: str, quantity: int, expires: str) -> str:
    line = {
        "specification_id": what,
        "batch_number": uuid4().hex[:12],
        "expires_on": expires,
        "quantity": quantity,
    }
    received = await walk.station.post(
        f"/supply-points/{where}/receipts", {"on": "2026-02-01", "lines": [line]}
    )
    return str(received["lines"][0]["batch_id"])


async def stock(walk: Walk, where: str) -> dict[str, int]:
    return {
        each["batch_id"]: each["quantity"]
        for each in await walk.station.items(f"/supply-points/{where}/stock")
    }


def issue(what: str, quantity: int) -> Json:
    return {"on": "2026-02-10", "lines": [{"specification_id": what, "quantity": quantity}]}


async def test_the_batch_that_expires_first_goes_first_and_an_expired_one_never(
    walk: Walk, specification: str
) -> None:
    here = await point(walk)
    late = await receive(walk, here, specification, 10, "2030-06-30")
    early = await receive(walk, here, specification, 3, "2027-01-31")
    stale = await receive(walk, here, specification, 5, "2026-02-05")
    issued = await walk.worker.post(f"/supply-points/{here}/issues", issue(specification, 5))
    assert {each["batch_id"]: each["quantity"] for each in issued["lines"]} == {early: -3, late: -2}
    assert await stock(walk, here) == {late: 8, stale: 5}
    soon = await walk.worker.items("/supply-stock/expiring", area=HERE, within_days=400)
    assert stale in {each["batch_id"] for each in soon}


async def test_forty_people_at_once_get_no_more_than_there_is(walk: Walk, specification: str) -> None:
    here = await point(walk)
    await receive(walk, here, specification, 25, "2030-06-30")

    async def take() -> str:
        try:
            await walk.worker.post(f"/supply-points/{here}/issues", issue(specification, 1))
        except ApiError as error:
            return f"{error.status} {error.code}"
        return "issued"

    taken = await asyncio.gather(*(take() for _ in range(40)))
    assert (taken.count("issued"), taken.count("409 stock_short")) == (25, 15)
    assert await stock(walk, here) == {}


async def test_stocktaking_is_booked_by_another_and_a_transfer_arrives(
    walk: Walk, specification: str
) -> None:
    here, there = await point(walk), await point(walk, NEXT_DOOR)
    batch = await receive(walk, here, specification, 20, "2030-06-30")
    sheet = {"on": "2026-02-15", "lines": [{"batch_id": batch, "counted": 18}]}
    counted = await walk.worker.post(f"/supply-points/{here}/counts", sheet)
    booking = f"/supply-counts/{counted['id']}/booking"
    own = await walk.worker.refused("POST", booking, version=counted["version"])
    assert own[:2] == (409, "same_person")
    await walk.station.post(booking, version=counted["version"])
    assert await stock(walk, here) == {batch: 18}
    sent = await walk.worker.post(
        f"/supply-points/{here}/transfers",
        issue(specification, 6) | {"to_point": there, "on": str(walk.today)},
    )
    assert (sent["state"], await stock(walk, there)) == ("in_transit", {})
    path = f"/supply-transfers/{sent['id']}/receipt"
    await walk.clerk.post(path, {"on": str(walk.today), "shortages": []}, version=sent["version"])
    assert (await stock(walk, here), await stock(walk, there)) == ({batch: 12}, {batch: 6})


async def test_a_month_balances_and_the_next_opens_with_its_close(walk: Walk, specification: str) -> None:
    here = await point(walk)
    await receive(walk, here, specification, 30, "2030-06-30")
    await walk.worker.post(f"/supply-points/{here}/issues", issue(specification, 4))
    (february,) = (await walk.worker.get(f"/supply-points/{here}/balance", month="2026-02"))["rows"]
    (march,) = (await walk.worker.get(f"/supply-points/{here}/balance", month="2026-03"))["rows"]
    assert [february[each] for each in ("opening", "receipt", "issue", "closing")] == [0, 30, -4, 26]
    assert (march["opening"], march["closing"]) == (26, 26)
    assert (await walk.worker.content(f"/supply-points/{here}/balance.xlsx", month="2026-02"))[:2] == b"PK"


async def test_who_receives_supplies_is_named_or_anonymous(walk: Walk, specification: str) -> None:
    here, woman = await point(walk), await walk.enter()
    await receive(walk, here, specification, 5, "2030-06-30")
    anonymous = await walk.worker.post(f"/supply-points/{here}/issues", issue(specification, 1))
    named = issue(specification, 1) | {"person_id": woman["id"]}
    given = await walk.worker.post(f"/supply-points/{here}/issues", named)
    assert (anonymous["named"], given["named"]) == (False, True)
    received = await walk.worker.items(f"/persons/{woman['id']}/supplies", purpose="supply_own_request")
    assert len(received) == 1
