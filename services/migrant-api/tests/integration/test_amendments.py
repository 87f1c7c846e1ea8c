"""What the register corrects or takes back reaches the partner, whatever crosses it, and the figures follow."""

from collections import Counter
from datetime import date, timedelta
from random import Random
from uuid import UUID, uuid4

import pytest

from renkou_common.contracts.registry import RegistryEventType, ServiceGiven
from renkou_common.contracts.registry_maternal import (
    ChildbirthChanged,
    ChildbirthRegistered,
    ServiceChanged,
)

from ..districts import Districts
from ..stays import RESIDENCE_AREA, born, corrected, happened, retracted, somebody_stays
from ..support import Clerk, Json, Node


async def settle(pair: Districts) -> None:
    """Complete what waits for the register and carry everything over."""
    await pair.residence.completion.complete()
    await pair.hand_over()


async def only_notice(node: Node, kind: str) -> Json:
    """The one notice of a kind as a clerk of the node reads it."""
    clerk = await node.clerk()
    (found,) = (await clerk.get("/notices", kind=kind))["items"]
    return dict(await clerk.get(f"/notices/{found['id']}"))


async def service_given(node: Node, person: UUID, service_id: UUID) -> None:
    payload = ServiceGiven(
        person_ref=person,
        service_id=service_id,
        kind="examination",
        given_on=date(2026, 3, 5),
        area=RESIDENCE_AREA,
        share_with_home=True,
    )
    await happened(node, RegistryEventType.SERVICE_GIVEN, payload)


async def service_changed(node: Node, person: UUID, service_id: UUID, **changes: object) -> None:
    fields: Json = {"kind": "examination", "given_on": date(2026, 3, 5), "share_with_home": True}
    payload = ServiceChanged(
        person_ref=person,
        service_id=service_id,
        area=RESIDENCE_AREA,
        changed_on=date(2026, 3, 6),
        **(fields | changes),
    )
    await happened(node, RegistryEventType.SERVICE_CHANGED, payload)


async def test_a_corrected_birth_is_corrected_at_the_partner_who_sees_before_and_after(
    pair: Districts,
) -> None:
    mother, _ = await somebody_stays(pair.residence)
    child = await born(pair.residence, mother)
    await settle(pair)
    pair.residence.register.registers(child, name="王一诺然", birth_date="2026-01-31")
    await corrected(pair.residence, child, parity=1)
    await settle(pair)
    for end in (pair.home, pair.residence):
        notice = await only_notice(end, "birth_notice")
        right = {"name": "王一诺然", "sex": 1, "birth_date": "2026-01-31", "parity": 1}
        assert notice["content"]["child"] == right
        assert notice["history"][0]["content"]["child"]["name"] == "王一诺"
        assert notice["occurred_on"] == "2026-01-31"
        assert notice["corrected_at"] is not None
    assert (await only_notice(pair.home, "birth_notice"))["attention"] == "corrected"
    lines = await days_counted(pair.residence)
    assert lines == {("notice_due", "2026-01-31"): 1, ("notice_sent", "2026-01-31"): 1} | {
        ("notice_confirmable", "2026-01-31"): 1
    }


async def days_counted(node: Node) -> dict[tuple[str, str], int]:
    """What the notice figures add up to, by measure and day; reversed counts are left out."""
    found: Counter[tuple[str, str]] = Counter()
    for row in await node.rows("SELECT body::jsonb AS body FROM outbox"):
        for line in row["body"]["data"]["lines"]:
            if line["measure"].startswith("notice"):
                found[line["measure"], line["on"]] += line["value"]
    return {key: value for key, value in found.items() if value}


async def test_a_correction_that_changes_nothing_told_is_not_sent(pair: Districts) -> None:
    mother, _ = await somebody_stays(pair.residence)
    child = await born(pair.residence, mother)
    await settle(pair)
    await corrected(pair.residence, child)
    await settle(pair)
    kinds = [row["kind"] for row in await pair.residence.rows("SELECT kind FROM message")]
    assert kinds == ["birth_notice"]


