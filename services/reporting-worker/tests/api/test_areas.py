"""Divisions that change: figures by old and new boundaries, the tree for front ends, periods to date."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from uuid import uuid4

import pytest

from renkou_common.contracts.lines import AREA_CHANGE, Line
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_time import AreaChanged, AreaHeirs, AreaSuccession
from renkou_reporting.bootstrap import build_area_reader, build_checker

from ..support import Caller, Json, LineMaker, Reporting

ONE, TWO, THREE, FOUR = "340103001001", "340103001002", "340103001003", "340103002001"
FIVE, SIX = "340103002002", "340103001005"
FIRST, SECOND = "340103001", "340103002"


async def change(
    reporting: Reporting, kind: str, on: str, heirs: dict[str, list[str]], title: str = "新"
) -> None:
    """What registry-api tells when divisions change."""
    successors = sorted({to for found in heirs.values() for to in found})
    data = AreaChanged.model_validate(
        {
            "change_id": uuid4(),
            "kind": kind,
            "effective_on": on,
            "sources": list(heirs),
            "ended": [each for each in heirs if each not in successors],
            "successors": [AreaSuccession(area=each, title=title) for each in successors],
            "heirs": [AreaHeirs(area=area, successors=found) for area, found in heirs.items()],
        }
    )
    reporting.feeds["registry"].append(RegistryEventType.AREA_CHANGED, data)
    await reporting.catch_up("registry")


async def read_tree(reporting: Reporting) -> None:
    await build_area_reader(reporting.runtime).read()


async def births(caller: Caller, area: str, period: str, boundaries: str | None = None) -> Json:
    asked = {"indicator": "births", "area": area, "population": "registered", "period": period}
    if boundaries is not None:
        asked["boundaries"] = boundaries
    answer = await caller.get("/figures", params=asked)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def born(line: LineMaker, area: str, *days: str) -> list[Line]:
    return [line("registered", "birth", day, area=area, sex=1, birth_month=day[:7], parity=1) for day in days]


async def test_a_merged_community_has_the_births_of_both_in_its_past(
    reporting: Reporting, line: LineMaker
) -> None:
    await read_tree(reporting)
    await reporting.take_in(
        "registry",
        born(line, ONE, "2025-03-01", "2025-04-01"),
        born(line, TWO, "2025-05-01"),
        born(line, THREE, "2026-02-01", "2025-06-01"),
    )
    await change(reporting, "merge", "2026-01-01", {ONE: [THREE], TWO: [THREE], THREE: [THREE]})
    clerk = await reporting.staff("subdistrict_clerk", FIRST)
    assert (await births(clerk, THREE, "2025"))["value"] == "1"
    assert (await births(clerk, THREE, "2025", "2026-06-30"))["value"] == "4"
    assert (await births(clerk, ONE, "2025", "2025-06-30"))["value"] == "2"
    after = await births(clerk, ONE, "2026", "2025-06-30")
    assert after["value"] is None
    assert after["together"] == [ONE, TWO, THREE]
    assert THREE in after["reason"]["zh"]


async def test_of_a_split_community_the_answer_names_the_parts_together(
    reporting: Reporting, line: LineMaker
) -> None:
    await read_tree(reporting)
    await reporting.take_in(
        "registry", born(line, ONE, "2025-03-01", "2026-03-01"), born(line, SIX, "2026-04-01", "2026-05-01")
    )
    await change(reporting, "split", "2026-01-01", {ONE: [ONE, SIX]})
    clerk = await reporting.staff("subdistrict_clerk", FIRST)
    assert (await births(clerk, SIX, "2026", "2026-06-30"))["value"] == "2"
    before = await births(clerk, SIX, "2025", "2026-06-30")
    assert before["value"] is None
    assert before["together"] == [ONE, SIX]
    assert "cannot be told apart" in before["reason"]["en"]
    assert (await births(clerk, ONE, "2026", "2025-12-31"))["value"] == "3"
    assert (await births(clerk, FIRST, "2025", "2026-06-30"))["value"] == "1"


async def test_people_of_a_community_put_under_another_subdistrict_did_not_move(
    reporting: Reporting, line: LineMaker
) -> None:
    """The stock goes along without a gap, and the lines say that only the division changed."""
    await read_tree(reporting)
    on = "2026-01-01"
    await reporting.take_in(
        "registry",
        [line("registered", "opening", "2025-01-01", 100, area=ONE)],
        [line("registered", "opening", "2025-01-01", 40, area=FOUR)],
        [
            line("registered", "out", on, 100, area=ONE, detail=AREA_CHANGE),
            line("registered", "in", on, 100, area=FIVE, detail=AREA_CHANGE),
        ],
    )
    await change(reporting, "transfer", on, {ONE: [FIVE]})
    statistician = await reporting.staff("statistician", "340103")
    asked = {"indicator": "mean_population", "population": "registered", "period": "2026"}
    found = {
        (area, day): (
            await statistician.get("/figures", params={**asked, "area": area, "boundaries": day})
        ).json()["value"]
        for area, day in (
            (FIRST, "2026-06-30"),
            (SECOND, "2026-06-30"),
            (FIRST, "2025-06-30"),
            (FIVE, "2026-06-30"),
        )
    }
    assert found == {
        (FIRST, "2026-06-30"): "0.0",
        (SECOND, "2026-06-30"): "140.0",
        (FIRST, "2025-06-30"): "100.0",
        (FIVE, "2026-06-30"): "100.0",
    }
    plain = (await statistician.get("/figures", params={**asked, "area": FIRST})).json()
    assert plain["value"] == "50.0"
    assert plain["boundaries"] is None


async def test_an_area_that_did_not_exist_on_the_day_is_refused_with_what_did(
    reporting: Reporting, line: LineMaker
) -> None:
    await read_tree(reporting)
    await change(reporting, "transfer", "2026-01-01", {ONE: [FIVE]})
    statistician = await reporting.staff("statistician", "340103")
    asked = {"indicator": "births", "population": "registered", "period": "2026", "area": ONE}
    refused = await statistician.get("/figures", params={**asked, "boundaries": "2026-03-01"})
    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert error["pointer"] == "/query/area"
    assert FIVE in error["detail"]


async def test_a_worker_sees_no_other_area_under_any_boundaries(reporting: Reporting) -> None:
    await read_tree(reporting)
    worker = await reporting.staff("community_worker", ONE)
    asked = {"indicator": "births", "population": "registered", "period": "2026", "boundaries": "2026-03-01"}
    assert (await worker.get("/figures", params={**asked, "area": TWO})).status_code == 404
    assert (await worker.get("/areas", params={"area": FIRST})).status_code == 404
    assert (await worker.get("/areas", params={"area": ONE})).status_code == 200


async def test_the_tree_shows_what_exists_on_a_day_under_its_name(reporting: Reporting) -> None:
    await read_tree(reporting)
    await change(reporting, "rename", "2026-01-01", {TWO: [TWO]}, title="新名社区")
    await change(reporting, "transfer", "2026-01-01", {ONE: [FIVE]}, title="五社区")
    statistician = await reporting.staff("statistician", "340103")

    async def names(area: str, on: str) -> dict[str, str]:
        asked = {"area": area, "on": on, "below": "communities"}
        answer = await statistician.get("/areas", params=asked)
        return {each["code"]: each["name"] for each in answer.json()["items"]}

    assert await names(FIRST, "2025-12-31") == {
        FIRST: "亳州路街道", ONE: "一社区", TWO: "二社区", THREE: "三社区"
    }  # fmt: skip
    assert await names(FIRST, "2026-01-01") == {FIRST: "亳州路街道", TWO: "新名社区", THREE: "三社区"}
    assert await names(SECOND, "2026-01-01") == {SECOND: "双岗街道", FOUR: "四社区", FIVE: "五社区"}
    children = (await statistician.get("/areas", params={"area": "340103"})).json()["items"]
    assert [each["code"] for each in children] == ["340103", FIRST, SECOND]
    assert children[0]["parent"] == "3401"


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_tables_by_boundaries_equal_a_naive_replay(
    reporting: Reporting, line: LineMaker, seed: int
) -> None:
    """Every birth has a house; who knows the houses can count by any boundaries. Where a table gives a number it
    is that count, and every parent sums to the same by old and by new boundaries."""
    draw = random.Random(seed)
    await read_tree(reporting)
    houses = {0: ONE, 1: ONE, 2: TWO, 3: THREE, 4: FOUR, 5: FOUR}
    steps: list[tuple[str, str, dict[str, list[str]], dict[int, str]]] = [
        ("split", "2025-04-01", {ONE: [ONE, SIX]}, {1: SIX}),
        ("transfer", "2025-07-10", {TWO: [FIVE]}, {2: FIVE}),
        ("merge", "2026-01-01", {SIX: [THREE], THREE: [THREE]}, {1: THREE}),
    ]
    coded = [(date(2024, 1, 1), dict(houses))]
    for _, on, _, moved in steps:
        coded.append((date.fromisoformat(on), coded[-1][1] | moved))

    def codes(day: date) -> dict[int, str]:
        return next(found for since, found in reversed(coded) if since <= day)

    facts = [(date(2025, 1, 1) + timedelta(days=draw.randrange(540)), draw.randrange(6)) for _ in range(200)]
    await reporting.take_in(
        "registry", [x for on, house in facts for x in born(line, codes(on)[house], str(on))]
    )
    for kind, on, heirs, _ in steps:
        await change(reporting, kind, on, heirs)
    statistician = await reporting.staff("statistician", "340103")
    known = 0
    for boundaries in ("2025-01-01", "2025-05-01", "2025-12-31", "2026-06-01"):
        asked = {
            "area": "340103", "areas": "communities", "population": "registered", "indicator": "births",
            "period": ["2025", "2026H1", "SY2026"], "through": None, "by": "month", "boundaries": boundaries,
        }  # fmt: skip
        answer = await statistician.get(
            "/figures/table", params={name: value for name, value in asked.items() if value is not None}
        )
        assert answer.status_code == 200, answer.text
        table = answer.json()
        then = codes(date.fromisoformat(boundaries))
        assert set(table["areas"]) == {"340103", *then.values()}
        for row in table["items"]:
            if row["parity"] is not None:
                continue
            expected = _by_month(
                facts, table["periods"], {h for h, c in then.items() if c.startswith(row["area"])}
            )
            if row["area"] == "340103":
                assert row["values"] == expected, boundaries
            for value, number in zip(row["values"], expected, strict=True):
                assert value in (None, number), (boundaries, row["area"])
                known += value is not None
    assert known > 250


def _by_month(facts: Sequence[tuple[date, int]], periods: Sequence[Json], houses: set[int]) -> list[str]:
    return [
        str(sum(each["start"] <= on.isoformat() <= each["end"] and house in houses for on, house in facts))
        for each in periods
    ]


@pytest.mark.parametrize(
    ("period", "through", "expected"),
    [
        ("2026-02", None, "1"),
        ("2026Q1", "2026-02", "2"),
        ("2026Q1", None, "3"),
        ("2026H1", "2026-04", "4"),
        ("2026", "2026-05", "5"),
        ("SY2026", "2026-01", "3"),
        ("SY2026", None, "7"),
    ],
)
async def test_every_period_can_be_asked_to_date(
    reporting: Reporting, line: LineMaker, period: str, through: str | None, expected: str
) -> None:
    days = ["2025-10-05", "2025-12-05", "2026-01-05", "2026-02-05", "2026-03-05", "2026-04-05", "2026-05-05"]
    await reporting.take_in("registry", born(line, ONE, *days))
    clerk = await reporting.staff("subdistrict_clerk", FIRST)
    asked = {"indicator": "births", "area": FIRST, "population": "registered", "period": period}
    answer = await clerk.get("/figures", params=asked | ({"through": through} if through else {}))
    assert answer.json()["value"] == expected


async def test_a_province_adds_up_its_districts(reporting: Reporting, line: LineMaker) -> None:
    await reporting.take_in(
        "registry", born(line, ONE, "2026-01-05"), born(line, "340104001001", "2026-01-06", "2026-02-06")
    )
    statistician = await reporting.staff("statistician", "34")
    assert (await births(statistician, "34", "2026"))["value"] == "3"
    assert (await births(statistician, "3401", "2026", "2026-06-30"))["value"] == "3"
    asked = {"area": "3401", "areas": "children", "population": "registered", "period": "2026"}
    table = (await statistician.get("/figures/table", params={**asked, "indicator": "births"})).json()
    assert table["areas"] == ["3401", "340103", "340104"]
    await read_tree(reporting)
    bounded = (await statistician.get("/figures/table", params={**asked, "boundaries": "2026-06-30"})).json()
    assert bounded["areas"] == ["3401", "340103", "340104"]


async def account(
    caller: Caller, area: str, boundaries: str | None = None, path: str = "", **asked: str
) -> Json:
    asked = {"area": area, "population": "registered", **asked} | (
        {"boundaries": boundaries} if boundaries else {}
    )
    answer = await caller.get(f"/accounts{path}", params=asked)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def told(found: Json, *names: str) -> tuple[int, ...]:
    return tuple(found[name] for name in names)


async def test_an_account_across_a_merger_balances_and_says_who_did_not_move(
    reporting: Reporting, line: LineMaker
) -> None:
    """Two communities become a third in the middle of the year; one birth and one real move come in between."""
    await read_tree(reporting)
    on, born = "2026-06-15", {"sex": 2, "birth_month": "1990-06"}
    lines = [
        line("registered", "opening", "2025-01-01", 100, area=ONE, **born),
        line("registered", "opening", "2025-01-01", 40, area=TWO, **born),
        line("registered", "opening", "2025-01-01", 7, area=THREE, **born),
        line("registered", "birth", "2026-02-01", 1, area=ONE, sex=1, birth_month="2026-02", parity=1),
        line("registered", "in", "2026-09-01", 5, area=THREE, **born),
    ]
    for area, number in ((ONE, 100), (TWO, 40)):
        lines.append(line("registered", "out", on, number, area=area, detail=AREA_CHANGE, **born))
        lines.append(line("registered", "in", on, number, area=THREE, detail=AREA_CHANGE, **born))
    child = {"sex": 1, "birth_month": "2026-02", "detail": AREA_CHANGE}
    lines.append(line("registered", "out", on, 1, area=ONE, **child))
    lines.append(line("registered", "in", on, 1, area=THREE, **child))
    await reporting.take_in("registry", lines)
    await change(reporting, "merge", on, {ONE: [THREE], TWO: [THREE], THREE: [THREE]})
    clerk = await reporting.staff("subdistrict_clerk", FIRST)
    parts = ("opening", "born", "moved_in", "moved_out", "reclassified_in", "reclassified_out", "closing")

    of_its_day = (await account(clerk, THREE, period="2026"))["total"]
    assert told(of_its_day, *parts) == (7, 0, 146, 0, 141, 0, 153)
    ended = (await account(clerk, ONE, period="2026"))["total"]
    assert told(ended, *parts) == (100, 1, 0, 101, 0, 101, 0)
    merged = await account(clerk, THREE, "2026-12-31", period="2026")
    assert told(merged["total"], "opening", "born", "closing") == (147, 1, 153)
    assert told(merged["total"], "moved_in", "moved_out") == (146, 141)
    assert merged["total"]["reclassified_in"] == merged["total"]["reclassified_out"] == 141
    assert merged["area_name"] == "新"
    town = (await account(clerk, FIRST, period="2026"))["total"]
    assert told(town, "opening", "born", "closing") == (147, 1, 153)
    assert town["reclassified_in"] == town["reclassified_out"]

    months = (await account(clerk, THREE, "2026-12-31", "/series", first="2026-05", last="2026-07"))["items"]
    assert [told(one, "opening", "closing", "reclassified_in", "reclassified_out") for one in months] == [
        (148, 148, 0, 0), (148, 148, 141, 141), (148, 148, 0, 0),
    ]  # fmt: skip
    for month in ("2026-05", "2026-06"):
        pyramid = await account(clerk, THREE, "2026-12-31", "/pyramid", month=month)
        people = {row["ages"]: told(row, "male", "female") for row in pyramid["rows"]}
        assert {ages: found for ages, found in people.items() if any(found)} == {
            "0-4": (1, 0),
            "35-39": (0, 147),
        }
    by_age = await account(clerk, THREE, "2026-12-31", period="2026", by_sex="true", ages="year")
    assert sum(row["closing"] for row in by_age["rows"]) == 153
    moved = {(row["sex"], row["ages"]): told(row, *parts[2:6]) for row in by_age["rows"] if row["moved_in"]}
    assert moved == {(2, "36"): (145, 140, 140, 140), (1, "0"): (1, 1, 1, 1)}
    for of_its_day, found in ((THREE, (141, 0)), (ONE, (0, 101)), (FIRST, (141, 141))):
        bands = await account(clerk, of_its_day, period="2026", by_sex="true", ages="five_years")
        assert told(bands["total"], *parts[4:6]) == found
        assert tuple(sum(row[name] for row in bands["rows"]) for name in parts[4:6]) == found
    asked = {"area": ONE, "period": "2026", "boundaries": "2025-12-31"}
    refused = await clerk.get("/accounts", params=asked)
    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/query/boundaries", "not_told_apart")
    assert all(code in error["detail"] for code in (ONE, TWO, THREE))
    assert (await build_checker(reporting.runtime).run_once()) is True
    assert (await clerk.get("/accounts/incidents")).json()["items"] == []


async def test_targets_and_scores_of_a_merged_community_are_of_all_its_year(
    reporting: Reporting, line: LineMaker
) -> None:
    """What was done in the two that were merged into it counts for it; a split one has no figure, with the reason."""
    await read_tree(reporting)
    counted = (
        (ONE, "03-01", 50, 40),
        (TWO, "04-01", 30, 30),
        (THREE, "09-01", 20, 20),
        (FOUR, "02-01", 10, 9),
    )
    for area, day, due, sent in counted:
        made = (("notice_due", due), ("notice_sent", sent))
        lines = [line("migrant_in", measure, f"2026-{day}", number, area=area) for measure, number in made]
        await reporting.take_in("registry", lines)
    await change(
        reporting, "merge", "2026-06-15", {ONE: [THREE], TWO: [THREE], THREE: [THREE]}, title="新社区"
    )
    await change(reporting, "split", "2026-08-01", {FOUR: [FOUR, FIVE]}, title="四社区")
    author = await reporting.staff("administrator", "340103")
    approver = await reporting.staff("statistician", "340103")
    goal = {"comparison": "at_least", "low": "98"}
    target = {"indicator": "notice_rate", "population": "migrant_in", "area": "340103", "period": "2026"}
    made = (await author.post("/targets", json=target | goal | {"below": True, "reason": "年度目标"})).json()
    activated = await approver.post(f"/targets/{made['id']}/activation", version=made["version"])
    assert activated.status_code == 200, activated.text

    async def progress(area: str) -> Json:
        answer = await approver.get("/targets/progress", params={"area": area, "period": "2026"})
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    merged = await progress(THREE)
    (item,) = merged["items"]
    assert (item["numerator"], item["denominator"], item["value"]) == ("90", "100", "90.00")
    assert (merged["area_name"], item["target_area_name"]) == ("新社区", "庐阳区")
    (ended,) = (await progress(ONE))["items"]
    assert ended["value"] is None
    assert THREE in ended["reason"]["zh"]
    (part,) = (await progress(FIVE))["items"]
    assert (part["value"], part["light"]) == (None, "grey")
    assert FOUR in part["reason"]["en"]

    document = {
        "title": "考核", "area": "340103", "period": "2026", "office": "区卫健委",
        "units": [{"area": THREE, "office": "新社区居委会"}, {"area": FIVE, "office": "五社区居委会"}],
        "items": [{
            "indicator": "notice_rate", "population": "migrant_in", "target": goal, "weight": "100",
            "rule": {"kind": "deduction", "per": "1", "points": "5"},
        }],
    }  # fmt: skip
    card = (await author.post("/scorecards", json={"document": document, "reason": "年度考核"})).json()
    activated = await approver.post(f"/scorecards/{card['id']}/activation", version=card["version"])
    assert activated.status_code == 200, activated.text
    scores = (await approver.get(f"/scorecards/{card['id']}/scores")).json()
    assert [(one["area_name"], one["total"]["points"], one["rank"]) for one in scores["areas"]] == [
        ("新社区", "60.00", 1),
        ("四社区", "0.00", None),
    ]


async def test_answers_call_areas_as_they_were_called_at_the_periods_end(
    reporting: Reporting, line: LineMaker
) -> None:
    await read_tree(reporting)
    await reporting.take_in("registry", born(line, ONE, "2025-03-01"), born(line, SIX, "2025-03-01"))
    await change(reporting, "rename", "2026-01-01", {ONE: [ONE]}, title="新名社区")
    statistician = await reporting.staff("statistician", "340103")
    old = (await births(statistician, ONE, "2025"))["area_name"]
    assert old == "一社区"
    assert (await births(statistician, ONE, "2026"))["area_name"] == "新名社区"
    assert (await births(statistician, ONE, "2025", "2026-06-30"))["area_name"] == "新名社区"
    assert (await births(statistician, SIX, "2025"))["area_name"] is None  # not in the tree

    asked = {"area": ONE, "population": "registered"}
    months = {"indicator": "births", "first": "2025-11", "last": "2025-12"}
    series = await statistician.get("/figures/series", params=asked | months)
    assert series.json()["area_name"] == old

    asked = {"area": FIRST, "areas": "children", "population": "registered", "indicator": "births"}
    table = (await statistician.get("/figures/table", params=asked | {"period": "2025"})).json()
    assert table["areas"] == [FIRST, ONE, SIX]
    assert table["area_names"] == {FIRST: "亳州路街道", ONE: old}
