"""What the journey must have brought about, seen through the APIs of both districts."""

import pytest

from tests.e2e.compare import table
from tests.e2e.journey import HOME, RESIDENCE, Journey

pytestmark = pytest.mark.endurance  # `make demo` compares the same figures


async def test_every_figure_equals_the_independent_computation(journey: Journey) -> None:
    for code, rows in (await journey.figures()).items():
        different = [row for row in rows if not row.equal]
        assert not different, f"{code}\n{table(different)}"
        assert any(row.value not in {None, "0.00"} for row in rows)


async def test_twenty_bad_certificates_were_refused_each_for_its_reason(journey: Journey) -> None:
    refused = journey.crossing.refused
    assert refused["bad_signature"] == 5
    assert refused["disclosure_unreferenced"] == 5
    assert refused["revoked"] >= 5
    assert refused["expired"] >= 5
    assert journey.crossing.verified > 0


async def test_no_creation_sent_twice_made_two(journey: Journey) -> None:
    assert journey.home.doubled + journey.residence.doubled == 0


async def test_a_notice_has_a_state_and_a_due_date_at_both_ends(journey: Journey) -> None:
    sent = await journey.residence.api.pages("migrant", "/notices", direction="out", limit=200)
    received = {
        n["id"]: n for n in await journey.home.api.pages("migrant", "/notices", direction="in", limit=200)
    }
    of_interest = [n for n in sent if n["kind"] in {"service_notice", "birth_notice", "arrival_notice"}]
    assert of_interest
    for notice in of_interest:
        other = received[notice["id"]]
        assert notice["due_on"] == other["due_on"] is not None
        assert notice["state"] == other["state"]


async def test_some_notices_were_confirmed_some_disputed_and_some_are_overdue(journey: Journey) -> None:
    sent = await journey.residence.api.pages("migrant", "/notices", direction="out", limit=200)
    states = {notice["state"] for notice in sent}
    assert {"confirmed", "disputed", "answered"} <= states
    assert any(notice["overdue"] for notice in sent)


async def test_a_confirmed_birth_notice_entered_the_child_in_the_home_register(journey: Journey) -> None:
    confirmed = await journey.home.api.pages(
        "migrant", "/notices", direction="in", kind="birth_notice", state="confirmed", limit=200
    )
    assert confirmed
    for notice in confirmed:
        assert notice["life_event_id"]


async def test_both_rosters_were_imported_but_for_the_spoilt_rows(journey: Journey) -> None:
    for code in (HOME, RESIDENCE):
        done = journey.imported[code]
        assert done.rows_applied + done.rows_refused == done.rows_total
        assert done.rows_refused == len(done.wrong) > 0
