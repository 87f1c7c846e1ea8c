"""Points, transfers, stocktaking, users, monthly balances, what expires and what runs short."""

import asyncio
from io import BytesIO
from typing import Any
from uuid import uuid4

from python_calamine import CalamineWorkbook

from ...support import Caller, Registry
from ..people.people import People
from .store import COMMUNITY, DAY, Store


async def test_a_point_is_changed_by_who_saw_it_last_and_ended_when_it_is_empty(store: Store) -> None:
    path = f"/supply-points/{store.point}"
    assert (await store.station.patch(path, version=None, json={"place": "安庆路 3 号"})).status_code == 428
    changed = await store.station.patch(path, version=1, json={"place": "安庆路 3 号"})
    assert (changed.status_code, changed.json()["place"], changed.headers["ETag"]) == (
        200,
        "安庆路 3 号",
        '"2"',
    )
    stale = await store.station.patch(path, version=1, json={"place": "别处"})
    assert (stale.status_code, stale.headers["ETag"]) == (412, '"2"')
    batch = await store.receive(2)
    end = {"If-Match": '"2"'}
    refused = await store.station.post(f"{path}/end", headers=end)
    assert store.refused(refused) == (409, "point_not_empty")
    lines = [{"batch_id": batch, "quantity": 2}]
    body = {"on": DAY, "loss_kind": "lost", "reason": "遗失", "lines": lines}
    assert (await store.station.post(f"{path}/losses", json=body)).status_code == 201
    assert (await store.station.post(f"{path}/end", headers=end)).json()["ended_on"]
    assert store.refused(await store.issue(1)) == (409, "ended")


async def test_the_same_point_product_or_specification_is_not_entered_twice(
    store: Store, administrator: Caller
) -> None:
    point = (await store.station.get(f"/supply-points/{store.point}")).json()
    again = {"name": point["name"], "kind": "community", "area": COMMUNITY}
    assert store.refused(await store.station.post("/supply-points", json=again)) == (409, "point_exists")
    product = (await administrator.get(f"/supply-products/{store.product}")).json()
    body = {"code": product["code"], "name": "另一种", "kind": "oral"}
    refused = await administrator.post("/supply-products", json=body)
    assert store.refused(refused) == (409, "product_exists")
    assert (await store.station.post("/supply-products", json=body)).status_code == 404
    changed = await administrator.patch(
        f"/supply-products/{store.product}", version=1, json={"name": "天然胶乳避孕套"}
    )
    assert changed.json()["name"] == "天然胶乳避孕套"
    assert len(changed.json()["specifications"]) == 2
    listed = (await store.worker.get("/supply-products", params={"limit": 200})).json()["items"]
    assert product["id"] in {each["id"] for each in listed}


async def test_a_point_does_not_take_the_name_of_another_and_keeps_one(store: Store) -> None:
    other = (await store.station.get(f"/supply-points/{await store.new_point()}")).json()
    path = f"/supply-points/{store.point}"
    taken = await store.station.patch(path, version=1, json={"name": other["name"]})
    assert store.refused(taken) == (409, "point_exists")
    for body, code in (({"name": None}, "not_empty"), ({"kind": None}, "not_empty"), ({}, "no_change")):
        refused = await store.station.patch(path, version=1, json=body)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, code)


async def test_nobody_receives_or_asks_for_supplies_before_birth_or_after_death(
    store: Store, registry: Registry
) -> None:
    clerk = await registry.staff("subdistrict_clerk", "340103001")
    person = await People(clerk, registry.runtime).enter(birth_date="1990-03-07")
    today = registry.runtime.clock.today()
    death = {"person_id": person["id"], "happened_on": f"{today.year - 1}-12-31"}
    assert (await clerk.post("/life-events/deaths", json=death)).status_code == 201
    await store.receive(5)
    late = await store.issue(1, person_id=person["id"], on=str(today))
    assert store.refused(late) == (409, "not_alive")
    assert sum((await store.stock()).values()) == 5
    body = {"person_id": person["id"], "point_id": store.point, "since": str(today)}
    assert store.refused(await store.worker.post("/supply-users", json=body)) == (409, "not_alive")


async def test_the_points_of_an_area_are_paged(store: Store) -> None:
    mine = {await store.new_point("340103001002") for _ in range(3)}
    seen: set[str] = set()
    after = None
    while True:
        query = {"area": "340103001002", "limit": "2"} | ({"after": after} if after else {})
        page = (await store.station.get("/supply-points", params=query)).json()
        seen |= {each["id"] for each in page["items"]}
        after = page["next"]
        if after is None:
            break
    assert mine <= seen
    assert (await store.worker.get("/supply-points", params={"area": "340103001002"})).status_code == 404


