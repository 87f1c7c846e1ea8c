"""Line 12: every change is an event with what the figures need, and nothing personal.

Runs after the lines before it: what they did is what is looked at.
"""

import json
from collections import Counter

from tests.e2e.register.support import HERE, Walk


async def test_a_change_of_each_kind_of_record_is_an_event_with_its_lines(walk: Walk) -> None:
    """Done here once more, so that this holds when it runs alone, too."""
    woman = await walk.enter(marital_status="20")
    card = await walk.worker.post("/cards", {"person_id": woman["id"]})
    told = {"method": "supplies", "told_on": str(walk.today), "consent": True}
    await walk.worker.patch(f"/cards/{card['id']}", {"method": told}, card["version"])
    given = {"kind": "examination", "given_on": "2026-02-01"}
    await walk.worker.post(f"/persons/{woman['id']}/services", given)
    registration = {"person_id": woman["id"], "address": "present"}
    await walk.worker.post("/childbirth-registrations", registration)
    await walk.caught_up()
    events = await walk.events()
    hers = [event for event in events if event["data"].get("person_ref") == woman["ref"]]
    measures = {line["measure"] for event in hers for line in event["data"].get("lines", [])}
    assert measures >= {
        "opening",
        "card_due",
        "card_open",
        "service_received",
        "examination_received",
    }
    visits = [event for event in events if event["type"] == "registry.visit.changed.v1"]
    assert "visit_offered" in {line["measure"] for each in visits for line in each["data"]["lines"]}
    assert "registry.childbirth.registered.v1" in {event["type"] for event in hers}
    assert [event["feedseq"] for event in events] == list(range(1, len(events) + 1))


async def test_no_event_carries_a_name_a_number_a_phone_or_a_street(walk: Walk) -> None:
    await walk.enter(phone="13599998888", present_street="蒙城北路77号")
    await walk.caught_up()
    text = "\n".join(json.dumps(event, ensure_ascii=False) for event in await walk.events())
    assert len(walk.secrets) >= 4
    assert [secret for secret in walk.secrets if secret in text] == []


async def test_what_reporting_keeps_is_the_sum_of_the_lines_of_all_events(walk: Walk) -> None:
    await walk.caught_up()
    sums: Counter[tuple[str, str]] = Counter()
    for event in await walk.events():
        for line in event["data"].get("lines", []):
            sums[line["population"], line["measure"]] += line["value"]
    assert {"opening", "card_due", "card_open", "visit_offered"} <= {measure for _, measure in sums}
    for (population, measure), value in sums.items():
        kept = await walk.counts(measure, ever=True, population=population)
        assert kept == value, (population, measure)
    figure = await walk.statistician.get(
        "/figures",
        service="reporting",
        indicator="birth_rate",
        area=HERE[:6],
        population="registered",
        period="2026-02",
    )
    assert figure["numerator"] is not None
