"""What comes late is restated in the open: the next version, a diff with its events, the error computed from both."""

import asyncio

from ..support import Json
from .steps import PERIOD, District


async def error_rate(district: District, area: str = "340103") -> str | None:
    asked = {"indicator": "reporting_error_rate", "area": area, "population": "resident", "period": PERIOD}
    answer = (await district.statistician.get("/figures", params=asked)).json()
    value: str | None = answer["value"]
    return value


async def differences(district: District, indicator: str) -> dict[tuple[str, str], Json]:
    asked = {"indicator": indicator, "population": "resident"}
    answer = await district.statistician.get(f"/published/{PERIOD}/latest/differences", params=asked)
    return {(one["area"], one["dims"]): one for one in answer.json()["items"]}


async def test_a_late_birth_changes_the_live_figure_and_not_the_published_one(district: District) -> None:
    closing_id = await district.closed()
    before = await district.published()
    await district.late([district.line("resident", "birth", "2026-01-25", 10, sex=1, parity=1)])
    asked = {"indicator": "births", "area": "340103", "population": "resident", "period": PERIOD}
    assert (await district.statistician.get("/figures", params=asked)).json()["value"] == "250"
    assert await district.published() == before
    closing = (await district.statistician.get(f"/closings/{closing_id}")).json()
    assert (closing["state"], closing["late_events"]) == ("published", 1)


async def test_a_restatement_is_the_next_version_with_a_diff_and_the_events_behind_it(
    district: District,
) -> None:
    closing_id = await district.closed()
    first = await district.published(1)
    february = [district.line("resident", "birth", "2026-02-03", 9, sex=1, parity=1)]
    birth = [district.line("resident", "birth", "2026-01-25", 10, sex=1, parity=1)]
    late = [await district.late(birth), await district.late(february), await district.late(birth)]
    closing = await district.restate(closing_id, "补报一月出生")
    assert (closing["state"], closing["version"]) == ("published", 2)
    assert [step["kind"] for step in closing["steps"]][3:] == ["reopened", "signed", "published"]
    assert closing["steps"][3]["reason"] == "补报一月出生"
    assert (await district.figure("births"))["value"] == "260"
    assert (await district.figure("births", 1))["value"] == "240"
    assert await district.published(1) == first
    found = await differences(district, "births")
    changed = found["340103", ""]
    assert (changed["before"]["value"], changed["after"]["value"]) == ("240", "260")
    assert changed["events"] == {"registry": [[late[0], late[0]], [late[2], late[2]]]}
    assert {key for key in found if not key[1]} == {("340103", ""), ("340103001", ""), ("340103001001", "")}
    assert ("340103", "sex=2") not in found
    assert ("340103", "sex=1") in found
    assert "deaths" not in {one["indicator"] for one in found.values()}


async def test_the_reporting_error_is_computed_from_the_first_and_the_restated(district: District) -> None:
    assert await error_rate(district) is None
    closing_id = await district.closed()
    assert await error_rate(district) == "0.00"
    for count in (6, 4):
        await district.late([district.line("resident", "birth", "2026-01-25", count, sex=1, parity=1)])
        await district.restate(closing_id, "补报")
    assert await error_rate(district) == "4.00"
    assert await error_rate(district, "340103002") == "0.00"
    assert await error_rate(district, "340103001001") == "20.00"


async def test_without_a_difference_there_is_nothing_to_restate(district: District) -> None:
    closing_id = await district.closed()
    path = f"/closings/{closing_id}"
    early = await district.statistician.post(f"{path}/signatures", json={"reason": "再签"})
    assert (early.status_code, early.json()["code"]) == (409, "closing_state")
    assert (await district.statistician.post(f"{path}/reopening", json={"reason": "核查"})).status_code == 200
    refused = await district.statistician.post(f"{path}/signatures", json={"reason": "再签"})
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_restate")
    given_up = await district.statistician.post(f"{path}/withdrawal", json={"reason": "核查无误"})
    assert (given_up.json()["state"], given_up.json()["version"]) == ("published", 1)
    assert [step["kind"] for step in given_up.json()["steps"]] == [
        "opened", "signed", "published", "reopened", "withdrawn",
    ]  # fmt: skip


async def test_versions_match_their_positions_exactly_while_events_flood_in(district: District) -> None:
    reporting = district.reporting
    over = asyncio.Event()

    async def flood(area: str) -> None:
        while not over.is_set():
            line = district.line("resident", "birth", "2026-01-11", 1, area=area, sex=2, parity=1)
            await reporting.take_in("registry", [line], [line])
            await asyncio.sleep(0)

    await district.rebuild()
    closing_id = await district.open()
    flooding = asyncio.create_task(flood("340103001002"))
    try:
        await district.publish(closing_id)
        for _ in range(3):
            await district.restate(closing_id, "补报")
    finally:
        over.set()
        await flooding
    counted = []
    for number in (1, 2, 3, 4):
        version = await district.published(number)
        rows = await reporting.rows(
            "SELECT sum(value)::int AS births FROM fact WHERE feed = 'registry' AND seq <= $1"
            " AND population = 'resident' AND measure = 'birth'",
            version["positions"]["registry"],
        )
        counted.append(rows[0]["births"])
        assert (await district.figure("births", number))["numerator"] == str(rows[0]["births"])
        account = next(one for one in version["accounts"] if one["population"] == "resident")
        assert account["parts"]["born"] == rows[0]["births"]
    assert sorted(set(counted)) == counted