async def test_what_was_not_signed_yet_is_changed_without_telling_anybody(pair: Districts) -> None:
    residence = pair.residence
    mother, _ = await somebody_stays(residence)
    child = await born(residence, mother)
    await residence.completion.complete()
    residence.register.registers(child, name="王一诺然")
    await corrected(residence, child)
    await settle(pair)
    notice = await only_notice(pair.home, "birth_notice")
    assert (notice["content"]["child"]["name"], notice["history"]) == ("王一诺然", [])
    await born(residence, mother)
    other = await born(residence, mother)
    await retracted(residence, other)
    await settle(pair)
    assert len((await (await pair.home.clerk()).get("/notices"))["items"]) == 2
    assert (await residence.counted())["notice_due"] == 2


async def test_a_retracted_birth_is_taken_back_and_was_never_owed(pair: Districts) -> None:
    mother, _ = await somebody_stays(pair.residence)
    child = await born(pair.residence, mother)
    await settle(pair)
    assert (await pair.home.counted())["reply_due"] == 1
    await retracted(pair.residence, child)
    await settle(pair)
    for end in (pair.home, pair.residence):
        notice = await only_notice(end, "birth_notice")
        assert notice["withdrawn_because"] == "never_happened"
        assert notice["overdue"] is False
    clerk = await pair.home.clerk()
    version = (await only_notice(pair.home, "birth_notice"))["version"]
    refused = await clerk.act(f"/notices/{notice['id']}/confirmation", version=version)
    assert refused.json()["code"] == "reply_not_possible"
    assert not any((await pair.residence.counted()).values())
    assert not any((await pair.home.counted()).values())


async def test_a_service_follows_its_record_and_the_consent(pair: Districts) -> None:
    residence, service_id = pair.residence, uuid4()
    person, _ = await somebody_stays(residence)
    await service_given(residence, person, service_id)
    await settle(pair)
    await service_changed(residence, person, service_id, given_on=date(2026, 3, 4))
    await settle(pair)
    assert (await only_notice(pair.home, "service_notice"))["content"]["given_on"] == "2026-03-04"
    await service_changed(residence, person, service_id, share_with_home=False)
    await settle(pair)
    notice = await only_notice(pair.home, "service_notice")
    assert notice["withdrawn_because"] == "consent_withdrawn"
    await service_changed(residence, person, service_id)
    await settle(pair)
    states = await pair.home.rows(
        "SELECT withdrawn_at FROM message WHERE kind = 'service_notice' ORDER BY position"
    )
    assert [row["withdrawn_at"] is None for row in states] == [False, True]


async def test_a_childbirth_registration_is_told_with_its_day_only_and_taken_back(pair: Districts) -> None:
    residence, registration = pair.residence, uuid4()
    person, _ = await somebody_stays(residence)
    told = ChildbirthRegistered(
        person_ref=person, registration_id=registration, area=RESIDENCE_AREA, registered_on=date(2026, 3, 1)
    )
    await happened(residence, RegistryEventType.CHILDBIRTH_REGISTERED, told)
    await settle(pair)
    notice = await only_notice(pair.home, "registration_notice")
    assert set(notice["content"]) == {"subject", "registered_on"}
    clerk = await pair.home.clerk()
    done = await clerk.act(f"/notices/{notice['id']}/confirmation", version=notice["version"])
    assert done.json()["state"] == "confirmed"
    changed = ChildbirthChanged(
        person_ref=person,
        registration_id=registration,
        area=RESIDENCE_AREA,
        state="withdrawn",
        changed_on=date(2026, 3, 9),
    )
    await happened(residence, RegistryEventType.CHILDBIRTH_CHANGED, changed)
    await settle(pair)
    notice = await only_notice(pair.home, "registration_notice")
    assert (notice["state"], notice["withdrawn_because"]) == ("confirmed", "withdrawn_by_person")
    assert not any((await residence.counted()).values())


