"""Recording stays of people registered elsewhere, and telling their home districts."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.lines import Line, difference
from renkou_common.contracts.migrant import ArrivalRegistered, MigrantEventType, StayCorrected, StayEnded
from renkou_common.contracts.registry import EventCorrected, EventRetracted
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_common.http.conditions import check_version
from renkou_common.identity.principal import Access
from renkou_common.ids import new_id
from renkou_common.scope import AreaScope
from renkou_migrant.arrivals import notices, repository
from renkou_migrant.arrivals.domain import Arrival, check_applies, check_lines, due_day
from renkou_migrant.arrivals.repository import Filters
from renkou_migrant.fields import area_text, check_elsewhere, check_not_before, check_not_future
from renkou_migrant.registry_client import PersonFacts
from renkou_migrant.runtime import Runtime

ARRIVAL_PURPOSE, DEPARTURE_PURPOSE = "arrival_notice", "departure"


@dataclass(frozen=True, slots=True)
class ActiveArrival:
    """An arrival whose stay goes on. Areas are 12-digit keys."""

    arrival_id: UUID
    person_ref: UUID
    home_office: str
    home_area: int
    area: int


@dataclass(frozen=True, slots=True)
class Registered:
    """A person whom the register holds; ``returning`` says that it held the person before this stay."""

    person_id: UUID
    facts: PersonFacts
    returning: bool = False


async def arrival_on(tx: Transaction, person_ref: UUID, day: date) -> ActiveArrival | None:
    """Return the stay of a person registered elsewhere that a day falls into, None where there is none.

    What happened during a stay is owed to the home district also when it becomes known after the stay's end.
    """
    found = await repository.staying_on(tx, person_ref, day)
    if found is None:
        return None
    return ActiveArrival(found.id, found.person_ref, found.home_office, found.home_area, found.area)


async def register(
    tx: Transaction,
    runtime: Runtime,
    access: Access,
    person: Registered,
    area: AreaCode,
    arrived_on: date,
    workplace_district: str | None = None,
) -> UUID:
    """Record a stay and draft the arrival notice, also to the workplace's district; raises Conflict, InvalidInput.

    Who is registered in another subdistrict of this district shows no certificate: nothing is due of it.
    """
    facts, settings = person.facts, runtime.settings
    left_on = await repository.last_left(tx, facts.person_ref)
    if left_on is not None:
        check_not_before("/arrived_on", arrived_on, left_on)
    home = AreaCode.parse(facts.registered_area)
    new = Arrival(
        id=new_id(),
        position=0,
        person_id=person.person_id,
        person_ref=facts.person_ref,
        home_area=home.key,
        area=area.key,
        arrived_on=arrived_on,
        birth_month=f"{facts.birth_date:%Y-%m}",
        sex=facts.sex,
        check_applies=not runtime.district.contains(home)
        and check_applies(
            facts.birth_date,
            arrived_on,
            minimum_age=settings.certificate_minimum_age,
            age_limit=settings.certificate_age_limit,
        ),
        due_on=due_day(arrived_on, settings.check_days),
        checked_on=None,
        left_on=None,
        destination_area=None,
        workplace_district=workplace_district,
        retracted=False,
        version=1,
    )
    if not await repository.insert(tx, new, runtime.clock.now(), access.subject):
        raise Conflict("arrival_exists", "该人已登记流入, 尚未离开", "The person stays here already")
    event = ArrivalRegistered(
        arrival_id=new.id,
        person_ref=new.person_ref,
        arrived_on=arrived_on,
        home_area=area_text(home.key),
        present_area=area_text(area.key),
        returning=person.returning,
        lines=difference(check_lines(new.check_record), Counter()),
    )
    await runtime.outbox.append(tx, MigrantEventType.ARRIVAL_REGISTERED, new.person_ref, event)
    await notices.tell_arrival(tx, runtime, new, facts)
    return new.id


async def end_stay(
    tx: Transaction,
    runtime: Runtime,
    scope: AreaScope,
    arrival_id: UUID,
    version: int,
    departed_on: date,
    destination: AreaCode | None,
    facts: PersonFacts,
) -> Arrival:
    """Record that a migrant left and draft the departure notice.

    Without a destination the register takes the person to be back in the home area. Raises NotFound,
    VersionMismatch, Conflict, InvalidInput.
    """
    found = await get(tx, scope, arrival_id, lock=True)
    check_version(version, found.version)
    if found.left_on is not None:
        raise Conflict("stay_ended", "该流入登记已结束", "The stay has ended already")
    if destination is not None:
        check_elsewhere("/destination_area", destination, runtime.district)
    check_not_future("/departed_on", departed_on, runtime.clock.today())
    check_not_before("/departed_on", departed_on, found.arrived_on)
    await repository.end(tx, arrival_id, departed_on, destination.key if destination else None)
    after = await get(tx, scope, arrival_id)
    event = StayEnded(
        arrival_id=arrival_id,
        person_ref=found.person_ref,
        departed_on=departed_on,
        destination_area=area_text(destination.key if destination else found.home_area),
        lines=difference(check_lines(after.check_record), check_lines(found.check_record)),
    )
    await runtime.outbox.append(tx, MigrantEventType.STAY_ENDED, found.person_ref, event)
    await notices.tell_departure(tx, runtime, after, facts)
    return after


async def check_made(
    tx: Transaction, scope: AreaScope, arrival_id: UUID, checked_on: date
) -> tuple[Arrival, list[Line]]:
    """Note that a certificate was looked at; returns the arrival and what that changes in the figures."""
    before = await get(tx, scope, arrival_id, lock=True)
    await repository.mark_checked(tx, arrival_id, checked_on)
    after = await get(tx, scope, arrival_id)
    return after, difference(check_lines(after.check_record), check_lines(before.check_record))


async def follow_correction(
    tx: Transaction, runtime: Runtime, told: EventCorrected, previously_on: date
) -> list[Arrival]:
    """Let stays that began or ended on a day follow the register, which corrected it; returns those changed."""

    def corrected(stay: Arrival) -> Arrival:
        if stay.arrived_on == previously_on:
            due_on = due_day(told.happened_on, runtime.settings.check_days)
            return replace(stay, arrived_on=told.happened_on, due_on=due_on)
        if stay.left_on == previously_on:
            went = int(told.present_area) if told.present_since == told.happened_on else stay.destination_area
            return replace(stay, left_on=told.happened_on, destination_area=went)
        return stay

    return await _follow(tx, runtime, told.person_ref, corrected)


async def follow_retraction(
    tx: Transaction, runtime: Runtime, told: EventRetracted, previously_on: date
) -> list[Arrival]:
    """Take back a stay whose beginning never was, or let one go on whose end never was."""

    def corrected(stay: Arrival) -> Arrival:
        if stay.arrived_on == previously_on:
            return replace(stay, retracted=True, left_on=stay.arrived_on)
        if stay.left_on == previously_on:
            return replace(stay, left_on=None, destination_area=None)
        return stay

    return await _follow(tx, runtime, told.person_ref, corrected)


async def follow_registered_area(
    tx: Transaction, runtime: Runtime, person_ref: UUID, home_area: int
) -> list[Arrival]:
    """Let a person's stays follow the corrected registered area (12-digit key); returns those changed."""
    return await _follow(tx, runtime, person_ref, lambda stay: replace(stay, home_area=home_area))


