"""Asking for figures: tables, what is refused, and who sees which area."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from renkou_common.contracts.registry import RegistryEventType, SessionEnded, StaffChanged

from ..support import Json, LineMaker, Reporting

QUESTION = {"indicator": "birth_rate", "area": "340103", "population": "registered", "period": "2026"}


async def test_a_table_has_every_indicator_of_its_population(reporting: Reporting, line: LineMaker) -> None:
    await reporting.take_in(
        "registry",
        [line("resident", "opening", "2025-12-31", 1000)],
        [line("resident", "birth", "2026-02-01", sex=1, parity=1, birth_month="2026-02")],
        [line("resident", "birth", "2026-03-01", sex=2, parity=2, birth_month="2026-03")],
    )
    worker = await reporting.staff("community_worker", "340103001001")
    asked = {"area": "340103001001", "population": "resident", "period": "2026"}
    answer = (await worker.get("/figures/table", params=asked)).json()
    found = {(row["indicator"], row["parity"]): row["values"] for row in answer["items"]}
    expected = {
        ("mean_population", None): ["1001.0"],
        ("population", None): ["1002"],
        ("births", None): ["2"],
        ("births", "1"): ["1"],
        ("births", "2"): ["1"],
        ("births", "3+"): ["0"],
        ("deaths", None): ["0"],
        ("birth_rate", None): ["2.00"],
        ("death_rate", None): ["0.00"],
        ("natural_growth_rate", None): ["2.00"],
        ("sex_ratio_at_birth", None): ["100.00"],
        ("sex_ratio_at_birth", "1"): [None],
        ("sex_ratio_at_birth", "2"): ["0.00"],
        ("sex_ratio_at_birth", "3+"): [None],
        ("parity_share", "1"): ["50.00"],
        ("parity_share", "2"): ["50.00"],
        ("parity_share", "3+"): ["0.00"],
        ("policy_compliance_rate", None): [None],
        ("reporting_error_rate", None): [None],
    }
    assert {key: found[key] for key in expected} == expected
    told = (await worker.get("/indicators")).json()["items"]
    assert {row["indicator"] for row in answer["items"]} == {
        one["code"] for one in told if "resident" in one["populations"]
    }
    assert answer["population_name"] == {"zh": "常住人口", "en": "usual residents"}
    assert answer["as_of"] == {"registry": 4}


async def test_a_correction_reverses_what_was_wrong(reporting: Reporting, line: LineMaker) -> None:
    wrong = line("registered", "birth", "2026-02-01", 1, sex=1, parity=1)
    await reporting.take_in("registry", [line("registered", "opening", "2025-12-31", 99)], [wrong])
    reversal = wrong.model_copy(update={"value": -1})
    right = line("registered", "birth", "2026-01-31", 1, area="340103002001", sex=2, parity=1)
    await reporting.take_in("registry", [reversal, right])
    statistician = await reporting.staff("statistician", "340103")

    async def births(area: str, period: str) -> str:
        answer = await statistician.get("/figures", params=QUESTION | {"area": area, "period": period})
        numerator: str = answer.json()["numerator"]
        return numerator

    assert await births("340103", "2026") == "1"
    assert await births("340103001", "2026") == "0"
    assert await births("340103002", "2026-01") == "1"


@pytest.mark.parametrize("area", ["34", "3401", "340104", "340103002", "340103002001", "310115"])
async def test_an_area_beyond_the_callers_does_not_exist(reporting: Reporting, area: str) -> None:
    worker = await reporting.staff("community_worker", "340103001")
    for path, question in (("/figures", QUESTION), ("/figures/table", QUESTION)):
        asked = {**question, "area": area}
        if path.endswith("table"):
            del asked["indicator"]
        answer = await worker.get(path, params=asked)
        assert answer.status_code == 404, answer.text
        assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"indicator": "pressing_rate"}, 404, "not_found"),
        ({"population": "migrant_in"}, 422, "population_of_indicator"),
        ({"period": "2026-13"}, 422, "period_unknown"),
        ({"area": "34010"}, 422, "area_code_length"),
        ({"parity": "1"}, 422, "parity"),
        ({"indicator": "parity_share"}, 422, "parity_required"),
        ({"indicator": "parity_share", "parity": "0"}, 422, "parity"),
        ({"indicator": "parity_share", "parity": "31"}, 422, "parity"),
        ({"through": "2027-01"}, 422, "through_outside"),
        ({"through": "2026-13"}, 422, "period_unknown"),
        ({"surplus": "1"}, 422, "invalid_input"),
        ({"population": "everyone"}, 422, "invalid_input"),
    ],
)
async def test_what_cannot_be_asked_is_refused_with_a_reason(
    reporting: Reporting, change: Json, status: int, code: str
) -> None:
    statistician = await reporting.staff("statistician", "340103")
    answer = await statistician.get("/figures", params=QUESTION | change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/indicators"),
        ("GET", "/figures"),
        ("GET", "/figures/table"),
        ("GET", "/returns"),
        ("POST", "/returns"),
        ("GET", "/returns/01890000-0000-7000-8000-000000000000"),
        ("POST", "/returns/01890000-0000-7000-8000-000000000000/withdrawal"),
        ("POST", "/rebuilds"),
        ("GET", "/rebuilds/01890000-0000-7000-8000-000000000000"),
        ("GET", "/feeds/status"),
        ("GET", "/incidents"),
    ],
)
async def test_without_a_token_there_is_nothing(reporting: Reporting, method: str, path: str) -> None:
    answer = await reporting.client.request(method, path)
    assert answer.status_code == 401, answer.text
    role = "community_worker" if path.startswith("/returns") else "service_station"
    stranger = await reporting.staff(role, "340103")
    answer = await stranger.get(path) if method == "GET" else await stranger.post(path)
    assert answer.status_code == 403, answer.text


async def test_rights_follow_the_registers_feed(reporting: Reporting) -> None:
    worker = await reporting.staff("community_worker", "340103001")
    leaver = await reporting.staff("community_worker", "340103001")
    last = reporting.feeds["registry"].events[-1]
    gone = StaffChanged.model_validate(last.data | {"active": False})
    reporting.feeds["registry"].append(last.type, gone, leaver.id)
    await reporting.catch_up("registry")
    assert (await leaver.get("/indicators")).status_code == 403
    assert (await worker.get("/indicators")).status_code == 200


async def test_a_districts_own_role_gives_its_scopes_here_from_its_first_day_to_its_last(
    reporting: Reporting, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = await reporting.staff("a_role_of_the_district", "340103")
    assert (await unknown.get("/indicators")).status_code == 403
    helper = await reporting.staff("a_role_of_the_district", "340103")
    last, now = reporting.feeds["registry"].events[-1], reporting.runtime.clock.now()
    told = StaffChanged.model_validate(last.data)
    limits = {"valid_from": now + timedelta(days=1), "valid_to": now + timedelta(days=2)}
    one = told.assignments[0].model_copy(update={"scopes": ["figure:read", "of:tomorrow"], **limits})
    reporting.feeds["registry"].append(last.type, told.model_copy(update={"assignments": [one]}), helper.id)
    await reporting.catch_up("registry")
    for ahead, status in ((0, 403), (1.5, 200), (2.5, 403)):
        monkeypatch.setattr(reporting.runtime.clock, "_offset", timedelta(days=ahead))
        assert (await helper.get("/indicators")).status_code == status
        assert (await helper.get("/figures")).status_code == 403


async def test_indicators_are_told_with_their_definitions(reporting: Reporting) -> None:
    worker = await reporting.staff("community_worker", "340103001")
    answer = (await worker.get("/indicators")).json()
    by_code = {one["code"]: one for one in answer["items"]}
    assert len(by_code) == 61
    assert by_code["certificate_issue_rate"]["name"]["zh"] == "办证率"
    assert by_code["certificate_issue_rate"]["numerator"][0]["ages"] == [18, 49]
    assert by_code["natural_growth_rate"]["numerator"][1]["weight"] == -1


async def test_health_needs_no_token(reporting: Reporting) -> None:
    assert (await reporting.client.get("/health/live")).json() == {"status": "alive"}
    assert (await reporting.client.get("/health/ready")).json() == {"status": "ready"}


async def test_a_session_that_ended_opens_nothing_here_any_more(reporting: Reporting) -> None:
    worker = await reporting.staff("statistician", "340103")
    session = uuid4()
    token = reporting.issuer.issue(worker.id, "staff", "someone", session=session)
    ended = SessionEnded(session_id=session, until=datetime.now(UTC) + timedelta(minutes=15))
    reporting.feeds["registry"].append(RegistryEventType.SESSION_ENDED, ended, session)
    await reporting.catch_up("registry")
    headers = {"Authorization": f"Bearer {token}"}
    assert (await reporting.client.get("/figures/table", headers=headers)).status_code == 401
    assert (await worker.get("/figures", params=QUESTION)).status_code == 200
