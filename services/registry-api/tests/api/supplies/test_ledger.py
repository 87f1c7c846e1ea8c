"""The supplies ledger: receipts, issues first expiry first, returns, losses, reversals, reading."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from renkou_common.scope import AreaScope
from renkou_registry.supplies.users.service import sealed_person

from ...support import Caller, Registry
from ..people.people import People
from .store import DAY, Store


async def test_an_issue_takes_the_batch_that_expires_first(store: Store) -> None:
    late = await store.receive(10, expires_on="2098-06-30")
    early = await store.receive(3, expires_on="2097-01-31")
    issued = await store.issue(5)
    assert issued.status_code == 201, issued.text
    body = issued.json()
    assert {line["batch_id"]: line["quantity"] for line in body["lines"]} == {early: -3, late: -2}
    assert (body["kind"], body["kind_label"], body["named"], body["people"]) == ("issue", "发放", False, 1)
    assert await store.stock() == {late: 8}
    assert (await store.worker.get(issued.headers["Location"])).json() == body


async def test_another_batch_is_issued_only_for_a_reason(store: Store) -> None:
    early = await store.receive(5, expires_on="2097-01-31")
    late = await store.receive(5, expires_on="2098-06-30")
    refused = await store.issue(1, batch_id=late)
    assert refused.json()["errors"][0]["code"] == "reason_needed"
    issued = await store.issue(1, batch_id=late, reason="本人要求同一批次")
    assert issued.status_code == 201, issued.text
    assert await store.stock() == {early: 5, late: 4}


async def test_what_has_expired_is_never_issued_and_never_received(store: Store) -> None:
    expired = await store.receive(5, expires_on="2025-03-18")
    assert store.refused(await store.issue(1, on="2025-03-19")) == (409, "stock_short")
    named = await store.issue(1, on="2025-03-19", batch_id=expired, reason="本人要求")
    assert store.refused(named) == (409, "batch_expired")
    assert store.refused(await store.issue(1)) == (409, "stock_short")
    late = await store.issue(1, batch_id=expired, reason="补录当日发放")
    assert late.status_code == 201, late.text
    line = {
        "specification_id": store.medium,
        "batch_number": "old",
        "expires_on": "2025-03-17",
        "quantity": 1,
    }
    refused = await store.station.post(
        f"/supply-points/{store.point}/receipts", json={"on": DAY, "lines": [line]}
    )
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/lines/0/expires_on")


async def test_fifty_people_at_once_get_no_more_than_there_is(store: Store) -> None:
    batch = await store.receive(30)
    answers = await asyncio.gather(*(store.issue(1) for _ in range(50)))
    codes = [answer.status_code for answer in answers]
    assert (codes.count(201), codes.count(409)) == (30, 20)
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"stock_short"}
    assert await store.stock() == {}
    row = (await store.balance("2025-03"))["rows"][0]
    assert (row["opening"], row["receipt"], row["issue"], row["closing"]) == (0, 30, -30, 0)
    assert batch


async def test_fifty_mixed_issues_at_once_over_two_batches_lose_nothing(store: Store) -> None:
    early, late = await store.receive(40, expires_on="2097-01-31"), await store.receive(40)
    answers = await asyncio.gather(*(store.issue(1 + n % 3) for n in range(50)))
    taken = sum(
        -line["quantity"]
        for answer in answers
        if answer.status_code == 201
        for line in answer.json()["lines"]
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert sum((await store.stock()).values()) == 80 - taken
    assert early not in await store.stock() or (await store.stock())[late] == 40


async def test_the_same_issue_sent_twice_at_once_is_one_issue(store: Store) -> None:
    batch = await store.receive(10)
    answers = await asyncio.gather(*(store.issue(2, key="one issue only") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await store.stock() == {batch: 8}


async def test_unused_supplies_come_back_once(store: Store) -> None:
    batch = await store.receive(10)
    issue = (await store.issue(4)).json()["id"]

    async def back(quantity: int) -> Any:
        lines = [{"batch_id": batch, "quantity": quantity}]
        return await store.worker.post(
            f"/supply-points/{store.point}/returns", json={"on": DAY, "issue_id": issue, "lines": lines}
        )

    assert (await back(3)).status_code == 201
    assert await store.stock() == {batch: 9}
    assert store.refused(await back(2)) == (409, "more_than_issued")
    answers = await asyncio.gather(*(back(1) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert await store.stock() == {batch: 10}


async def test_a_loss_has_a_reason_and_cannot_exceed_the_stock(store: Store) -> None:
    batch = await store.receive(10)

    async def lose(quantity: int, kind: str = "damaged") -> Any:
        body = {
            "on": DAY,
            "loss_kind": kind,
            "reason": "库房渗水",
            "lines": [{"batch_id": batch, "quantity": quantity}],
        }
        return await store.station.post(f"/supply-points/{store.point}/losses", json=body)

    assert (await lose(4)).json()["loss_kind"] == "damaged"
    assert store.refused(await lose(7)) == (409, "stock_short")
    assert store.refused(await lose(1, "expired")) == (409, "not_expired")
    assert await store.stock() == {batch: 6}
    refused = await store.worker.post(f"/supply-points/{store.point}/losses", json={})
    assert refused.status_code == 403


async def test_a_mistake_is_corrected_by_a_reversal_and_the_first_document_stays(store: Store) -> None:
    batch = await store.receive(10)
    issue = (await store.issue(4, people=4)).json()
    body = {"reason": "数量录错"}
    answers = await asyncio.gather(
        *(store.station.post(f"/supply-documents/{issue['id']}/reversal", json=body) for _ in range(3))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    reversal = next(answer.json() for answer in answers if answer.status_code == 201)
    assert (reversal["kind"], reversal["refers_to"]) == ("reversal", issue["id"])
    assert await store.stock() == {batch: 10}
    assert (await store.worker.get(f"/supply-documents/{issue['id']}")).json() == issue
    again = await store.station.post(f"/supply-documents/{reversal['id']}/reversal", json=body)
    assert store.refused(again) == (409, "not_reversible")
    [posted], [taken_back] = await store.events(issue["id"]), await store.events(reversal["id"])
    assert [(line["measure"], line["value"]) for line in posted.data["lines"]] == [("supply_issued", 4)]
    line = taken_back.data["lines"][0]
    assert (line["on"], line["value"], line["population"]) == (DAY, -4, "office")


async def test_a_receipt_whose_goods_are_gone_cannot_be_reversed(store: Store) -> None:
    await store.receive(5)
    await store.issue(1)
    listed = (await store.worker.get(f"/supply-points/{store.point}/documents")).json()["items"]
    assert [each["kind"] for each in listed] == ["issue", "receipt"]
    refused = await store.station.post(
        f"/supply-documents/{listed[1]['id']}/reversal", json={"reason": "录错"}
    )
    assert store.refused(refused) == (409, "stock_short")


async def test_the_ledger_is_append_only_for_the_service_itself(store: Store) -> None:
    issue = (await store.receive(5)) and (await store.issue(1)).json()["id"]
    runtime = store.registry.runtime
    for statement in ("DELETE FROM supply_entry", "UPDATE supply_document SET people = 0"):
        with pytest.raises(Exception, match="permission denied"):
            async with runtime.database.transaction(AreaScope.everything()) as tx:
                await tx.execute(statement)
    assert (await store.worker.get(f"/supply-documents/{issue}")).status_code == 200


async def test_who_received_is_sealed_and_read_only_for_a_purpose(
    store: Store, registry: Registry, worker: Caller, administrator: Caller
) -> None:
    people = People(worker, registry.runtime)
    person = await people.enter(name="领取人")
    await store.receive(10)
    user = await worker.post(
        "/supply-users",
        json={
            "person_id": person["id"],
            "point_id": store.point,
            "since": str(registry.runtime.clock.today()),
        },
    )
    assert user.status_code == 201, user.text
    issued = await store.issue(2, person_id=person["id"], on=str(registry.runtime.clock.today()))
    assert issued.status_code == 201, issued.text
    assert issued.json()["named"] is True
    assert person["id"] not in issued.text
    _, index = sealed_person(registry.runtime, UUID(person["id"]))
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        row = await tx.fetchrow(
            "SELECT * FROM supply_recipient WHERE document_id = $1", UUID(issued.json()["id"])
        )
    assert row is not None
    assert row["person_index"] == index
    assert person["id"].encode() not in row["person_sealed"]
    path = f"/persons/{person['id']}/supplies"
    read = await worker.get(path, params={"purpose": "supply_follow_up"})
    assert [each["document_id"] for each in read.json()["items"]] == [issued.json()["id"]]
    assert (await worker.get(path)).status_code == 422
    refused = await administrator.get(path, params={"purpose": "supply_follow_up"})
    assert refused.status_code == 403
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        purposes = await tx.fetch(
            "SELECT purpose FROM audit_entry WHERE action = 'unmask' AND $1 = ANY(person_ids)",
            UUID(person["id"]),
        )
    assert [each["purpose"] for each in purposes] == ["supply_follow_up"]
    for event in [*await store.events(issued.json()["id"]), *await store.events(user.json()["id"])]:
        assert person["ref"] not in str(event.data)
        assert person["id"] not in str(event.data)


async def test_another_community_sees_neither_the_point_nor_its_documents(
    store: Store, registry: Registry
) -> None:
    stranger = await registry.staff("community_worker", "340103001002")
    await store.receive(1)
    issue = (await store.issue(1)).json()["id"]
    for path in (
        f"/supply-points/{store.point}",
        f"/supply-points/{store.point}/stock",
        f"/supply-documents/{issue}",
    ):
        assert (await stranger.get(path)).status_code == 404
    refused = await stranger.post(
        f"/supply-points/{store.point}/issues",
        json={"on": DAY, "lines": [{"specification_id": store.medium, "quantity": 1}]},
    )
    assert refused.status_code == 404


async def test_every_wrong_field_is_named(store: Store) -> None:
    answer = await store.issue(0, people=0, colour="red")
    assert answer.status_code == 422
    pointers = {each["pointer"] for each in answer.json()["errors"]}
    assert pointers == {"/lines/0/quantity", "/people", "/colour"}
    tomorrow = await store.issue(1, on="2199-01-01")
    assert tomorrow.json()["errors"][0] | {"detail": ""} == {
        "pointer": "/on",
        "code": "in_future",
        "detail": "",
    }
