"""What a person decides reaches the exchange: restrictions, consents, deletions, in whatever order the events come."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel

from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_privacy import ConsentChanged, PersonErased, PersonRestricted
from renkou_common.messaging.envelope import Event
from renkou_migrant.exchange.carried import RegistrationNotice
from renkou_migrant.exchange.local import hand_over
from renkou_migrant.exchange.refusals import explain

from ..districts import Districts
from ..support import EVERYTHING, Node, arrival_notice, service_notice, subject
from .test_automatic import apply, event

NOON = datetime(2026, 2, 3, 12, tzinfo=UTC)


def restriction(person: UUID, holds: bool, minutes: int = 0) -> Event:
    at = NOON + timedelta(minutes=minutes)
    return event(
        RegistryEventType.PERSON_RESTRICTED, PersonRestricted(person_ref=person, at=at, restricted=holds)
    )


def consent(person: UUID, given: bool, minutes: int = 0, purpose: str = "share_services_with_home") -> Event:
    at = NOON + timedelta(minutes=minutes)
    changed = ConsentChanged(person_ref=person, at=at, purpose=purpose, given=given)
    return event(RegistryEventType.CONSENT_CHANGED, changed)


async def drafted(node: Node, person: UUID, content: BaseModel, **more: Any) -> UUID | None:
    return await node.raise_notice(content, person_ref=person, **more)


def _office(node: Node) -> dict[str, Any]:
    """Between two offices of the district, which needs no agreement."""
    return {"home_district": f"{node.district}002", "area": int(f"{node.district}005001")}


async def test_while_restricted_nothing_that_rests_on_consent_leaves_and_duties_go_on(
    pair: Districts,
) -> None:
    residence, person, today = pair.residence, uuid4(), pair.residence.runtime.clock.today()
    waiting = await drafted(residence, person, service_notice(today))
    other = await residence.service_notice()
    await apply(residence, restriction(person, True))
    assert await drafted(residence, person, service_notice(today)) is None
    arrival = await drafted(residence, person, arrival_notice(today))
    await pair.hand_over()
    assert await residence.state(waiting) == "dead: processing_restricted"
    assert [await pair.home.state(each) for each in (waiting, other, arrival)] == [None, "read", "read"]
    shown = await (await residence.clerk()).get(f"/notices/{waiting}")
    said = explain("processing_restricted")
    assert said is not None
    assert said.zh in str(shown)
    await apply(residence, restriction(person, False, 1))
    later = await drafted(residence, person, service_notice(today))
    await pair.hand_over()
    assert await pair.home.state(later) == "read"


@pytest.mark.parametrize("word", [restriction, consent])
async def test_the_last_word_counts_however_often_and_in_whatever_order_it_is_told(
    node: Node, word: Any
) -> None:
    today, home = node.runtime.clock.today(), _office(node)
    stops = word is restriction  # a restriction that holds forbids, a consent that is given allows
    for first, second in ((0, 1), (1, 0)):
        person = uuid4()
        told = {0: word(person, stops, 0), 1: word(person, not stops, 1)}
        await apply(node, told[first], told[second], told[first], told[second])
        assert await drafted(node, person, service_notice(today), **home) is not None
        await apply(node, word(person, stops, 2), told[first], told[second])
        assert await drafted(node, person, service_notice(today), **home) is None
        await apply(node, word(person, not stops, 2))  # two clocks may tell one instant
        assert await drafted(node, person, service_notice(today), **home) is not None


async def test_what_waits_is_given_up_when_its_consent_is_withdrawn_and_another_consent_changes_nothing(
    pair: Districts,
) -> None:
    residence, person, today = pair.residence, uuid4(), pair.residence.runtime.clock.today()
    waiting = await drafted(residence, person, service_notice(today))
    await apply(residence, consent(person, False, purpose="contact_by_phone"))
    other = await drafted(residence, person, service_notice(today), arrival_id=uuid4())
    await apply(residence, consent(person, False))
    await apply(residence, consent(person, False, purpose="share_childbirth_with_home"))
    registered = RegistrationNotice(subject=subject(), registered_on=today)
    assert await drafted(residence, person, registered) is None
    assert await drafted(residence, uuid4(), registered) is not None
    await pair.hand_over()
    assert {await residence.state(each) for each in (waiting, other)} == {"dead: consent_ended"}
    left = "SELECT content, source FROM message WHERE id = ANY ($1)"
    assert {(row["content"], row["source"]) for row in await residence.rows(left, [waiting, other])} == {
        (None, None)
    }
    assert await pair.home.state(waiting) is None


async def test_offices_of_one_district_are_told_nothing_against_a_persons_word_either(node: Node) -> None:
    person, today, at_home = uuid4(), node.runtime.clock.today(), _office(node)
    message_id = await drafted(node, person, service_notice(today), **at_home)
    assert message_id is not None
    await apply(node, restriction(person, True))
    assert await drafted(node, person, service_notice(today), **at_home) is None
    await node.rows("UPDATE message SET state = 'drafted' WHERE id = $1 RETURNING id", message_id)
    async with node.runtime.database.transaction(EVERYTHING) as tx:
        await hand_over(tx, node.runtime, message_id)
    assert await node.state(message_id) == "dead: processing_restricted"


async def test_a_deletion_empties_what_was_never_told_and_keeps_what_was(pair: Districts) -> None:
    residence, person, today = pair.residence, uuid4(), pair.residence.runtime.clock.today()
    told = await drafted(residence, person, service_notice(today))
    await pair.hand_over()
    given_up = await drafted(residence, person, service_notice(today), arrival_id=uuid4())
    await apply(residence, consent(person, False))
    await pair.hand_over()
    await apply(residence, consent(person, True, 1))
    waiting = await drafted(residence, person, service_notice(today), arrival_id=uuid4())
    await apply(residence, consent(person, False, 2))
    await residence.rows(
        "INSERT INTO certificate_application (id, person_id, person_ref, registered_area, kind, groups, holder_key,"
        " state, applied_on, applied_at, closed_on) VALUES ($1, $1, $2, $3, 'first', '{}', '{\"kty\": \"OKP\"}',"
        " 'withdrawn', $4, now(), $4) RETURNING id",
        uuid4(),
        person,
        int(f"{residence.district}005001"),
        today,
    )
    deleted = PersonErased(person_ref=person, at=NOON, kinds=["contact"])
    for _ in range(2):
        await apply(residence, event(RegistryEventType.PERSON_ERASED, deleted))
    rows = await residence.rows("SELECT id, content, source FROM message WHERE person_ref = $1", person)
    assert {row["id"] for row in rows if row["content"] is not None} == {told}
    assert {row["source"] for row in rows if row["id"] in (given_up, waiting)} == {None}
    assert await residence.state(waiting) == "dead: consent_ended", "nobody has to seal it first"
    (application,) = await residence.rows(
        "SELECT holder_key, version FROM certificate_application WHERE person_ref = $1", person
    )
    assert application == {"holder_key": None, "version": 2}
