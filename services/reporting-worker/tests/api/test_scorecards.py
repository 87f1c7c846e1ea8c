"""Scorecards are agreed by two; every point lost is explained; places are of areas, never of people."""

import copy
from collections.abc import Sequence
from uuid import UUID, uuid4

import httpx
import pytest

from renkou_common.database import Reader
from renkou_common.scope import AreaScope
from renkou_reporting.figures.domain import Asked, Months, Outcome, Span
from renkou_reporting.figures.engine import compute
from renkou_reporting.figures.plan import Position
from renkou_reporting.scorecards import service
from renkou_reporting.scorecards.schemas import ScoreQuestion
from renkou_reporting.scorecards.scores import Figures, ScoreTable

from ..support import Caller, Json, LineMaker, Reporting

DOCUMENT: Json = {
    "title": "2026年度流动人口服务管理责任书",
    "area": "340103",
    "period": "2026",
    "office": "庐阳区卫生健康委员会",
    "units": [
        {"area": "340103001", "office": "逍遥津街道办事处"},
        {"area": "340103002", "office": "三孝口街道办事处"},
        {"area": "340103003", "office": "海棠街道办事处"},
    ],
    "items": [
        {
            "indicator": "notice_rate",
            "population": "migrant_in",
            "target": {"comparison": "at_least", "low": "98"},
            "weight": "60",
            "rule": {"kind": "deduction", "per": "1", "points": "5"},
        },
        {
            "indicator": "satisfaction_rate",
            "population": "office",
            "target": {"comparison": "at_least", "low": "90"},
            "weight": "40",
            "rule": {"kind": "proportional"},
            "bonus": {"per": "1", "points": "0.5", "cap": "3"},
        },
        {
            "indicator": "certificate_check_rate",
            "population": "migrant_in",
            "target": {"comparison": "at_least", "low": "98"},
            "weight": "0",
            "rule": {"kind": "all_or_nothing"},
        },
    ],
}


@pytest.fixture
async def author(reporting: Reporting) -> Caller:
    return await reporting.staff("administrator", "340103")


@pytest.fixture
async def approver(reporting: Reporting) -> Caller:
    return await reporting.staff("statistician", "340103")