async def test_the_stay_and_what_was_told_of_it_follow_the_register(pair: Districts) -> None:
    residence = pair.residence
    person, arrival_id = await somebody_stays(residence)
    source = {
        "person": str(person),
        "home_area": "340103002003",
        "arrived_on": "2025-11-01",
        "present_area": RESIDENCE_AREA,
    }
    await residence.arrival_notice(
        arrival_id=arrival_id, person_ref=person, occurred_on=date(2025, 11, 1), source=source
    )
    await settle(pair)
    days = {"happened_on": date(2025, 11, 9), "previously_on": date(2025, 11, 1)}
    await corrected(residence, person, "arrival", **days)
    await settle(pair)
    assert (await only_notice(pair.home, "arrival_notice"))["content"]["arrived_on"] == "2025-11-09"
    (stay,) = await residence.rows("SELECT arrived_on, due_on FROM arrival")
    assert stay == {"arrived_on": date(2025, 11, 9), "due_on": date(2025, 12, 9)}
    await retracted(residence, person, "arrival", previously_on=date(2025, 11, 9))
    await settle(pair)
    assert (await only_notice(pair.home, "arrival_notice"))["withdrawn_because"] == "never_happened"
    assert (await residence.rows("SELECT retracted_at FROM arrival"))[0]["retracted_at"] is not None


async def test_another_registered_district_gets_what_the_first_one_should_not_have(pair: Districts) -> None:
    residence = pair.residence
    mother, _ = await somebody_stays(residence)
    await born(residence, mother)
    await settle(pair)
    await corrected(
        residence, mother, "arrival", registered_area="440305001001", facts_changed=["registered_area"]
    )
    await settle(pair)
    assert (await only_notice(pair.home, "birth_notice"))["withdrawn_because"] == "not_yours"
    assert await residence.counted() | {"reply_due": 0} == {
        "notice_due": 0,
        "notice_sent": 0,
        "notice_confirmable": 0,
        "reply_due": 0,
    }  # no agreement with the other district: nothing is owed there


async def test_a_birth_that_home_takes_back_unconfirms_the_notice_and_it_waits_again(pair: Districts) -> None:
    mother, _ = await somebody_stays(pair.residence)
    await born(pair.residence, mother)
    await settle(pair)
    pair.home.register.people[("340103199203045528", "李静")] = uuid4()
    clerk = await pair.home.clerk()
    notice = await only_notice(pair.home, "birth_notice")
    done = await clerk.act(f"/notices/{notice['id']}/confirmation", version=notice["version"])
    await pair.hand_over()
    assert (await pair.residence.counted())["notice_confirmed"] == 1
    await retracted(pair.home, uuid4(), retracted_event_id=UUID(done.json()["life_event_id"]))
    await pair.hand_over()
    for end in (pair.home, pair.residence):
        assert (await only_notice(end, "birth_notice"))["state"] == "read"
    assert (await pair.residence.counted())["notice_confirmed"] == 0
    assert (await pair.home.counted())["reply_on_time"] == 0


