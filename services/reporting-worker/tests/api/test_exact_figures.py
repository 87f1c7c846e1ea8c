"""Exact figures are for those who may read the cases and those who sign; others read what is published."""

import pytest

from ..support import LineMaker, Reporting

LIVE = {
    "/figures": {"indicator": "births", "area": "340103001001", "population": "resident", "period": "2026-01"},
    "/figures/series": {
        "indicator": "births", "area": "340103001001", "population": "resident", "first": "2026-01", "last": "2026-02",
    },
    "/figures/table": {"area": "340103001001", "population": "resident", "period": "2026-01"},
    "/accounts": {"area": "340103001001", "population": "resident", "period": "2026-01"},
    "/accounts/pyramid": {"area": "340103001001", "population": "resident", "month": "2026-01"},
    "/accounts/bridge": {"area": "340103001001", "month": "2026-01"},
    "/figures/table.csv": {"area": "340103001001", "population": "resident", "period": "2026-01"},
    "/reconciliations/018f2d3c-0000-7000-8000-000000000000": {},
    "/forecasts": {"area": "340103001001"},
    "/targets/progress": {"area": "340103001001", "period": "2026-01"},
}  # fmt: skip


@pytest.mark.parametrize("path", LIVE)
async def test_who_reads_published_figures_only_is_pointed_to_them(reporting: Reporting, path: str) -> None:
    auditor = await reporting.staff("auditor", "340103")
    refused = await auditor.get(path, params=LIVE[path])
    assert (refused.status_code, refused.json()["code"]) == (403, "exact_figures")
    assert "/published" in refused.json()["detail"]
    assert (await auditor.get("/published")).status_code == 200
    assert (await reporting.client.get(path, params=LIVE[path])).status_code == 401


@pytest.mark.parametrize("role", ["community_worker", "subdistrict_clerk", "statistician", "administrator"])
async def test_who_may_read_the_cases_or_signs_the_figures_sees_them_exactly_at_home(
    reporting: Reporting, line: LineMaker, role: str
) -> None:
    await reporting.take_in("registry", [line("resident", "birth", "2026-01-05", 2, sex=1, parity=1)])
    caller = await reporting.staff(role, "340103001001")
    found = await caller.get("/figures", params=LIVE["/figures"])
    assert (found.status_code, found.json()["value"]) == (200, "2")
    elsewhere = await caller.get("/figures", params=LIVE["/figures"] | {"area": "340103001002"})
    assert elsewhere.status_code == 404


async def test_a_service_station_sees_no_figures_at_all(reporting: Reporting) -> None:
    station = await reporting.staff("service_station", "340103")
    for path in ("/figures", "/published"):
        assert (await station.get(path, params=LIVE.get(path, {}))).status_code == 403