async def changing(
    caller: Caller, method: str, path: str, version: int | None, body: Json | None = None
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {caller.token}"}
    if version is not None:
        headers["If-Match"] = f'"{version}"'
    return await caller.client.request(method, path, json=body, headers=headers)


async def drafted(author: Caller, document: Json = DOCUMENT) -> Json:
    answer = await author.post("/scorecards", json={"document": document, "reason": "年度考核"})
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    assert answer.headers["Location"] == f"/scorecards/{found['id']}"
    return found


async def in_force(author: Caller, approver: Caller, document: Json = DOCUMENT) -> str:
    draft = await drafted(author, document)
    answer = await changing(approver, "POST", f"/scorecards/{draft['id']}/activation", draft["version"])
    assert answer.status_code == 200, answer.text
    return f"/scorecards/{draft['id']}"


async def year_of(reporting: Reporting, line: LineMaker) -> None:
    """Three subdistricts: one with everything, one that lacks, one without surveys; and the year before."""
    counted = [
        ("340103001001", "2026", 100, 100, 100, 95),
        ("340103002001", "2026", 100, 95, 100, 45),
        ("340103003001", "2026", 200, 190, 0, 0),
        ("340103002001", "2025", 100, 98, 100, 45),
    ]
    for area, year, due, sent, valid, satisfied in counted:
        on = f"{year}-02-10"
        lines = [
            line("migrant_in", "notice_due", on, due, area=area),
            line("migrant_in", "notice_sent", on, sent, area=area),
        ]
        if valid:
            lines += [
                line("office", "satisfaction_valid", on, valid, area=area),
                line("office", "satisfaction_satisfied", on, satisfied, area=area),
            ]
        await reporting.take_in("registry", lines)


async def test_areas_are_scored_and_ranked(
    reporting: Reporting, author: Caller, approver: Caller, line: LineMaker
) -> None:
    path = await in_force(author, approver)
    await year_of(reporting, line)
    scores = (await author.get(f"{path}/scores")).json()
    found = [
        (
            one["area"],
            one["total"]["score"],
            one["total"]["out_of"],
            one["total"]["percent"],
            one["rank"],
            one["light"],
        )
        for one in scores["areas"]
    ]
    assert found == [
        ("340103001", "102.50", "100.00", "102.50", 1, "green"),
        ("340103002", "65.00", "100.00", "65.00", 3, "amber"),
        ("340103003", "45.00", "60.00", "75.00", 2, "amber"),
    ]
    assert (scores["ranked"], scores["before"], scores["source"]) == (3, "2025", "live")
    second = scores["areas"][1]
    assert second["before"]["score"] == "80.00"
    assert [one["change"] for one in second["items"]] == ["-15.00", "0.00", None]
    assert scores["areas"][2]["items"][1]["points"] is None
    assert [one["watched"] for one in scores["items"]] == [False, False, True]


async def test_every_point_lost_is_explained(
    reporting: Reporting, author: Caller, approver: Caller, line: LineMaker
) -> None:
    path = await in_force(author, approver)
    await year_of(reporting, line)
    found = (await author.get(f"{path}/scores/340103002", params={"through": "2026-06"})).json()
    assert (found["until"], found["counted_to"], found["office"]) == (
        "2026-12-31",
        "2026-06-30",
        "三孝口街道办事处",
    )
    notices, satisfied, checks = found["items"]
    assert (notices["numerator"], notices["denominator"], notices["value"]) == ("95", "100", "95.00")
    assert (notices["goal"]["low"], notices["points"], notices["lost"]) == ("98", "45.00", "15.00")
    assert notices["arithmetic"]["zh"] == "差 3，每差 1 扣 5 分，计 3 个，最多扣 60 分；失 15 分"
    assert notices["missing"] == {"amount": "3", "direction": "more", "of": "numerator"}
    assert (satisfied["points"], satisfied["lost"], satisfied["value_before"]) == ("20.00", "20.00", "45.00")
    assert satisfied["missing"]["amount"] == "45"
    assert (checks["points"], checks["light"], checks["reason"]["zh"]) == (None, "grey", "分母为零，无法计算")
    lost = sum(float(one["lost"]) for one in found["items"] if one["lost"])
    assert float(found["total"]["points"]) + lost == float(found["total"]["out_of"]) == 100


async def test_equals_share_a_place(
    reporting: Reporting, author: Caller, approver: Caller, line: LineMaker
) -> None:
    path = await in_force(author, approver)
    for area in ("340103001001", "340103002001"):
        await reporting.take_in(
            "registry",
            [
                line("migrant_in", "notice_due", "2026-02-10", 10, area=area),
                line("migrant_in", "notice_sent", "2026-02-10", 9, area=area),
            ],
        )
    scores = (await author.get(f"{path}/scores")).json()
    assert [one["rank"] for one in scores["areas"]] == [1, 1, None]
    assert [one["light"] for one in scores["areas"]] == ["red", "red", "grey"]


async def test_a_scorecard_is_put_in_force_by_somebody_else_and_revised(
    author: Caller, approver: Caller
) -> None:
    draft = await drafted(author)
    path = f"/scorecards/{draft['id']}"
    assert (await author.get(f"{path}/scores")).json()["code"] == "not_in_force"
    assert (await changing(approver, "POST", f"{path}/activation", None)).status_code == 428
    refused = await changing(author, "POST", f"{path}/activation", draft["version"])
    assert (refused.status_code, refused.json()["code"]) == (409, "same_person")
    active = (await changing(approver, "POST", f"{path}/activation", draft["version"])).json()
    assert active["versions"][0]["approved_by"] == str(approver.id)

    revised = copy.deepcopy(DOCUMENT)
    revised["items"][0]["rule"]["points"] = "2"
    body = {"document": revised, "reason": "调整扣分"}
    assert (await changing(author, "PUT", f"{path}/draft", draft["version"], body)).status_code == 412
    second = (await changing(author, "PUT", f"{path}/draft", active["version"], body)).json()
    assert [(one["number"], one["state"]) for one in second["versions"]] == [(2, "draft"), (1, "active")]
    assert (await author.get(f"{path}/scores")).json()["number"] == 1
    assert (await author.get(f"{path}/scores", params={"number": 2})).json()["number"] == 2
    assert (await author.get(f"{path}/scores", params={"number": 3})).status_code == 404
    third = (await changing(approver, "POST", f"{path}/activation", second["version"])).json()
    assert [one["state"] for one in third["versions"]] == ["active", "superseded"]
    elsewhere = body | {"document": revised | {"period": "2027"}}
    moved = await changing(author, "PUT", f"{path}/draft", third["version"], elsewhere)
    assert (moved.status_code, moved.json()["code"]) == (422, "fixed")
    gone = await changing(approver, "POST", f"{path}/withdrawal", third["version"], {"reason": "作废"})
    assert gone.json()["versions"][0]["state"] == "withdrawn"
    listed = (await author.get("/scorecards", params={"area": "340103", "period": "2026"})).json()
    assert [(one["title"], one["state"]) for one in listed["items"]] == [(DOCUMENT["title"], "withdrawn")]


async def test_a_scorecard_is_made_once_for_a_key(author: Caller) -> None:
    key, body = str(uuid4()), {"document": DOCUMENT, "reason": "年度考核"}
    first = await author.post("/scorecards", json=body, key=key)
    assert (await author.post("/scorecards", json=body, key=key)).json() == first.json()


@pytest.mark.parametrize(
    "indicator",
    ["free_service_rate", "examination_rate_entitled", "prepregnancy_coverage", "certificate_check_rate"],
)
async def test_no_point_is_lost_because_somebody_declined_an_offer(author: Caller, indicator: str) -> None:
    document = copy.deepcopy(DOCUMENT)
    document["items"][0] |= {"indicator": indicator}
    document["items"].pop()
    answer = await author.post("/scorecards", json={"document": document, "reason": "试"})
    assert answer.status_code == 422
    errors = [(one["pointer"], one["code"]) for one in answer.json()["errors"]]
    assert errors == [("/document/items/0/indicator", "not_scorable")]
    document["items"][0] |= {"weight": "0"}
    document["items"][1] |= {"weight": "100"}
    assert (await author.post("/scorecards", json={"document": document, "reason": "试"})).status_code == 201


async def test_a_wrong_scorecard_is_refused_with_every_reason(author: Caller) -> None:
    document = copy.deepcopy(DOCUMENT)
    document["office"] = "张三"
    document["units"][1] = {"area": "340104", "office": "李四"}
    document["items"][0]["weight"] = "50"
    document["items"][1] |= {"indicator": "birth_rate", "population": "registered"}
    document["items"][2] |= {"rule": {"kind": "proportional"}, "population": "registered"}
    answer = await author.post("/scorecards", json={"document": document, "reason": "试"})
    errors = {(one["pointer"].removeprefix("/document"), one["code"]) for one in answer.json()["errors"]}
    assert errors == {
        ("/office", "not_an_office"),
        ("/units/1/office", "not_an_office"),
        ("/units/1/area", "outside"),
        ("/units", "levels"),
        ("/items", "weights"),
        ("/items/1/indicator", "no_target"),
        ("/items/2/population", "population_of_indicator"),
    }


async def test_areas_may_have_targets_of_their_own(
    reporting: Reporting, author: Caller, approver: Caller, line: LineMaker
) -> None:
    document = copy.deepcopy(DOCUMENT)
    del document["items"][0]["target"]
    draft = await drafted(author, document)
    path = f"/scorecards/{draft['id']}"
    refused = await changing(approver, "POST", f"{path}/activation", draft["version"])
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "no_target_in_force")
    for area, low, below in (("340103", "98", True), ("340103002", "95", False)):
        target: Json = {"indicator": "notice_rate", "population": "migrant_in", "area": area, "period": "2026",
                        "comparison": "at_least", "low": low, "below": below, "reason": "年度目标"}  # fmt: skip
        made = (await author.post("/targets", json=target)).json()
        await changing(approver, "POST", f"/targets/{made['id']}/activation", made["version"])
    assert (await changing(approver, "POST", f"{path}/activation", draft["version"])).status_code == 200
    await year_of(reporting, line)
    scores = (await author.get(f"{path}/scores")).json()
    assert [(one["items"][0]["goal"]["low"], one["items"][0]["points"]) for one in scores["areas"]] == [
        ("98", "60.00"),
        ("95", "60.00"),
        ("98", "45.00"),
    ]