async def test_a_correction_after_the_birth_was_entered_becomes_a_request_in_the_register(
    pair: Districts,
) -> None:
    mother, _ = await somebody_stays(pair.residence)
    child = await born(pair.residence, mother)
    await settle(pair)
    pair.home.register.people[("340103199203045528", "李静")] = uuid4()
    clerk = await pair.home.clerk()
    notice = await only_notice(pair.home, "birth_notice")
    path = f"/notices/{notice['id']}"
    done = (await clerk.act(f"{path}/confirmation", version=notice["version"])).json()
    nothing = await clerk.act(f"{path}/register-correction", version=done["version"])
    assert nothing.json()["code"] == "nothing_to_correct"
    pair.residence.register.registers(child, name="王一诺然", birth_date="2026-02-12")
    await corrected(pair.residence, child)
    await settle(pair)
    (waiting,) = (await clerk.get("/notices", attention=True))["items"]
    asked = await clerk.act(f"{path}/register-correction", version=waiting["version"])
    assert asked.status_code == 200, asked.text
    ((body, request_id),) = pair.home.register.corrections.values()
    assert body["event_id"] == done["life_event_id"]
    assert (body["changes"], body["details"]) == ({"happened_on": "2026-02-12"}, {"name": "王一诺然"})
    assert asked.json()["correction_request_id"] == str(request_id)
    assert (await clerk.get("/notices", attention=True))["items"] == []
    await retracted(pair.residence, child)
    await settle(pair)
    (waiting,) = (await clerk.get("/notices", attention=True))["items"]
    await clerk.act(f"{path}/register-correction", version=waiting["version"])
    *_, (body, _) = pair.home.register.corrections.values()
    assert body["retract"] is True


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_crosses_both_ends_agree_and_the_figures_are_those_of_what_stands(
    pair: Districts, seed: int
) -> None:
    random = Random(seed)
    residence, home = pair.residence, pair.home
    person, _ = await somebody_stays(residence)
    services = [uuid4() for _ in range(4)]
    for service_id in services:
        await service_given(residence, person, service_id)
    clerk = await home.clerk()
    for _ in range(25):
        match random.randrange(5):
            case 0 | 1:
                day = date(2026, 3, 1) + timedelta(days=random.randrange(20))
                shared = random.random() < 0.8
                service_id = random.choice(services)
                await service_changed(residence, person, service_id, given_on=day, share_with_home=shared)
            case 2:
                await residence.completion.complete()
            case 3:
                await reply_to_something(clerk, random)
            case _:
                await hand_over_some(pair, random)
    for _ in range(3):
        await settle(pair)
    columns = "id, kind, state, occurred_on, withdrawn_at IS NULL AS stands, corrected_at IS NULL AS original"
    ours = await residence.rows(
        f"SELECT {columns} FROM message WHERE direction = 'out' AND pair_seq > 0 ORDER BY id"
    )
    theirs = await home.rows(f"SELECT {columns} FROM message WHERE direction = 'in' ORDER BY id")
    assert ours == theirs
    notices = [row for row in ours if row["kind"] == "service_notice" and row["stands"]]
    expected = Counter[tuple[str, str]]()
    for row in notices:
        names = ["notice_due", "notice_sent", "notice_confirmable"]
        names += ["notice_confirmed"] if row["state"] == "confirmed" else []
        expected.update((name, row["occurred_on"].isoformat()) for name in names)
    assert await days_counted(residence) == expected
    replied = await home.rows(
        "SELECT FROM message WHERE direction = 'in' AND kind = 'service_notice' AND withdrawn_at IS NULL"
        " AND closed_at IS NOT NULL"
    )
    counted = await home.counted()
    assert counted.get("reply_due", 0) == len(notices)
    assert counted.get("reply_on_time", 0) == len(replied)


async def reply_to_something(clerk: Clerk, random: Random) -> None:
    """Confirm or dispute what was read, or take a reply back."""
    found = (await clerk.get("/notices", direction="in", kind="service_notice", limit=200))["items"]
    own = [
        one
        for kind in ("confirmation", "dispute")
        for one in (await clerk.get("/notices", direction="out", kind=kind))["items"]
    ]
    if own and random.random() < 0.3:
        one = random.choice(own)
        await clerk.act(f"/notices/{one['id']}/withdrawal", {"reason": "settled"}, version=one["version"])
    elif found:
        one = random.choice(found)
        path, body = random.choice([("confirmation", None), ("dispute", {"reason": "日期不符"})])
        await clerk.act(f"/notices/{one['id']}/{path}", body, version=one["version"])


async def hand_over_some(pair: Districts, random: Random) -> None:
    """Carry some of what waits in one direction, in any order, and lose the receipts now and then."""
    there, back = random.sample([pair.residence, pair.home], 2)
    waiting = list((await there.sealed()).values())
    random.shuffle(waiting)
    await back.take(there, *waiting[: random.randrange(len(waiting) + 1)])
    receipts = await back.receipts()
    if random.random() < 0.7:
        await there.take(back, *receipts)
