"""Returns that several people work on at the same moment, over real connections."""

import asyncio
from collections import Counter

import pytest

from ..support import Desk, Reporting

PLACE = {"form": "opening_population", "area": "340103", "period": "2026"}
CELLS = {
    f"population.{row}.{column}": value
    for row in ("registered", "resident")
    for column, value in (("total", 20), ("male", 11), ("female", 9))
}


@pytest.fixture
async def desk(reporting: Reporting) -> Desk:
    return await reporting.desk()


async def test_a_return_begun_by_many_at_once_is_begun_by_one(desk: Desk) -> None:
    answers = await asyncio.gather(*[desk.filler.post("/returns", json=PLACE) for _ in range(8)])
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}
    assert len((await desk.filler.get("/returns")).json()["items"]) == 1


async def test_a_return_signed_by_many_at_once_counts_once(reporting: Reporting, desk: Desk) -> None:
    signers = [desk.signer, *[await reporting.staff("administrator", "340103") for _ in range(4)]]
    made = await desk.begin(PLACE | {"cells": CELLS})
    checked = (await desk.checker.step((await desk.filler.step(made, "handing-in")).json(), "check")).json()
    answers = await asyncio.gather(*[signer.step(checked, "signature") for signer in signers])
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    total = await reporting.rows("SELECT sum(value)::int AS value FROM fact")
    assert total[0]["value"] == 40


async def test_while_one_withdraws_a_return_its_correction_is_signed_without_counting_twice(
    reporting: Reporting, desk: Desk
) -> None:
    made = await desk.hand_in(PLACE | {"cells": CELLS})
    begun = await desk.filler.post(f"/returns/{made['id']}/correction", json={"reason": "核对后更正"})
    checked = (
        await desk.checker.step((await desk.filler.step(begun.json(), "handing-in")).json(), "check")
    ).json()
    withdrawn, signed = await asyncio.gather(
        desk.signer.step(made, "withdrawal", reason="作废"), desk.signer.step(checked, "signature")
    )
    assert signed.status_code == 201
    assert withdrawn.status_code in (201, 409)
    total = await reporting.rows("SELECT sum(value)::int AS value FROM fact")
    assert total[0]["value"] == 40