async def test_everybody_sees_the_scores_of_their_own_areas(
    reporting: Reporting, author: Caller, approver: Caller, line: LineMaker
) -> None:
    path = await in_force(author, approver)
    await year_of(reporting, line)
    clerk = await reporting.staff("subdistrict_clerk", "340103002")
    scores = (await clerk.get(f"{path}/scores")).json()
    assert [(one["area"], one["rank"]) for one in scores["areas"]] == [("340103002", 3)]
    assert scores["ranked"] == 3
    assert (await clerk.get(f"{path}/scores/340103002")).status_code == 200
    assert (await clerk.get(f"{path}/scores/340103001")).status_code == 404
    assert (await author.get(f"{path}/scores/340103009")).status_code == 404
    assert (await author.get(f"/scorecards/{uuid4()}/scores")).status_code == 404
    body = {"document": DOCUMENT, "reason": "试"}
    assert (await clerk.post("/scorecards", json=body)).status_code == 403


async def test_scores_stand_on_whichever_figures_are_read(
    reporting: Reporting, author: Caller, approver: Caller, line: LineMaker
) -> None:
    path = await in_force(author, approver)
    scorecard_id = UUID(path.removeprefix("/scorecards/"))
    await year_of(reporting, line)
    kept: dict[Position, Outcome] = {}

    async def keep(
        tx: Reader, asked: Sequence[Asked], spans: Sequence[Span], months: Sequence[Months]
    ) -> dict[Position, Outcome]:
        kept.update(await compute(tx, asked, spans, months))
        return kept

    async def published(
        tx: Reader, asked: Sequence[Asked], spans: Sequence[Span], months: Sequence[Months]
    ) -> dict[Position, Outcome]:
        return kept

    async def scored(figures: Figures, source: str) -> ScoreTable:
        async with reporting.database.transaction(AreaScope.everything()) as tx:
            return await service.table_of(tx, scorecard_id, ScoreQuestion(), figures, source)

    before = await scored(keep, "live")
    late = [line("migrant_in", "notice_sent", "2026-02-10", 5, area="340103002001")]
    await reporting.take_in("registry", late)
    frozen, live = await scored(published, "2026 v1"), await scored(compute, "live")
    assert (frozen.source, frozen.rows, frozen.places) == ("2026 v1", before.rows, before.places)
    assert [str(each.rows[1].totals[0].score) for each in (frozen, live)] == ["65.00", "80.00"]
