"""Notices that follow from the register's events: with the register up, down, or without the facts."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel

from renkou_common.contracts.registry import BirthRecorded, RegistryEventType, ServiceGiven
from renkou_common.errors import Unavailable
from renkou_common.messaging.envelope import Event
from renkou_common.scope import AreaScope
from renkou_migrant.consumers import registry_handler

from ..districts import Districts
from ..support import Node

RESIDENCE_AREA = "310115005001"
MOTHER = {
    "name": "李静",
    "resident_id": "340103199203045528",
    "sex": 2,
    "birth_date": "1992-03-04",
    "registered_area": "340103002003",
}
CHILD = {"name": "王一诺", "sex": 1, "birth_date": "2026-02-11", "registered_area": "340103002003"}


def event(event_type: RegistryEventType, payload: BaseModel) -> Event:
    data = payload.model_dump(mode="json")
    return Event(1, uuid4(), event_type, "renkou:310115/registry-api", "x", datetime.now(UTC), data, b"")


async def apply(node: Node, *events: Event) -> None:
    async with node.runtime.database.transaction(AreaScope.everything()) as tx:
        await registry_handler(node.runtime)(tx, events)


async def somebody_arrived(node: Node) -> tuple[UUID, UUID]:
    """A woman of the home district lives here; the register knows her facts."""
    ref, arrival_id = uuid4(), uuid4()
    await node.rows(
        """
        INSERT INTO arrival (id, person_id, person_ref, home_area, area, arrived_on, birth_month, sex,
            check_applies, due_on, recorded_at, recorded_by)
        VALUES ($1, $2, $3, 340103002003, 310115005001, '2025-11-01', '1992-03', 2, true, '2025-12-01',
            now(), $2)
        """,
        arrival_id,
        uuid4(),
        ref,
    )
    node.register.facts[ref] = {"person_ref": str(ref), **MOTHER}
    return ref, arrival_id


def birth_of(mother: UUID | None, node: Node, *, known: bool = True) -> Event:
    """The event that a child of ``mother`` was born on 2026-02-11."""
    child = uuid4()
    if known:
        node.register.facts[child] = {"person_ref": str(child), **CHILD}
    payload = BirthRecorded(
        person_ref=child,
        life_event_id=uuid4(),
        happened_on=date(2026, 2, 11),
        sex=1,
        birth_month="2026-02",
        alive=True,
        marital_status="10",
        registered_area="340103002003",
        present_area=RESIDENCE_AREA,
        present_since=date(2026, 2, 11),
        mother_ref=mother,
        parity=2,
    )
    return event(RegistryEventType.BIRTH_RECORDED, payload)


def service_to(person: UUID, kind: str = "examination", *, share: bool = True) -> Event:
    """The event that ``person`` was given a service."""
    payload = ServiceGiven(
        person_ref=person,
        service_id=uuid4(),
        kind=kind,
        given_on=date(2026, 3, 5),
        area=RESIDENCE_AREA,
        share_with_home=share,
    )
    return event(RegistryEventType.SERVICE_GIVEN, payload)


async def notices(node: Node) -> list[tuple[str, date]]:
    rows = await node.rows("SELECT id, kind, occurred_on FROM message ORDER BY position")
    return [(row["kind"], row["occurred_on"]) for row in rows]


async def test_a_migrants_child_is_told_to_the_home_district(pair: Districts) -> None:
    mother, arrival_id = await somebody_arrived(pair.residence)
    await apply(pair.residence, birth_of(mother, pair.residence))
    await pair.residence.completion.complete()
    await pair.hand_over()
    clerk = await pair.home.clerk("subdistrict_clerk", "340103002")
    (found,) = (await clerk.get("/notices"))["items"]
    assert (found["kind"], found["thread"]) == ("birth_notice", str(arrival_id))
    content = (await clerk.get(f"/notices/{found['id']}"))["content"]
    assert content["child"] == {"name": "王一诺", "sex": 1, "birth_date": "2026-02-11", "parity": 2}
    assert content["subject"]["name"] == "李静"
    (ours,) = await pair.residence.rows("SELECT occurred_on, area FROM message")
    assert (ours["occurred_on"], ours["area"]) == (date(2026, 2, 11), int(RESIDENCE_AREA))


async def test_a_service_is_told_only_with_consent_and_never_a_contraceptive_one(pair: Districts) -> None:
    person, _ = await somebody_arrived(pair.residence)
    await apply(
        pair.residence,
        service_to(person, share=False),
        service_to(person, "contraceptive_procedure"),
        service_to(uuid4()),
        service_to(person),
    )
    assert await notices(pair.residence) == [("service_notice", date(2026, 3, 5))]
    await pair.residence.completion.complete()
    (message_id,) = (await pair.residence.sealed()).keys()
    await pair.hand_over()
    content = (await (await pair.home.clerk()).get(f"/notices/{message_id}"))["content"]
    assert set(content) == {"subject", "service", "given_on", "consent"}


async def test_what_happened_during_a_stay_is_owed_also_when_it_is_known_after_its_end(
    pair: Districts,
) -> None:
    mother, _ = await somebody_arrived(pair.residence)
    await pair.residence.rows("UPDATE arrival SET left_on = '2026-03-05' WHERE person_ref = $1", mother)
    await apply(pair.residence, birth_of(mother, pair.residence), service_to(mother))
    gone, _ = await somebody_arrived(pair.residence)
    await pair.residence.rows("UPDATE arrival SET left_on = '2026-03-04' WHERE person_ref = $1", gone)
    await apply(pair.residence, service_to(gone))
    assert await notices(pair.residence) == [
        ("birth_notice", date(2026, 2, 11)),
        ("service_notice", date(2026, 3, 5)),
    ]


async def test_births_of_people_who_are_not_migrants_are_nobodys_business(pair: Districts) -> None:
    await apply(pair.residence, birth_of(uuid4(), pair.residence), birth_of(None, pair.residence))
    assert await notices(pair.residence) == []


async def test_nothing_is_owed_without_an_agreement(strangers: Districts) -> None:
    mother, _ = await somebody_arrived(strangers.residence)
    await apply(strangers.residence, birth_of(mother, strangers.residence))
    assert await notices(strangers.residence) == []
    assert await strangers.residence.counted() == {}


async def test_a_register_that_is_down_only_delays_the_notice(pair: Districts) -> None:
    residence = pair.residence
    mother, arrival_id = await somebody_arrived(residence)
    residence.register.down = True
    await apply(residence, birth_of(mother, residence))
    assert await residence.counted() == {"notice_due": 1}
    with pytest.raises(Unavailable):
        await residence.completion.complete()
    later = await residence.service_notice(arrival_id=arrival_id, person_ref=mother)
    other = await residence.service_notice()
    assert list(await residence.sealed()) == [other]  # the same person's later notice waits for its turn
    residence.register.down = False
    await residence.completion.complete()
    await pair.hand_over()
    rows = await pair.home.rows("SELECT id, kind FROM message ORDER BY pair_seq")
    assert [row["kind"] for row in rows] == ["service_notice", "birth_notice", "service_notice"]
    assert rows[2]["id"] == later


async def test_a_notice_whose_facts_are_gone_is_dead_and_stays_owed(pair: Districts) -> None:
    residence = pair.residence
    mother, arrival_id = await somebody_arrived(residence)
    await apply(residence, birth_of(mother, residence, known=False))
    later = await residence.service_notice(arrival_id=arrival_id)
    await residence.completion.complete()
    rows = await residence.rows("SELECT state, code FROM message ORDER BY position")
    assert (rows[0]["state"], rows[0]["code"]) == ("dead", "facts_gone")
    await pair.hand_over()
    assert await residence.state(later) == "read"
    assert await residence.counted() == {"notice_due": 2, "notice_sent": 1, "notice_confirmable": 1}