async def test_a_transfer_is_in_transit_until_it_is_received_and_what_is_short_is_a_loss(
    store: Store, registry: Registry
) -> None:
    neighbour = await registry.staff("community_worker", "340103001002")
    target = await store.new_point("340103001002")
    batch = await store.receive(10)
    body = {"to_point": target, "on": DAY, "lines": [{"specification_id": store.medium, "quantity": 6}]}
    sent = await store.worker.post(f"/supply-points/{store.point}/transfers", json=body)
    assert sent.status_code == 201, sent.text
    transfer = sent.json()
    assert (transfer["state"], transfer["state_label"]) == ("in_transit", "在途")
    assert await store.stock() == {batch: 4}
    path = f"/supply-transfers/{transfer['id']}"
    receipt = {"on": DAY, "shortages": [{"batch_id": batch, "quantity": 1}]}
    not_there = await store.worker.post(f"{path}/receipt", json=receipt, headers={"If-Match": '"1"'})
    assert not_there.status_code == 404
    query = {"area": "340103001002", "direction": "in", "state": "in_transit"}
    listed = (await neighbour.get("/supply-transfers", params=query)).json()["items"]
    assert transfer["id"] in {each["id"] for each in listed}
    answers = await asyncio.gather(
        *(neighbour.post(f"{path}/receipt", json=receipt, headers={"If-Match": '"1"'}) for _ in range(3))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412]
    there = (await neighbour.get(f"/supply-points/{target}/stock")).json()["items"]
    assert [(each["batch_id"], each["quantity"]) for each in there] == [(batch, 5)]
    month = (await neighbour.get(f"/supply-points/{target}/balance", params={"month": "2025-03"})).json()
    row = month["rows"][0]
    assert (row["transfer_in"], row["loss"], row["closing"]) == (6, -1, 5)
    late = await store.worker.post(f"{path}/call-back", json={"reason": "有误"}, headers={"If-Match": '"2"'})
    assert store.refused(late) == (409, "not_in_transit")


async def test_a_transfer_that_has_not_arrived_can_be_called_back(store: Store) -> None:
    target = await store.new_point()
    batch = await store.receive(10)
    body = {"to_point": target, "on": DAY, "lines": [{"specification_id": store.medium, "quantity": 6}]}
    transfer = (await store.worker.post(f"/supply-points/{store.point}/transfers", json=body)).json()
    back = await store.worker.post(
        f"/supply-transfers/{transfer['id']}/call-back", json={"reason": "有误"}, headers={"If-Match": '"1"'}
    )
    assert (back.status_code, back.json()["state"]) == (200, "called_back")
    assert await store.stock() == {batch: 10}


async def test_differences_of_a_count_are_booked_by_another_person(store: Store) -> None:
    first, second = await store.receive(10), await store.receive(20)
    path = f"/supply-points/{store.point}/counts"
    sheet = [{"batch_id": first, "counted": 9}, {"batch_id": second, "counted": 22}]
    left_out = await store.worker.post(path, json={"on": DAY, "lines": sheet[:1]})
    assert left_out.json()["errors"][0]["code"] == "batch_left_out"
    count = await store.worker.post(path, json={"on": DAY, "lines": sheet})
    assert count.status_code == 201, count.text
    assert [each["difference"] for each in count.json()["lines"]] != [0, 0]
    again = await store.worker.post(path, json={"on": DAY, "lines": sheet})
    assert store.refused(again) == (409, "count_open")
    await store.issue(3)
    booking = f"/supply-counts/{count.json()['id']}/booking"
    same = await store.worker.post(booking, headers={"If-Match": '"1"'})
    assert store.refused(same) == (409, "same_person")
    booked = await store.station.post(booking, headers={"If-Match": '"1"'})
    assert (booked.status_code, booked.json()["state"]) == (200, "booked")
    assert sum((await store.stock()).values()) == 10 - 1 + 20 + 2 - 3
    document = (await store.worker.get(f"/supply-documents/{booked.json()['document_id']}")).json()
    assert sorted(each["quantity"] for each in document["lines"]) == [-1, 2]
    twice = await store.station.post(booking, headers={"If-Match": '"2"'})
    assert store.refused(twice) == (409, "count_settled")


async def test_a_rejected_count_books_nothing(store: Store) -> None:
    batch = await store.receive(10)
    body = {"on": DAY, "lines": [{"batch_id": batch, "counted": 1}]}
    count = (await store.worker.post(f"/supply-points/{store.point}/counts", json=body)).json()
    rejected = await store.station.post(
        f"/supply-counts/{count['id']}/rejection", json={"reason": "请复盘"}, headers={"If-Match": '"1"'}
    )
    assert (rejected.status_code, rejected.json()["reason"]) == (200, "请复盘")
    assert await store.stock() == {batch: 10}


