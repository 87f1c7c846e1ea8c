"""A period is checked, signed by two, published, and stays as it was published."""

from time import monotonic
from uuid import uuid4

import asyncpg
import pytest

from renkou_common.contracts.registry import RegistryEventType, StaffAssignment, StaffChanged
from renkou_common.messaging import inbox
from renkou_common.scope import AreaScope
from renkou_reporting.accounts.checking import Checker

from ..support import Caller, Json
from .steps import PERIOD, POLICE, District


async def checks(district: District, closing_id: str) -> dict[str, Json]:
    answer = await district.statistician.get(f"/closings/{closing_id}/checks")
    assert answer.status_code == 200, answer.text
    return {one["code"]: one for one in answer.json()["items"]}


async def test_two_people_publish_what_the_checks_let_through(district: District) -> None:
    await district.rebuild()
    closing_id = await district.open()
    assert all(one["holds"] for one in (await checks(district, closing_id)).values())
    closing = await district.publish(closing_id)
    assert (closing["state"], closing["version"], closing["first_signed"]) == ("published", 1, None)
    assert [step["kind"] for step in closing["steps"]] == ["opened", "signed", "published"]
    signed, published = closing["steps"][1:]
    assert signed["by"] == str(district.statistician.id)
    assert published["by"] == str(district.administrator.id)
    births = await district.figure("births")
    assert (births["numerator"], births["denominator"], births["value"]) == ("240", "1", "240")
    rate = await district.figure("birth_rate")
    assert (rate["numerator"], rate["denominator"], rate["value"]) == ("240", "60102", "3.99")
    assert (await district.figure("births", area="340103002001", dims="sex=1"))["value"] == "60"
    account = (await district.published(population="resident"))["accounts"][0]
    assert account["area"] == "340103"
    assert account["parts"] == {
        "opening": 60000, "entered": 0, "born": 240, "died": 36, "moved_in": 0, "moved_out": 0, "closing": 60204,
    }  # fmt: skip


async def test_every_figure_asked_for_live_is_the_one_that_was_published(district: District) -> None:
    await district.closed()
    version = await district.published(population="resident")
    asked = {"area": "340103", "areas": "communities", "population": "resident", "period": PERIOD}
    table = (await district.statistician.get("/figures/table", params=asked)).json()
    live = {
        (row["area"], row["indicator"], f"parity={row['parity']}" if row["parity"] else ""): row["values"][0]
        for row in table["items"]
    }
    published = {(row["area"], row["indicator"], row["dims"]): row for row in version["items"]}
    shared = live.keys() & published.keys()
    assert len(shared) > 100
    for key in shared:
        if published[key]["reason"] != "suppressed":
            assert live[key] == published[key]["value"], key


async def test_what_stands_in_the_way_is_named_with_a_link(district: District) -> None:
    closing_id = await district.open()
    reporting = district.reporting
    event = reporting.feeds["migrant"].append_lines([])
    async with reporting.database.transaction(AreaScope.everything()) as tx:
        await inbox.hold_failed(tx, "migrant", event, ValueError("not understood"))
    await reporting.take_in("registry", [district.line("registered", "birth", "2026-01-03", 8)])
    await reporting.as_owner(
        "UPDATE cohort_cell SET value = value + 1 WHERE measure = 'opening' AND area = 340103001001"
    )
    reporting.feeds["registry"].away_from = 0
    found = await checks(district, closing_id)
    assert {code for code, one in found.items() if not one["holds"]} == {
        "feeds_caught_up", "no_held_events", "accounts_balance", "recomputed", "reconciled",
    }  # fmt: skip
    assert found["recomputed"]["findings"][0]["link"] == "/rebuilds"
    assert found["reconciled"]["findings"][0]["link"] == "/reconciliations"
    balance = found["accounts_balance"]["findings"][0]
    assert balance["text"]["en"] == (
        "340103001001 2025-12 resident: Cells and cohort cells do not agree; a rebuild makes them anew"
        " (10000 expected, 10001 found)"
    )
    assert balance["link"] == "/accounts/incidents?area=340103001001&state=open"
    refused = await district.statistician.post(
        f"/closings/{closing_id}/signatures", json={"reason": "还是要签"}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "checks_failed")
    assert {one["code"] for one in refused.json()["errors"]} == {
        "feeds_caught_up", "no_held_events", "accounts_balance", "recomputed", "reconciled",
    }  # fmt: skip
    assert (await district.statistician.get("/published")).json()["items"] == []


async def test_a_period_that_is_not_over_and_counts_without_a_denominator_are_not_signed(
    district: District,
) -> None:
    await district.reporting.take_in(
        "registry", [district.line("migrant_in", "check_made", "2026-01-03", 30)]
    )
    await district.rebuild()
    found = await checks(district, await district.open())
    assert [one["text"]["en"] for one in found["denominators"]["findings"]] == [
        "certificate_check_rate (migrant_in) has no denominator"
    ]
    year = district.reporting.runtime.clock.today().year
    found = await checks(district, await district.open(f"{year + 1}"))
    assert not found["period_over"]["holds"]


