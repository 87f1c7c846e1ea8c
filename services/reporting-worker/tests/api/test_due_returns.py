"""Who had to hand in what: due days by working days, late and missing returns."""

from datetime import date, timedelta

import pytest

from renkou_common.contracts.migrant import CalendarChanged, DayOfCalendar, MigrantEventType
from renkou_reporting.bootstrap import build_area_reader

from ..support import Caller, Desk, Json, Reporting
from .test_areas import change

UNIT = {
    "code": "340103-h01",
    "area": "340103",
    "zh": "庐阳区妇幼保健院",
    "en": "Luyang maternity hospital",
    "forms": ["abortions"],
    "valid_from": "2025-01-01",
}


@pytest.fixture
async def desk(reporting: Reporting) -> Desk:
    return await reporting.desk()


async def due(caller: Caller, **asked: str | int) -> Json:
    answer = await caller.get("/returns/due", params=asked)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def test_working_days_follow_the_calendar_of_the_node(reporting: Reporting, desk: Desk) -> None:
    place = {"form": "police_registration", "period": "2026-03", "only": "all"}
    assert (await due(desk.filler, **place))["items"][0]["due_on"] == "2026-04-08"
    free = [date(2026, 4, 1) + timedelta(days=n) for n in range(3)]
    schedule = [DayOfCalendar(day=day, working=False) for day in free]
    event = CalendarChanged(year=2026, days=len(schedule), schedule=schedule)
    reporting.feeds["migrant"].append(MigrantEventType.CALENDAR_CHANGED, event)
    await reporting.catch_up("migrant")
    assert (await due(desk.filler, **place))["items"][0]["due_on"] == "2026-04-10"


async def test_a_missing_return_is_listed_with_the_days_that_it_is_late(
    reporting: Reporting, desk: Desk
) -> None:
    today = reporting.runtime.clock.today()
    await desk.checker.post("/reporters", json=UNIT)
    listed = await due(desk.filler, form="abortions", period="2025Q3")
    assert listed["items"] == [
        {
            "form": "abortions",
            "name": {"zh": "人工流产季报表", "en": "induced abortions"},
            "office": {"zh": "开展手术的医疗机构", "en": "institutions that perform procedures"},
            "area": "340103",
            "area_name": None,
            "reporter": "340103-h01",
            "reporter_name": {"zh": "庐阳区妇幼保健院", "en": "Luyang maternity hospital"},
            "period": "2025Q3",
            "due_on": "2025-10-21",
            "state": "missing",
            "handed_in_on": None,
            "days_late": (today - date(2025, 10, 21)).days,
            "return_id": None,
        }
    ]
    assert (listed["missing"], listed["late"], listed["in_time"]) == (1, 0, 0)


async def test_a_draft_is_missing_and_what_was_handed_in_late_stays_late(desk: Desk) -> None:
    await desk.checker.post("/reporters", json=UNIT)
    kinds = {"total": 6, "surgical": 3, "medical": 2, "midterm": 1}
    cells = {f"procedures.{kind}.cases": value for kind, value in kinds.items()}
    place = {"form": "abortions", "reporter": "340103-h01", "period": "2025Q3"}
    made = await desk.begin(place | {"cells": cells})
    (missing,) = (await due(desk.filler, form="abortions", period="2025Q3", only="missing"))["items"]
    assert (missing["state"], missing["return_id"]) == ("draft", made["id"])
    handed_in = (await desk.filler.step(made, "handing-in")).json()
    assert (await due(desk.filler, form="abortions", period="2025Q3"))["missing"] == 0
    back = (await desk.checker.step(handed_in, "sending-back", reason="请核对")).json()
    assert (await due(desk.filler, form="abortions", period="2025Q3"))["missing"] == 1
    await desk.pass_on(back)
    listed = await due(desk.filler, form="abortions", period="2025Q3", only="late")
    assert [one["state"] for one in listed["items"]] == ["signed"]
    assert listed["items"][0]["days_late"] > 0
    assert (listed["missing"], listed["late"]) == (0, 1)
    assert (await due(desk.filler, form="abortions", period="2025Q3", only="missing"))["items"] == []


async def test_only_units_of_the_time_are_asked(desk: Desk) -> None:
    await desk.checker.post("/reporters", json=UNIT | {"valid_to": "2025-06-30"})
    assert (await due(desk.filler, form="abortions", period="2025Q3"))["items"] == []
    assert len((await due(desk.filler, form="abortions", period="2025Q2"))["items"]) == 1


async def for_level(desk: Desk, level: str) -> None:
    """Let the police's form be handed in by towns or communities."""
    form = (await desk.filler.get("/forms/police_registration")).json()["definition"]
    body = {"definition": form | {"level": level}, "reason": "改由下级报送"}
    assert (await desk.filler.post("/forms", json=body)).status_code == 201
    await desk.signer.post("/forms/police_registration/versions/2/activation")


async def test_towns_are_asked_for_a_form_of_towns(reporting: Reporting, desk: Desk) -> None:
    await build_area_reader(reporting.runtime).read()
    await for_level(desk, "town")
    listed = await due(desk.filler, form="police_registration", period="2026-03")
    assert [(one["area"], one["area_name"]) for one in listed["items"]] == [
        ("340103001", "亳州路街道"),
        ("340103002", "双岗街道"),
    ]
    town = await reporting.staff("subdistrict_clerk", "340103002")
    assert [one["area"] for one in (await due(town))["items"]] == ["340103002"]
    asked = {"form": "police_registration", "period": "2026-03", "area": "340103001"}
    assert [one["area"] for one in (await due(desk.filler, **asked))["items"]] == ["340103001"]


async def test_a_community_hands_in_while_there_is_one(reporting: Reporting, desk: Desk) -> None:
    """Two communities are merged on 15 March: the third hands March in, each of the three February."""
    await build_area_reader(reporting.runtime).read()
    await for_level(desk, "community")
    one, two, three = (f"34010300100{number}" for number in (1, 2, 3))
    await change(reporting, "merge", "2026-03-15", {one: [three], two: [three], three: [three]})

    async def asked(period: str) -> list[str]:
        listed = await due(desk.filler, form="police_registration", period=period, area="340103001")
        return [each["area"] for each in listed["items"]]

    assert await asked("2026-02") == [one, two, three]
    assert await asked("2026-03") == [three]
    place = {"form": "police_registration", "area": one}
    refused = await desk.filler.post("/returns", json=place | {"period": "2026-03"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "area_not_on_day")
    assert three in refused.json()["errors"][0]["detail"]
    assert (await desk.filler.post("/returns", json=place | {"period": "2026-02"})).status_code == 201


async def test_the_list_covers_every_form_page_by_page(desk: Desk) -> None:
    await desk.checker.post("/reporters", json=UNIT | {"forms": ["abortions", "hospital_births"]})
    listed: list[tuple[str, str]] = []
    after: Json = {}
    while True:
        page = await due(desk.filler, periods=2, only="all", limit=3, **after)
        listed += [(one["form"], one["period"]) for one in page["items"]]
        if page["next_after"] is None:
            break
        after = {"after": page["next_after"]}
    forms = [form for form, _ in listed]
    assert {form: forms.count(form) for form in forms} == {
        "abortions": 2,
        "hospital_births": 2,
        "finance_spending": 2,
        "opening_population": 2,
        "police_registration": 2,
    }
    assert len(set(listed)) == len(listed) == 10
