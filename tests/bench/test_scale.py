"""What is needed grows as the people do, and follows from what was measured."""

from dataclasses import replace

import pytest

from tests.bench.report import Line, Report
from tests.bench.scale import BUSY, YEARS, Missing, Place, Work, need, text

SPENT = {"ours": (300.0, 100.0), "limit": (200.0, 50.0)}
LINES = [
    Line(name, 2_000, 4_000, 0.5, "requests/s", "", microseconds=SPENT)
    for name in ("person read", "person list", "figure read", "create")
]
COSTS = {
    "resident": 5_000,
    "created": 9_000,
    "read": 500,
    "created_log": 30_000,
    "read_log": 600,
    "event": 400,
}
ABOUT = {
    "kind": "Quick form", "at": "2026-11-21T12:00+08:00", "revision": "0123456789", "cores": 2,
    "processor": "a processor", "memory_mib": 24_000, "system": "Linux 6", "python": "3.13.0",
    "postgresql": "18.6", "nats": "2.15.0",
}  # fmt: skip
REPORT = Report(ABOUT, LINES, COSTS)
WORK = Work(changes=1, messages=0, days=100, hours=10, busiest=1)
PLACE = Place("区县", "district", 1, 3_600_000)


def test_one_change_a_second_costs_what_its_requests_cost() -> None:
    found = need(REPORT, PLACE, WORK)
    assert found.requests == pytest.approx(1 + 20 + 4 + 1)
    assert found.processors == pytest.approx(26 * 400e-6 / BUSY)


def test_the_disk_holds_the_register_and_what_ten_years_add() -> None:
    found = need(REPORT, PLACE, WORK)
    assert found.disk == PLACE.residents * (5_000 + YEARS * (9_000 + 24 * 500))
    assert found.log_a_day == PLACE.residents / 100 * (30_000 + 24 * 600)


def test_twice_the_people_need_twice_as_much() -> None:
    one, two = need(REPORT, PLACE, WORK), need(REPORT, replace(PLACE, residents=7_200_000), WORK)
    assert (two.disk, two.processors) == pytest.approx((2 * one.disk, 2 * one.processors))


def test_messages_of_the_exchange_take_their_share() -> None:
    crossing = Line("exchange", 100, 400, 0.25, "messages/s", "")
    busy = need(Report(ABOUT, [*LINES, crossing], COSTS), PLACE, replace(WORK, messages=0.5))
    assert busy.processors == pytest.approx((26 * 400e-6 + 0.5 * 2 / 100 / 2) / BUSY)


def test_a_report_that_does_not_tell_is_refused() -> None:
    with pytest.raises(Missing, match="create, costs"):
        need(Report(ABOUT, LINES[:3]), PLACE, WORK)


def test_the_page_names_every_place_and_assumption() -> None:
    page = text(REPORT)
    assert all(f"| {name} " in page for name in ("district 区县", "city 地市", "province 省"))
    assert "0.4 changes" in page
    assert "50% busy" in page
