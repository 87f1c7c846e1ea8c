"""Aggregate returns: entered once, checked, listed, withdrawn; nobody sees those of another area."""

from uuid import uuid4

import pytest

from ..support import Caller, Json, Reporting

LINE = {
    "area": "340103001001",
    "on": "2026-03-15",
    "population": "registered",
    "measure": "birth",
    "sex": 1,
    "parity": 1,
    "value": 12,
}
RETURN = {"title": "出生汇总", "source": "妇幼保健院", "area": "340103", "month": "2026-03", "lines": [LINE]}


async def births(caller: Caller, area: str = "340103") -> str:
    asked = {"indicator": "birth_rate", "area": area, "population": "registered", "period": "2026"}
    numerator: str = (await caller.get("/figures", params=asked)).json()["numerator"]
    return numerator


@pytest.fixture
async def statistician(reporting: Reporting) -> Caller:
    return await reporting.staff("statistician", "340103")


async def test_a_return_sent_twice_counts_once(statistician: Caller) -> None:
    key = str(uuid4())
    first = await statistician.post("/returns", json=RETURN, key=key)
    again = await statistician.post("/returns", json=RETURN, key=key)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert first.headers["location"] == f"/returns/{first.json()['id']}"
    assert await births(statistician) == "12"
    other = await statistician.post("/returns", json=RETURN | {"title": "另一份"}, key=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


async def test_a_return_is_read_as_it_was_handed_in(statistician: Caller) -> None:
    made = (await statistician.post("/returns", json=RETURN)).json()
    read = (await statistician.get(f"/returns/{made['id']}")).json()
    assert read == made
    assert read["lines"] == [LINE | {"birth_month": None}]
    assert (read["area"], read["month"], read["state"], read["line_count"]) == (
        "340103",
        "2026-03",
        "entered",
        1,
    )


async def test_a_withdrawn_return_no_longer_counts(statistician: Caller, reporting: Reporting) -> None:
    made = (await statistician.post("/returns", json=RETURN)).json()
    path = f"/returns/{made['id']}/withdrawal"
    answer = await statistician.post(path, json={"reason": "与接生记录不符"})
    assert answer.status_code == 201
    assert answer.json()["state"] == "withdrawn"
    assert answer.json()["withdrawal_reason"] == "与接生记录不符"
    assert await births(statistician) == "0"
    again = await statistician.post(path, json={"reason": "再次"})
    assert (again.status_code, again.json()["code"]) == (409, "return_withdrawn")
    facts = await reporting.rows("SELECT seq, value FROM fact WHERE feed = 'returns' ORDER BY seq")
    assert [tuple(row) for row in facts] == [(1, 12), (2, -12)]


async def test_every_error_of_a_return_is_named(statistician: Caller) -> None:
    wrong = [
        LINE | {"area": "340104001001"},
        LINE | {"on": "2026-04-01"},
        LINE | {"population": "migrant_out_certified"},
        LINE | {"measure": "death"},
        LINE | {"birth_month": "2026-04"},
        LINE | {"birth_month": "2020-13"},
        LINE | {"area": "99"},
    ]
    body = RETURN | {"title": "张三 13812345678", "lines": wrong}
    answer = await statistician.post("/returns", json=body)
    assert answer.status_code == 422
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [
        ("/title", "personal_number"),
        ("/lines/0/area", "area_outside"),
        ("/lines/1/on", "on_outside"),
        ("/lines/2/measure", "measure_of_population"),
        ("/lines/3/parity", "parity_of_birth"),
        ("/lines/4/birth_month", "birth_month"),
        ("/lines/5/birth_month", "birth_month"),
        ("/lines/6/area", "area_code_province"),
    ]
    assert await births(statistician) == "0"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"month": "2099-01"}, "/month"),
        ({"month": "2026-13"}, "/month"),
        ({"lines": []}, "/lines"),
        ({"lines": [LINE | {"value": 0}]}, "/lines/0/value"),
        ({"lines": [LINE | {"value": -3}]}, "/lines/0/value"),
        ({"lines": [LINE | {"name": "张三"}]}, "/lines/0/name"),
        ({"lines": [LINE] * 5001}, "/lines"),
        ({"note": "x"}, "/note"),
    ],
)
async def test_a_wrong_return_is_refused(statistician: Caller, change: Json, pointer: str) -> None:
    answer = await statistician.post("/returns", json=RETURN | change)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_returns_of_another_area_do_not_exist(reporting: Reporting, statistician: Caller) -> None:
    made = (await statistician.post("/returns", json=RETURN)).json()
    neighbour = await reporting.staff("statistician", "340103002")
    for answer in (
        await neighbour.get(f"/returns/{made['id']}"),
        await neighbour.post(f"/returns/{made['id']}/withdrawal", json={"reason": "无"}),
        await neighbour.post("/returns", json=RETURN),
    ):
        assert answer.status_code == 404, answer.text
    assert (await neighbour.get("/returns")).json()["items"] == []
    assert await births(statistician) == "12"


async def test_returns_are_listed_newest_first_page_by_page(statistician: Caller) -> None:
    made = []
    for number in range(5):
        answer = await statistician.post("/returns", json=RETURN | {"title": f"第 {number} 份"})
        made.append(answer.json()["id"])
    listed, after = [], None
    while True:
        asked = {"limit": 2, "area": "340103", "month": "2026-03"} | ({"after": after} if after else {})
        page = (await statistician.get("/returns", params=asked)).json()
        listed += [one["id"] for one in page["items"]]
        after = page["next_after"]
        if after is None:
            break
    assert listed == made[::-1]
    for empty in ({"area": "340103001"}, {"month": "2026-02"}):
        assert (await statistician.get("/returns", params=empty)).json()["items"] == []
    assert (await statistician.get("/returns", params={"after": "nonsense"})).status_code == 422


async def test_only_those_with_the_right_hand_returns_in(reporting: Reporting) -> None:
    worker = await reporting.staff("community_worker", "340103")
    assert (await worker.post("/returns", json=RETURN)).status_code == 403
    assert (await worker.get("/returns")).status_code == 200