async def test_the_second_signature_is_somebody_elses_and_names_the_figures(district: District) -> None:
    await district.rebuild()
    closing_id = await district.open()
    signed = await district.sign(closing_id)
    path = f"/closings/{closing_id}/publication"
    given = {"hash": signed["first_signed"]["hash"]}
    assert (await district.statistician.post(path, json=given)).status_code == 403
    other = await district.administrator.post(path, json={"hash": "00" * 32})
    assert (other.status_code, other.json()["code"]) == (409, "figures_differ")
    both = await district.reporting.staff("administrator", "340103")
    refused = await both.post(f"/closings/{closing_id}/refusal", json={"reason": "出生数待核"})
    assert (refused.status_code, refused.json()["state"]) == (200, "open")
    late = await district.administrator.post(path, json=given)
    assert (late.status_code, late.json()["code"]) == (409, "closing_state")
    log = (await district.statistician.get(f"/closings/{closing_id}")).json()["steps"]
    assert (log[-1]["kind"], log[-1]["reason"], log[-1]["by"]) == ("withdrawn", "出生数待核", str(both.id))


async def test_a_signature_that_is_refused_anyway_does_not_wait_for_the_feeds(district: District) -> None:
    await district.rebuild()
    closing_id = await district.open()
    await district.sign(closing_id)
    district.reporting.feeds["registry"].append_lines(
        []
    )  # is not taken in: freezing waits five seconds for it
    begun = monotonic()
    for wanted, status in ((closing_id, 409), (str(uuid4()), 404)):
        path = f"/closings/{wanted}/signatures"
        answer = await district.statistician.post(path, json={"reason": "核对无误"})
        assert answer.status_code == status, answer.text
    number = {"reason": "见 340103199001011234"}
    answer = await district.statistician.post(f"/closings/{closing_id}/signatures", json=number)
    assert answer.status_code == 422, answer.text
    assert monotonic() < begun + 4


async def test_one_person_with_both_rights_does_not_sign_twice(district: District) -> None:
    await district.rebuild()
    closing_id = await district.open()
    reporting = district.reporting
    staff_id = uuid4()
    rights = [
        StaffAssignment(role=role, area="340103000000", area_high="340103999999")
        for role in ("statistician", "administrator")
    ]
    change = StaffChanged(staff_id=staff_id, active=True, assignments=rights)
    reporting.feeds["registry"].append(RegistryEventType.STAFF_CHANGED, change, staff_id)
    await reporting.catch_up("registry")
    both = Caller(reporting.client, staff_id, reporting.issuer.issue(staff_id, "staff", "both"))
    signed = (await both.post(f"/closings/{closing_id}/signatures", json={"reason": "核对无误"})).json()
    again = await both.post(
        f"/closings/{closing_id}/publication", json={"hash": signed["first_signed"]["hash"]}
    )
    assert (again.status_code, again.json()["code"]) == (409, "same_person")