async def test_a_month_opens_with_what_the_month_before_closed_with(store: Store) -> None:
    await store.receive(30, on="2025-02-10")
    await store.issue(4, on="2025-02-20")
    await store.issue(6, on="2025-03-05")
    await store.receive(5, on="2025-03-06", specification_id=store.large)
    february, march, april = [(await store.balance(f"2025-0{n}"))["rows"] for n in (2, 3, 4)]
    assert [(row["opening"], row["incoming"], row["outgoing"], row["closing"]) for row in february] == [
        (0, 30, 4, 26)
    ]
    by_specification = {row["specification_id"]: row for row in march}
    medium, large = by_specification[store.medium], by_specification[store.large]
    assert (medium["opening"], medium["issue"], medium["closing"]) == (26, -6, 20)
    assert (large["opening"], large["receipt"], large["closing"]) == (0, 5, 5)
    assert {row["opening"] for row in april} == {20, 5}
    wrong = await store.worker.get(f"/supply-points/{store.point}/balance", params={"month": "2025Q1"})
    assert wrong.status_code == 422


async def test_the_month_is_a_sheet_in_the_layout_of_a_return(store: Store) -> None:
    await store.receive(30, on="2025-02-10")
    await store.issue(4, on="2025-02-20")
    answer = await store.worker.get(f"/supply-points/{store.point}/balance.xlsx", params={"month": "2025-02"})
    assert answer.status_code == 200, answer.text
    sheet = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0)
    rows: list[list[Any]] = sheet.to_python()
    assert rows[0][0] == "免费药具收支存月报表"
    assert rows[3][:4] == ["药具名称", "规格", "单位", "月初结存"]
    assert rows[5][3:] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert rows[6][2:] == ["盒", 0, 30, 0, 0, 4, 0, 0, 0, 0, 26]
    assert "统计负责人:" in rows[-1]


async def test_what_expires_soon_is_listed_and_what_runs_short_too(store: Store) -> None:
    point = store.point
    soon = await store.receive(3, expires_on="2025-08-31")
    await store.receive(50, expires_on="2098-08-31")
    listed = await store.worker.get(
        "/supply-stock/expiring", params={"area": COMMUNITY, "within_days": 400, "limit": 200}
    )
    mine = [each for each in listed.json()["items"] if each["point_id"] == point]
    assert [each["batch_id"] for each in mine] == [soon]
    body = {"specification_id": store.medium, "level": 60}
    assert (
        await store.station.request("PUT", f"/supply-points/{point}/reorder-levels", json=body)
    ).status_code == 200
    short = (await store.worker.get("/supply-stock/short", params={"area": COMMUNITY, "limit": 200})).json()
    row = next(each for each in short["items"] if each["point_id"] == point)
    assert (row["level"], row["usable"]) == (60, 50)


async def test_a_user_of_a_year_counts_as_registered_reached_and_confirmed(
    store: Store, registry: Registry, worker: Caller
) -> None:
    today = str(registry.runtime.clock.today())
    person = await People(worker, registry.runtime).enter(name=f"使用者{uuid4().hex[:4]}")
    body = {"person_id": person["id"], "point_id": store.point, "since": today}
    user = (await worker.post("/supply-users", json=body)).json()
    assert store.refused(await worker.post("/supply-users", json=body)) == (409, "user_exists")
    await store.receive(5)
    issue = (await store.issue(1, person_id=person["id"], on=today)).json()
    read = (await worker.get(f"/supply-users/{user['id']}")).json()
    assert (read["reached_on"], read["version"]) == (today, 2)
    path = f"/supply-users/{user['id']}"
    confirmed = await worker.post(f"{path}/confirmation", json={"on": today}, headers={"If-Match": '"2"'})
    assert confirmed.json()["confirmed_on"] == today
    reversal = await store.station.post(f"/supply-documents/{issue['id']}/reversal", json={"reason": "录错"})
    assert reversal.status_code == 201, reversal.text
    assert (await worker.get(path)).json()["reached_on"] is None
    ended = await worker.post(
        f"{path}/end", json={"on": today, "withdrawn": True}, headers={"If-Match": '"4"'}
    )
    assert ended.status_code == 200, ended.text
    total: dict[str, int] = {}
    for event in await store.events(user["id"]):
        for line in event.data["lines"]:
            assert line["population"] == "resident"
            total[line["measure"]] = total.get(line["measure"], 0) + line["value"]
    assert set(total) == {"supply_user_registered", "supply_user_reached", "supply_user_confirmed"}
    assert set(total.values()) == {0}