async def _follow(
    tx: Transaction, runtime: Runtime, person_ref: UUID, rule: Callable[[Arrival], Arrival]
) -> list[Arrival]:
    changed: list[Arrival] = []
    for before in await repository.of_person(tx, person_ref):
        after = rule(before)
        if after == before or (after.left_on is not None and after.left_on < after.arrived_on):
            continue
        await repository.correct(tx, after, runtime.clock.now() if after.retracted else None)
        event = StayCorrected(
            arrival_id=after.id,
            person_ref=person_ref,
            arrived_on=after.arrived_on,
            departed_on=after.left_on,
            retracted=after.retracted,
            lines=difference(check_lines(after.check_record), check_lines(before.check_record)),
        )
        await runtime.outbox.append(tx, MigrantEventType.STAY_CORRECTED, person_ref, event)
        changed.append(after)
    return changed


async def change_workplace(
    tx: Transaction,
    runtime: Runtime,
    scope: AreaScope,
    arrival_id: UUID,
    version: int,
    district: str | None,
    facts: PersonFacts,
) -> Arrival:
    """Note that a person works in another district, or that nobody is to be told where.

    What was told to the former workplace's district is taken back. Raises NotFound, VersionMismatch.
    """
    found = await get(tx, scope, arrival_id, lock=True)
    check_version(version, found.version)
    if found.workplace_district == district:
        return found
    await repository.set_workplace(tx, arrival_id, district)
    after = await get(tx, scope, arrival_id)
    await notices.tell_workplace_changed(tx, runtime, found, after, facts)
    return after


async def get(tx: Transaction, scope: AreaScope, arrival_id: UUID, *, lock: bool = False) -> Arrival:
    """Return an arrival in scope; raises NotFound."""
    found = await repository.find(tx, scope, arrival_id, lock=lock)
    if found is None:
        raise NotFound.of("流入登记", "arrival")
    return found


async def page(
    tx: Transaction, scope: AreaScope, filters: Filters, before: int | None, limit: int
) -> list[Arrival]:
    """Return arrivals in scope, the last recorded first."""
    return await repository.page(tx, scope, filters, before, limit)


async def refs_of(tx: Transaction, person_id: UUID) -> list[UUID]:
    """Return the references under which stays of a person, and notices about them, are kept."""
    return sorted({ref for ref, _ in await repository.homes_of(tx, person_id)})


async def home_districts(tx: Transaction, person_id: UUID) -> set[str]:
    """Return the districts from which a person came to live here."""
    return {f"{area:012d}"[:6] for _, area in await repository.homes_of(tx, person_id)}