async def test_a_period_is_closed_once_and_only_for_the_whole_district(district: District) -> None:
    await district.open()
    again = await district.statistician.post("/closings", json={"period": PERIOD})
    assert (again.status_code, again.json()["code"]) == (409, "closing_exists")
    part = await district.reporting.staff("statistician", "340103001")
    assert (await part.post("/closings", json={"period": "2025"})).status_code == 403
    wrong = await district.statistician.post("/closings", json={"period": "January"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/period")


async def test_nobody_changes_what_was_published(district: District) -> None:
    await district.closed()
    for table in (
        "published_version",
        "published_cell",
        "published_account",
        "frozen_figures",
        "closing_step",
    ):
        for statement in (f"UPDATE {table} SET reason = ''", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            if "UPDATE" in statement and table == "published_account":
                statement = "UPDATE published_account SET parts = '[]'"
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await district.reporting.rows(statement)


async def test_small_numbers_of_people_are_not_published(district: District) -> None:
    await district.late(
        [district.line("resident", "birth", "2026-01-09", 3, area="340103003001", sex=2, parity=2)]
    )
    await district.closed()
    for indicator in ("births", "birth_rate"):
        hidden = await district.figure(indicator, area="340103003001")
        assert (hidden["numerator"], hidden["denominator"], hidden["value"]) == (None, None, None)
        assert hidden["reason"] == "suppressed"
    (account,) = (await district.published(area="340103003001", population="resident"))["accounts"]
    assert account["parts"]["born"] is None
    assert account["parts"]["closing"] is None


async def test_a_worker_sees_published_figures_of_the_own_community_only(district: District) -> None:
    await district.closed()
    worker = await district.reporting.staff("community_worker", "340103001001")
    own = (await worker.get(f"/published/{PERIOD}/1", params={"area": "340103001001"})).json()
    assert {row["area"] for row in own["items"]} == {"340103001001"}
    for path in (f"/published/{PERIOD}/1", f"/published/{PERIOD}/1?area=340103001002"):
        assert (await worker.get(path)).status_code == 404
    assert (await worker.get(f"/published/{PERIOD}/1/document")).status_code == 403
    assert (await worker.get("/published/feed")).status_code == 403
    assert (await worker.get("/closings")).status_code == 403


async def test_an_account_that_somebody_explained_is_in_nobodys_way(district: District) -> None:
    left = district.line("resident", "out", "2026-01-03", 7, sex=2, birth_month="1990-01")
    await district.late([left])
    await district.rebuild()
    closing_id = await district.open()
    (finding,) = (await checks(district, closing_id))["accounts_balance"]["findings"]
    assert "(0 expected, -7 found)" in finding["text"]["en"]
    runtime = district.reporting.runtime
    checked = await district.statistician.post("/accounts/checks", json={"through": PERIOD})
    assert checked.status_code == 202
    assert await Checker(runtime.database, runtime.clock, runtime.district).run_once()
    (incident,) = (await district.statistician.get(finding["link"])).json()["items"]
    path = f"/accounts/incidents/{incident['id']}/explanation"
    assert (await district.statistician.post(path, json={"reason": "性别待核"})).status_code == 200
    assert (await checks(district, closing_id))["accounts_balance"]["holds"]
    await district.late([left])
    assert not (await checks(district, closing_id))["accounts_balance"]["holds"]


async def test_a_missing_return_is_overridden_by_the_second_signer_with_a_reason(district: District) -> None:
    desk = await district.reporting.desk()
    await desk.begin(POLICE | {"period": "2025-12"})
    await district.rebuild()
    closing_id = await district.open("2025Q4")
    returns = (await checks(district, closing_id))["returns_signed"]
    assert (returns["holds"], returns["overridable"]) == (False, True)
    assert [one["text"]["en"] for one in returns["findings"]] == [
        "spending on population services 340103 2025Q4: none was begun",
        "movements of household registration 340103 2025-10: none was begun",
        "movements of household registration 340103 2025-11: none was begun",
        "movements of household registration 340103 2025-12: being filled in",
    ]
    found = await district.statistician.get(returns["findings"][-1]["link"])
    assert found.json()["items"][0]["state"] == "draft"
    path = f"/closings/{closing_id}"
    for despite, code in (
        ([], "checks_failed"),
        (["recomputed"], "not_overridable"),
        (["x"], "not_overridable"),
    ):
        body = {"reason": "先行公布", "despite": despite}
        refused = await district.statistician.post(f"{path}/signatures", json=body)
        assert code in (refused.json()["code"], refused.json()["errors"][0]["code"])
    body = {"reason": "先行公布", "despite": ["returns_signed"]}
    signed = (await district.statistician.post(f"{path}/signatures", json=body)).json()
    frozen = (await district.administrator.get(f"{path}/frozen")).json()
    assert [one["check"] for one in frozen["reservations"]] == ["returns_signed"]
    given = {"hash": signed["first_signed"]["hash"]}
    silent = await district.administrator.post(f"{path}/publication", json=given)
    assert (silent.status_code, silent.json()["code"]) == (409, "overrides_missing")
    assert {one["pointer"] for one in silent.json()["errors"]} == {"/overrides/returns_signed"}
    for wrong, pointer in (
        ({"recomputed": "不需要"}, "/overrides/recomputed"),
        ({"returns_signed": "见 34010319900101001X"}, "/overrides/returns_signed"),
    ):
        refused = await district.administrator.post(f"{path}/publication", json=given | {"overrides": wrong})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    reason = {"returns_signed": "公安数据只作核对, 不影响本表"}
    done = await district.administrator.post(f"{path}/publication", json=given | {"overrides": reason})
    assert done.status_code == 201, done.text
    (override,) = done.json()["steps"][-1]["detail"]["overrides"]
    assert (override["reason"], override["by"]) == (reason["returns_signed"], str(district.administrator.id))
    (published,) = (await district.statistician.get("/published", params={"period": "2025Q4"})).json()[
        "items"
    ]
    assert published["overrides"] == [override]
    asked = {"area": "340103", "indicator": "finance_spend"}
    rows = (await district.statistician.get("/published/2025Q4/latest", params=asked)).json()["items"]
    whole = [(row["value"], row["reason"]) for row in rows if (row["area"], row["dims"]) == ("340103", "")]
    assert whole == [(None, "returns_missing")], "what nobody handed in is not published as zero"


async def test_a_reason_holds_no_number_of_a_person(district: District) -> None:
    await district.rebuild()
    path = f"/closings/{await district.open()}"
    body = {"reason": "补报 340103199001010011"}
    for step in ("signatures", "reopening", "withdrawal"):
        refused = await district.statistician.post(f"{path}/{step}", json=body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/reason")
