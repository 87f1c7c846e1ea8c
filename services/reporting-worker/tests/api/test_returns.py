"""Aggregate returns of any counts: begun once, passed on by three people, listed, withdrawn, corrected."""

from uuid import uuid4

import pytest

from ..support import Caller, Desk, Json, Reporting

LINE = {
    "area": "340103001001",
    "on": "2026-03-15",
    "population": "registered",
    "measure": "birth",
    "sex": 1,
    "parity": 1,
    "value": 12,
}
PLACE = {"form": "counts", "area": "340103", "period": "2026-03"}
RETURN = PLACE | {"title": "出生汇总", "source": "妇幼保健院", "lines": [LINE]}


async def births(caller: Caller, area: str = "340103") -> str:
    asked = {"indicator": "birth_rate", "area": area, "population": "registered", "period": "2026"}
    numerator: str = (await caller.get("/figures", params=asked)).json()["numerator"]
    return numerator


async def facts(reporting: Reporting) -> list[tuple[int, int]]:
    rows = await reporting.rows("SELECT seq, value FROM fact WHERE feed = 'returns' ORDER BY seq, line_no")
    return [tuple(row) for row in rows]


@pytest.fixture
async def desk(reporting: Reporting) -> Desk:
    return await reporting.desk()


@pytest.fixture
def statistician(desk: Desk) -> Caller:
    return desk.filler


async def test_a_return_begun_twice_is_one(statistician: Caller) -> None:
    key = str(uuid4())
    first = await statistician.post("/returns", json=RETURN, key=key)
    again = await statistician.post("/returns", json=RETURN, key=key)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert first.headers["location"] == f"/returns/{first.json()['id']}"
    other = await statistician.post("/returns", json=RETURN | {"title": "另一份"}, key=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


async def test_a_return_counts_once_it_is_signed(desk: Desk) -> None:
    made = await desk.begin(RETURN)
    for caller, step, state in (
        (desk.filler, "handing-in", "filled"),
        (desk.checker, "check", "checked"),
        (desk.signer, "signature", "signed"),
    ):
        assert await births(desk.filler) == "0"
        made = (await caller.step(made, step)).json()
        assert made["state"] == state
    assert await births(desk.filler) == "12"
    assert [(one["step"], one["by"]) for one in made["history"]] == [
        ("begun", str(desk.filler.id)),
        ("filled", str(desk.filler.id)),
        ("checked", str(desk.checker.id)),
        ("signed", str(desk.signer.id)),
    ]
    assert (made["filled_by"], made["checked_by"], made["signed_by"]) == (
        str(desk.filler.id),
        str(desk.checker.id),
        str(desk.signer.id),
    )


async def test_a_return_is_read_as_it_was_filled_in(statistician: Caller) -> None:
    made = (await statistician.post("/returns", json=RETURN)).json()
    answer = await statistician.get(f"/returns/{made['id']}")
    read = answer.json()
    assert read == made
    assert answer.headers["etag"] == f'"{read["version"]}"'
    assert read["lines"] == [LINE | {"birth_month": None, "detail": ""}]
    assert (read["area"], read["period"], read["state"], read["form"]) == (
        "340103",
        "2026-03",
        "draft",
        "counts",
    )


async def test_a_withdrawn_return_no_longer_counts(desk: Desk, reporting: Reporting) -> None:
    made = await desk.hand_in(RETURN)
    for caller in (desk.filler, desk.checker):
        assert (await caller.step(made, "withdrawal", reason="不符")).status_code == 403
    answer = await desk.signer.step(made, "withdrawal", reason="与接生记录不符")
    assert answer.status_code == 201
    assert answer.json()["state"] == "withdrawn"
    assert answer.json()["withdrawal_reason"] == "与接生记录不符"
    assert await births(desk.filler) == "0"
    again = await desk.filler.step(answer.json(), "withdrawal", reason="再次")
    assert (again.status_code, again.json()["code"]) == (409, "return_withdrawn")
    assert await facts(reporting) == [(1, 12), (2, -12)]


async def test_a_correction_reverses_exactly_when_it_is_signed(desk: Desk, reporting: Reporting) -> None:
    made = await desk.hand_in(RETURN)
    path = f"/returns/{made['id']}/correction"
    begun = (await desk.filler.post(path, json={"reason": "漏报一例"})).json()
    assert (begun["state"], begun["replaces"], begun["lines"]) == ("draft", made["id"], made["lines"])
    second = await desk.filler.post(path, json={"reason": "再更正"})
    assert (second.status_code, second.json()["code"]) == (409, "return_exists")
    changed = await desk.filler.send(
        "PUT",
        f"/returns/{begun['id']}/values",
        version=begun["version"],
        json={"lines": [LINE | {"value": 13}, LINE | {"sex": 2, "detail": "late", "value": 1}]},
    )
    assert await births(desk.filler) == "12"
    signed = await desk.pass_on(changed.json())
    assert signed["state"] == "signed"
    assert await births(desk.filler) == "14"
    old = (await desk.filler.get(f"/returns/{made['id']}")).json()
    assert (old["state"], old["history"][-1]["step"], old["history"][-1]["reason"]) == (
        "corrected",
        "corrected",
        signed["id"],
    )
    assert await facts(reporting) == [(1, 12), (2, -12), (3, 13), (3, 1)]


async def test_every_error_of_a_return_is_named_before_it_is_handed_in(statistician: Caller) -> None:
    wrong = [
        LINE | {"area": "340104001001"},
        LINE | {"on": "2026-04-01"},
        LINE | {"population": "migrant_out_certified"},
        LINE | {"measure": "death"},
        LINE | {"birth_month": "2026-04"},
        LINE | {"birth_month": "2020-13"},
        LINE | {"area": "99"},
        LINE | {"measure": "happiness"},
    ]
    made = (await statistician.post("/returns", json=RETURN | {"lines": wrong})).json()
    answer = await statistician.step(made, "handing-in")
    assert answer.status_code == 422
    expected = [
        ("/lines/0/area", "area_outside"),
        ("/lines/1/on", "on_outside"),
        ("/lines/2/measure", "measure_of_population"),
        ("/lines/3/parity", "parity_of_birth"),
        ("/lines/4/birth_month", "birth_month"),
        ("/lines/5/birth_month", "birth_month"),
        ("/lines/6/area", "area_code_province"),
        ("/lines/7/measure", "measure_of_population"),
    ]
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == expected
    assert [(one["pointers"][0], one["code"]) for one in made["findings"]] == expected
    assert made["findings"][0]["addresses"] == ["A8"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"period": "2099-01"}, "/period"),
        ({"period": "2026-13"}, "/period"),
        ({"lines": [LINE | {"value": 0}]}, "/lines/0/value"),
        ({"lines": [LINE | {"value": -3}]}, "/lines/0/value"),
        ({"lines": [LINE | {"name": "张三"}]}, "/lines/0/name"),
        ({"lines": [LINE] * 5001}, "/lines"),
        ({"note": "x"}, "/note"),
        ({"title": "张三 13812345678"}, "/title"),
    ],
)
async def test_a_wrong_return_is_refused(statistician: Caller, change: Json, pointer: str) -> None:
    answer = await statistician.post("/returns", json=RETURN | change)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_an_empty_return_is_not_handed_in(statistician: Caller) -> None:
    made = (await statistician.post("/returns", json=RETURN | {"lines": []})).json()
    answer = await statistician.step(made, "handing-in")
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/lines"]


