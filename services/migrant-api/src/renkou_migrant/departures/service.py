"""Recording departures and returns. The register moves the present address when it reads the event."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.migrant import DepartureRegistered, DepartureReturned, MigrantEventType
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_common.http.conditions import check_version
from renkou_common.identity.principal import Access
from renkou_common.ids import new_id
from renkou_common.scope import AreaScope
from renkou_migrant.departures import repository
from renkou_migrant.departures.domain import Departure, EndedBy, closed_by_register
from renkou_migrant.departures.repository import Filters, NewDeparture
from renkou_migrant.fields import area_text, check_elsewhere, check_not_before, check_not_future
from renkou_migrant.outflow.domain import TimeAway
from renkou_migrant.registry_client import PersonFacts
from renkou_migrant.runtime import Runtime

FACTS_PURPOSE = "departure"


async def register(
    tx: Transaction,
    runtime: Runtime,
    access: Access,
    person_id: UUID,
    facts: PersonFacts,
    destination: AreaCode,
    departed_on: date,
    reason: str | None,
) -> UUID:
    """Record that someone registered here left; raises InvalidInput, NotFound or Conflict.

    ``facts`` are what the register told this clerk about the person.
    """
    registered = AreaCode.parse(facts.registered_area)
    _check_person(runtime, access, facts, registered)
    check_elsewhere("/destination_area", destination, runtime.district)
    check_not_future("/departed_on", departed_on, runtime.clock.today())
    check_not_before("/departed_on", departed_on, facts.present_since or facts.birth_date)
    departure_id = new_id()
    new = NewDeparture(
        id=departure_id,
        person_id=person_id,
        person_ref=facts.person_ref,
        registered_area=registered.key,
        birth_month=f"{facts.birth_date:%Y-%m}",
        sex=facts.sex,
        destination_area=destination.key,
        departed_on=departed_on,
        reason=reason,
        recorded_at=runtime.clock.now(),
        recorded_by=access.subject,
    )
    if not await repository.insert(tx, new):
        raise _away_already()
    event = DepartureRegistered(
        departure_id=departure_id,
        person_ref=facts.person_ref,
        departed_on=departed_on,
        destination_area=area_text(destination.key),
    )
    await runtime.outbox.append(tx, MigrantEventType.DEPARTURE_REGISTERED, facts.person_ref, event)
    return departure_id


def _check_person(runtime: Runtime, access: Access, facts: PersonFacts, registered: AreaCode) -> None:
    if not runtime.district.contains(registered):
        raise Conflict(
            "not_registered_here", "户籍不在本区县", "The person is not registered in this district"
        )
    if not access.areas.contains(registered.key):
        raise NotFound.of("人员", "person")
    if not facts.alive:
        raise Conflict("deceased", "登记为已死亡", "The register records the person's death")
    present = AreaCode.parse(facts.present_area) if facts.present_area else None
    if present is not None and not runtime.district.contains(present):
        raise _away_already()


def _away_already() -> Conflict:
    return Conflict("away_already", "该人已登记外出", "The person is away already")


async def record_return(
    tx: Transaction, runtime: Runtime, scope: AreaScope, departure_id: UUID, version: int, returned_on: date
) -> Departure:
    """Record that someone came back; raises NotFound, VersionMismatch, Conflict, InvalidInput."""
    found = await repository.find(tx, scope, departure_id, lock=True)
    if found is None:
        raise NotFound.of("外出登记", "departure")
    check_version(version, found.version)
    if not found.away:
        raise Conflict("departure_ended", "该外出登记已结束", "The departure has ended already")
    check_not_future("/returned_on", returned_on, runtime.clock.today())
    check_not_before("/returned_on", returned_on, found.departed_on)
    await repository.end(tx, departure_id, returned_on, EndedBy.RETURN)
    event = DepartureReturned(
        departure_id=departure_id,
        person_ref=found.person_ref,
        returned_on=returned_on,
        area=area_text(found.registered_area),
    )
    await runtime.outbox.append(tx, MigrantEventType.DEPARTURE_RETURNED, found.person_ref, event)
    return await get(tx, scope, departure_id)


async def get(tx: Transaction, scope: AreaScope, departure_id: UUID) -> Departure:
    """Return a departure in scope; raises NotFound."""
    found = await repository.find(tx, scope, departure_id)
    if found is None:
        raise NotFound.of("外出登记", "departure")
    return found


async def page(
    tx: Transaction, scope: AreaScope, filters: Filters, before: int | None, limit: int
) -> list[Departure]:
    """Return departures in scope, the last recorded first."""
    return await repository.page(tx, scope, filters, before, limit)


async def away_since(tx: Transaction, person_ref: UUID) -> date | None:
    """Return the day of the departure that goes on, None without one."""
    found = await repository.away(tx, [person_ref])
    return found[0].departed_on if found else None


async def follow_register(
    tx: Transaction, times_away: Mapping[UUID, Sequence[TimeAway]], registered: Mapping[UUID, int]
) -> None:
    """End departures of people whom the register knows to be back; the others follow the registration.

    ``registered`` gives the registered area of each person who is registered in this district.
    """
    for departure in await repository.away(tx, list(times_away)):
        ended_on = closed_by_register(departure.departed_on, times_away[departure.person_ref])
        if ended_on is not None:
            await repository.end(tx, departure.id, ended_on, EndedBy.REGISTER)
        elif departure.person_ref in registered:
            await repository.follow(tx, departure.person_ref, registered[departure.person_ref])
