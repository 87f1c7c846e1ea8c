"""Certificates on a real database: what is published follows the register, whatever comes in which order."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
import pytest_asyncio

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.lines import Line, LineKey, Measure, Population, difference
from renkou_common.contracts.migrant import MigrantEventType
from renkou_common.contracts.registry import MoveRecorded, RegistryEventType
from renkou_common.errors import Conflict, NotFound, VersionMismatch
from renkou_common.identity.principal import Access
from renkou_common.messaging.envelope import Event
from renkou_common.scope import AreaScope
from renkou_migrant.applications import service as applications
from renkou_migrant.applications.domain import Step
from renkou_migrant.applications.service import Wish
from renkou_migrant.certificate_keys import service as certificate_keys
from renkou_migrant.certificates import service
from renkou_migrant.certificates.domain import Kind
from renkou_migrant.certificates.reasons import RevocationReason
from renkou_migrant.certificates.records import Actor, ActorKind, StoredCertificate
from renkou_migrant.certificates.repository import Filters as CertificateFilters
from renkou_migrant.certificates.service import Order
from renkou_migrant.consumers import registry_handler
from renkou_migrant.credentials.groups import ALL_GROUPS
from renkou_migrant.credentials.jws import SigningKey
from renkou_migrant.credentials.text import read_unverified
from renkou_migrant.departures import service as departures
from renkou_migrant.departures.repository import Filters
from renkou_migrant.registry_client import PersonFacts
from renkou_migrant.status_lists import service as status_lists

from ..support import (
    EVERYTHING,
    HOME,
    HOME_COMMUNITY,
    RESIDENCE_COMMUNITY,
    Databases,
    MovableClock,
    Node,
    open_node,
)

OTHER_COMMUNITY = "340103013001"
BORN = date(1996, 5, 3)
CLERK = Access(uuid4(), "staff", "clerk", AreaScope.of([AreaCode(HOME).interval()]), "")
ACTOR = Actor(ActorKind.STAFF, CLERK.subject)


@pytest_asyncio.fixture
async def home(
    databases: Databases, tmp_path: Path, anchor: SigningKey, clock: MovableClock
) -> AsyncIterator[Node]:
    """The home district by itself."""
    made = await open_node(HOME, await databases(HOME), tmp_path / "home", anchor, clock=clock)
    yield made
    await made.close()


def facts(**changes: Any) -> PersonFacts:
    told: dict[str, Any] = {
        "person_ref": uuid4(),
        "name": "欧阳娜娜",
        "resident_id": "34010319960503124X",
        "sex": 2,
        "birth_date": BORN,
        "marital_status": "21",
        "children_count": 1,
        "children_birth_dates": (date(2020, 2, 1),),
        "registered_area": HOME_COMMUNITY,
        "present_area": HOME_COMMUNITY,
        "present_since": date(2020, 1, 1),
    }
    return PersonFacts(**told | changes)


async def issue(node: Node, told: PersonFacts) -> UUID:
    async with node.runtime.database.transaction(CLERK.areas) as tx:
        order = Order(uuid4(), list(ALL_GROUPS), Kind.FIRST, None, ACTOR)
        return await service.issue(tx, node.runtime, order, told)


async def revoke(node: Node, certificate_id: UUID, version: int = 1) -> StoredCertificate:
    async with node.runtime.database.transaction(CLERK.areas) as tx:
        return await service.revoke(
            tx,
            node.runtime,
            CLERK.areas,
            certificate_id,
            version,
            RevocationReason.HOLDER_REQUEST,
            None,
            ACTOR,
        )


async def get(node: Node, certificate_id: UUID) -> StoredCertificate:
    async with node.runtime.database.transaction(CLERK.areas) as tx:
        return await service.get(tx, CLERK.areas, certificate_id)


def out(
    day: date,
    value: int = 1,
    *,
    measure: Measure = Measure.IN,
    area: str = HOME_COMMUNITY,
    population: Population = Population.MIGRANT_OUT,
) -> Line:
    return Line(
        population=population, area=area, on=day, measure=measure, sex=2, birth_month="1996-05", value=value
    )


def died(day: date, value: int = 1) -> list[Line]:
    return [
        out(day, value, measure=Measure.DEATH, population=Population.REGISTERED),
        out(day, value, measure=Measure.DEATH),
    ]


def told_by_register(
    person_ref: UUID, *lines: Line, registered: str = HOME_COMMUNITY, birth_month: str = "1996-05"
) -> Event:
    data = MoveRecorded(
        person_ref=person_ref,
        life_event_id=uuid4(),
        happened_on=lines[0].on if lines else BORN,
        sex=2,
        birth_month=birth_month,
        alive=True,
        marital_status="21",
        registered_area=registered,
        present_area=RESIDENCE_COMMUNITY,
        present_since=date(2025, 1, 1),
        lines=list(lines),
        origin_area=HOME_COMMUNITY,
        destination_area=RESIDENCE_COMMUNITY,
    )
    return Event(
        seq=1,
        id=uuid4(),
        type=RegistryEventType.MOVE_RECORDED,
        source="renkou:340103/registry-api",
        subject=str(person_ref),
        time=datetime.now(UTC),
        data=data.model_dump(mode="json"),
        content_hash=b"",
    )


async def take_in(node: Node, *events: Event) -> None:
    async with node.runtime.database.transaction(EVERYTHING) as tx:
        await registry_handler(node.runtime)(tx, list(events))


async def published(node: Node) -> dict[tuple[str, str, str], int]:
    """Everything published about coverage, added up."""
    total: Counter[tuple[str, str, str]] = Counter()
    for row in await node.rows("SELECT body FROM outbox ORDER BY position"):
        for line in orjson.loads(row["body"])["data"]["lines"]:
            if line["population"] == Population.MIGRANT_OUT_CERTIFIED:
                total[line["on"], line["measure"], line["birth_month"]] += line["value"]
    return {key: value for key, value in total.items() if value}


async def test_a_certificate_states_what_the_register_says_and_is_stored_sealed(home: Node) -> None:
    certificate_id = await issue(home, facts())
    async with home.runtime.database.transaction(CLERK.areas) as tx:
        full = await service.full_text(tx, home.runtime, CLERK.areas, certificate_id)
    shown = read_unverified(full)
    assert {group.value for group in shown.groups} == {
        "person",
        "id_number",
        "registered_area",
        "marital_status",
        "children_count",
        "children_birth_dates",
    }
    (row,) = await home.rows("SELECT * FROM certificate")
    assert shown.status_index == row["status_index"]
    assert row["number"] == f"340103-1-{row['status_index']:07d}"
    stored = repr(row) + repr(await home.rows("SELECT body FROM outbox"))
    assert "欧阳娜娜" not in stored
    assert "34010319960503124X" not in stored
    assert full.encode() not in row["sealed"]


async def test_one_valid_certificate_at_a_time_also_for_two_clerks_at_once(home: Node) -> None:
    told = facts()
    answers = await asyncio.gather(*(issue(home, told) for _ in range(4)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Conflict)]
    assert len(refused) == 3
    assert {error.code for error in refused} == {"certificate_exists"}
    (row,) = await home.rows("SELECT number FROM certificate")
    assert row["number"] in refused[0].detail.zh
    assert len(await home.rows("SELECT 1 FROM status_entry")) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"birth_date": date(2015, 1, 1)}, "under_age"),
        ({"birth_date": date(1960, 1, 1)}, "over_age"),
        ({"registered_area": RESIDENCE_COMMUNITY}, "not_registered_here"),
        ({"alive": False}, "deceased"),
    ],
)
async def test_who_cannot_have_one_is_told_why(home: Node, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Conflict) as refused:
        await issue(home, facts(**changes))
    assert refused.value.code == code


async def test_somebody_of_another_area_does_not_exist(home: Node) -> None:
    elsewhere = Access(uuid4(), "staff", "clerk", AreaScope.of([AreaCode(OTHER_COMMUNITY).interval()]), "")
    certificate_id = await issue(home, facts())
    async with home.runtime.database.transaction(elsewhere.areas) as tx:
        assert await service.page(tx, elsewhere.areas, _all(home), None, 10) == []
        with pytest.raises(NotFound):
            await service.get(tx, elsewhere.areas, certificate_id)
        with pytest.raises(NotFound):
            await service.full_text(tx, home.runtime, elsewhere.areas, certificate_id)
        wish = Wish(Kind.FIRST, None, ["person"])
        with pytest.raises(NotFound):
            await applications.apply(tx, home.runtime, elsewhere.areas, ACTOR, uuid4(), facts(), wish)
        assert await tx.fetch("SELECT * FROM certificate") == []


def _all(node: Node) -> CertificateFilters:
    return CertificateFilters(node.runtime.clock.today())


async def test_coverage_is_the_same_whether_the_absence_or_the_certificate_comes_first(home: Node) -> None:
    told, today = facts(), home.runtime.clock.today()
    away = told_by_register(told.person_ref, out(today - timedelta(days=40)))
    await take_in(home, away)
    await issue(home, told)
    first = await published(home)
    assert (today.isoformat(), "in", "1996-05") in first

    other = facts()
    await issue(home, other)
    assert await published(home) == first
    await take_in(home, told_by_register(other.person_ref, out(today - timedelta(days=40))))
    assert await published(home) == {key: 2 * value for key, value in first.items()}


async def test_a_corrected_absence_is_published_as_the_difference(home: Node) -> None:
    told, today = facts(), home.runtime.clock.today()
    await issue(home, told)
    wrong, right = today + timedelta(days=3), today + timedelta(days=9)
    await take_in(home, told_by_register(told.person_ref, out(wrong)))
    await take_in(home, told_by_register(told.person_ref, out(wrong, -1), out(right)))
    assert {key[0] for key in await published(home) if key[1] == "in"} == {right.isoformat()}
    assert await home.rows("SELECT 1 FROM outflow_mark WHERE count = 0") == []
    types = [orjson.loads(row["body"])["type"] for row in await home.rows("SELECT body FROM outbox")]
    assert types.count(MigrantEventType.CERTIFICATE_COVERAGE_CHANGED) == 2


async def test_a_revocation_sets_the_bit_and_ends_the_coverage_today(home: Node) -> None:
    told, today = facts(), home.runtime.clock.today()
    await take_in(home, told_by_register(told.person_ref, out(today - timedelta(days=40))))
    certificate_id = await issue(home, told)
    with pytest.raises(VersionMismatch):
        await revoke(home, certificate_id, version=7)
    found = await revoke(home, certificate_id)
    assert found.revoked_on == today
    assert await published(home) == {}
    assert [row["ended"] for row in await home.rows("SELECT ended FROM status_entry")] == [True]
    with pytest.raises(Conflict):
        await revoke(home, certificate_id, version=found.version)
    assert await issue(home, told)


async def test_a_death_ends_the_certificate_and_its_retraction_restores_it(home: Node) -> None:
    told, today = facts(), home.runtime.clock.today()
    certificate_id = await issue(home, told)
    await take_in(home, told_by_register(told.person_ref, out(today)))
    before = await published(home)
    await take_in(home, told_by_register(told.person_ref, *died(today)))
    assert (await get(home, certificate_id)).died_on == today
    assert await published(home) == {}
    assert [row["ended"] for row in await home.rows("SELECT ended FROM status_entry")] == [True]
    await take_in(home, told_by_register(told.person_ref, *died(today, -1)))
    assert (await get(home, certificate_id)).died_on is None
    assert await published(home) == before
    assert [row["ended"] for row in await home.rows("SELECT ended FROM status_entry")] == [False]


async def test_a_death_taken_back_gives_nothing_back_that_a_compromised_key_signed(home: Node) -> None:
    told, today = facts(), home.runtime.clock.today()
    certificate_id = await issue(home, told)
    await take_in(home, told_by_register(told.person_ref, *died(today)))
    async with home.runtime.database.transaction(EVERYTHING) as tx:
        await certificate_keys.declare(tx, home.runtime, f"{HOME}-1", "备份遗失", uuid4())
        await status_lists.end_signed_with(tx, f"{HOME}-1")
    await take_in(home, told_by_register(told.person_ref, *died(today, -1)))
    assert (await get(home, certificate_id)).died_on is None
    assert [row["ended"] for row in await home.rows("SELECT ended FROM status_entry")] == [True]


async def test_a_corrected_birth_month_and_a_moved_registration_are_followed(home: Node) -> None:
    told, today = facts(), home.runtime.clock.today()
    certificate_id = await issue(home, told)
    await take_in(home, told_by_register(told.person_ref, out(today)))
    moved = told_by_register(told.person_ref, registered=OTHER_COMMUNITY, birth_month="1995-05")
    await take_in(home, moved)
    assert {key[2] for key in await published(home)} == {"1995-05"}
    assert (await get(home, certificate_id)).registered_area == int(OTHER_COMMUNITY)


async def test_a_certificate_whose_facts_were_corrected_afterwards_is_listed(home: Node) -> None:
    told, other = facts(), facts()
    certificate_id, untouched = await issue(home, told), await issue(home, other)
    event = told_by_register(told.person_ref)
    later = home.runtime.clock.now() + timedelta(minutes=1)
    names = {"facts_changed": ["alive", "birth_date", "name"], "corrected_event_id": str(uuid4())}
    earlier = later - timedelta(days=1)
    await take_in(home, replace(event, data=event.data | {"facts_changed": ["sex"]}, time=earlier))
    await take_in(
        home, replace(event, type="registry.event.corrected.v1", data=event.data | names, time=later)
    )
    assert list((await get(home, certificate_id)).facts_changed) == ["birth_date", "name"]
    assert list((await get(home, untouched)).facts_changed) == []
    wanted = replace(_all(home), facts_changed=True)
    async with home.runtime.database.transaction(EVERYTHING) as tx:
        found = await service.page(tx, EVERYTHING, wanted, None, 10)
    assert [each.id for each in found] == [certificate_id]


async def test_a_birth_and_an_adoption_concern_the_parents_certificates(home: Node) -> None:
    told = facts()
    certificate_id = await issue(home, told)
    event = told_by_register(uuid4())
    data = event.data | {"mother_ref": str(told.person_ref), "father_ref": None, "parity": 1}
    later = home.runtime.clock.now() + timedelta(minutes=1)
    await take_in(home, replace(event, type=RegistryEventType.BIRTH_RECORDED, data=data, time=later))
    assert list((await get(home, certificate_id)).facts_changed) == ["children"]


async def test_differences_published_one_by_one_add_up(home: Node) -> None:
    told, today = facts(), home.runtime.clock.today()
    await issue(home, told)
    lines: Counter[LineKey] = Counter()
    for start, end in ((1, 5), (2, 8), (2, 6), (3, 9)):
        now = Counter({_key(today, start, Measure.IN): 1, _key(today, end, Measure.OUT): 1})
        await take_in(home, told_by_register(told.person_ref, *difference(now, lines)))
        lines = now
    days = {key[0]: value for key, value in (await published(home)).items()}
    assert days == {
        (today + timedelta(days=3)).isoformat(): 1,
        (today + timedelta(days=9)).isoformat(): 1,
    }


async def test_issuing_and_the_registers_events_about_the_same_person_do_not_wait_for_each_other(
    home: Node,
) -> None:
    told, today = facts(), home.runtime.clock.today()
    wish, colleague = Wish(Kind.FIRST, None, ["person"]), Actor(ActorKind.STAFF, uuid4())
    async with home.runtime.database.transaction(CLERK.areas) as tx:
        scope = CLERK.areas
        asked = await applications.apply(tx, home.runtime, scope, ACTOR, uuid4(), told, wish)
        found = await applications.get(tx, scope, asked, version=1)
        await applications.carry_on(tx, home.runtime, found, Step.APPROVE, colleague)

    async def issued() -> None:
        async with home.runtime.database.transaction(CLERK.areas) as tx:
            held = await applications.locked(tx, CLERK.areas, asked, told.person_ref)
            await applications.issue(tx, home.runtime, held, ACTOR, told)

    moves = (
        take_in(home, told_by_register(told.person_ref, out(today), registered=area))
        for area in (OTHER_COMMUNITY, HOME_COMMUNITY, OTHER_COMMUNITY)
    )
    await asyncio.gather(issued(), *moves)
    async with home.runtime.database.transaction(EVERYTHING) as tx:
        found = await applications.get(tx, EVERYTHING, asked)
    assert found.state == "issued"
    assert found.certificate_id
    assert (await get(home, found.certificate_id)).registered_area in (
        int(OTHER_COMMUNITY),
        int(HOME_COMMUNITY),
    )


def _key(today: date, number: int, measure: Measure) -> LineKey:
    on = today + timedelta(days=number)
    return LineKey(Population.MIGRANT_OUT, HOME_COMMUNITY, on, measure, 2, "1996-05")


async def leave(node: Node, told: PersonFacts, departed_on: date) -> UUID:
    async with node.runtime.database.transaction(CLERK.areas) as tx:
        return await departures.register(
            tx, node.runtime, CLERK, uuid4(), told, AreaCode("310115"), departed_on, None
        )


async def test_somebody_away_cannot_leave_again_until_the_register_says_they_came_back(home: Node) -> None:
    told, today = facts(), home.runtime.clock.today()
    left, back = today - timedelta(days=20), today - timedelta(days=5)
    await leave(home, told, left)
    with pytest.raises(Conflict) as refused:
        await leave(home, told, today)
    assert refused.value.code == "away_already"
    await take_in(home, told_by_register(told.person_ref, out(left)))
    with pytest.raises(Conflict):
        await leave(home, told, today)
    await take_in(home, told_by_register(told.person_ref, out(back, measure=Measure.OUT)))
    await leave(home, told, today)
    async with home.runtime.database.transaction(CLERK.areas) as tx:
        again, first = await departures.page(tx, CLERK.areas, Filters(), None, 10)
    assert (first.ended_on, first.ended_by) == (back, "register")
    assert again.away