async def test_returns_of_another_area_do_not_exist(reporting: Reporting, desk: Desk) -> None:
    made = await desk.hand_in(RETURN)
    neighbour = await reporting.staff("statistician", "340103002")
    for answer in (
        await neighbour.get(f"/returns/{made['id']}"),
        await neighbour.get(f"/returns/{made['id']}/sheet.xlsx"),
        await neighbour.step(made, "withdrawal", reason="无"),
        await neighbour.step(made, "check"),
        await neighbour.post(f"/returns/{made['id']}/correction", json={"reason": "无"}),
        await neighbour.post("/returns", json=RETURN),
    ):
        assert answer.status_code == 404, answer.text
    assert (await neighbour.get("/returns")).json()["items"] == []
    assert await births(desk.filler) == "12"


async def test_returns_are_listed_newest_first_page_by_page(statistician: Caller) -> None:
    made = []
    for number in range(5):
        answer = await statistician.post("/returns", json=RETURN | {"title": f"第 {number} 份"})
        made.append(answer.json()["id"])
    listed, after = [], None
    while True:
        asked = {"limit": 2, "area": "340103", "period": "2026-03", "state": "draft"}
        page = (await statistician.get("/returns", params=asked | ({"after": after} if after else {}))).json()
        listed += [one["id"] for one in page["items"]]
        after = page["next_after"]
        if after is None:
            break
    assert listed == made[::-1]
    for empty in ({"area": "340103001"}, {"period": "2026-02"}, {"form": "abortions"}, {"state": "signed"}):
        assert (await statistician.get("/returns", params=empty)).json()["items"] == []
    assert (await statistician.get("/returns", params={"after": "nonsense"})).status_code == 422


async def test_only_those_with_the_right_hand_returns_in(reporting: Reporting) -> None:
    worker = await reporting.staff("community_worker", "340103")
    auditor = await reporting.staff("auditor", "340103")
    for caller in (worker, auditor):
        assert (await caller.post("/returns", json=RETURN)).status_code == 403
        assert (await caller.get("/returns")).status_code == 403
    station = await reporting.staff("service_station", "340103")
    made = await station.post("/returns", json=RETURN)
    assert made.status_code == 201
    handed_in = (await station.step(made.json(), "handing-in")).json()
    for step in ("check", "signature", "sending-back"):
        assert (await station.step(handed_in, step, reason="无")).status_code == 403
