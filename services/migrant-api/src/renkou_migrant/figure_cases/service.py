"""From events to the records that the caller may read; what she may not read is counted, and looks like nothing."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from renkou_common.contracts.figure_cases import FigureCasePurpose
from renkou_common.database import Transaction
from renkou_common.errors import Forbidden, NotFound
from renkou_common.identity.roles import Scope
from renkou_common.scope import AreaScope
from renkou_migrant.applications import service as applications
from renkou_migrant.arrivals import service as arrivals
from renkou_migrant.certificates import service as certificates
from renkou_migrant.departures import service as departures
from renkou_migrant.exchange import service as exchange
from renkou_migrant.figure_cases import repository
from renkou_migrant.figure_cases.domain import Case, case_of
from renkou_migrant.figure_cases.schemas import CaseOut, CasesOut
from renkou_migrant.registry_client import PersonShown
from renkou_migrant.runtime import Runtime


class Seen(NamedTuple):
    """A case that the caller may read, and which person its record is about."""

    case: Case
    person_id: UUID | None


async def cases(
    runtime: Runtime,
    rights: Mapping[Scope, AreaScope],
    token: str,
    event_ids: Sequence[UUID],
    purpose: FigureCasePurpose,
) -> CasesOut:
    """Return the cases of events. Persons come from the register under the caller's ``token``, which logs the reading.

    Raises Unavailable where the register cannot be reached.
    """
    async with runtime.database.transaction(AreaScope.nothing(), read_only=True) as tx:
        found = [case_of(*event) for event in await repository.events(tx, event_ids)]
    seen: list[Seen] = []
    for scope, areas in rights.items():
        wanted = [case for case in found if case is not None and case.kind.scope is scope]
        if wanted:
            async with runtime.database.transaction(areas, read_only=True) as tx:
                seen += await _readable(tx, areas, wanted)
    people = await _people(runtime, token, [one.person_id for one in seen if one.person_id], purpose)
    order = {event_id: number for number, event_id in enumerate(event_ids)}
    seen.sort(key=lambda one: order[one.case.event_id])
    items = [_case(case, people.get(person_id) if person_id else None) for case, person_id in seen]
    return CasesOut(items=items, hidden=len(set(event_ids)) - len(items))


async def _readable(tx: Transaction, areas: AreaScope, cases: Sequence[Case]) -> list[Seen]:
    """Return those of some cases whose record lies in the caller's areas."""
    seen = []
    for case in cases:
        try:
            seen.append(Seen(case, await _PERSON_OF[case.kind.name](tx, areas, case.record_id)))
        except NotFound:
            continue
    return seen


async def _of_arrival(tx: Transaction, areas: AreaScope, record_id: UUID) -> UUID | None:
    return (await arrivals.get(tx, areas, record_id)).person_id


async def _of_departure(tx: Transaction, areas: AreaScope, record_id: UUID) -> UUID | None:
    return (await departures.get(tx, areas, record_id)).person_id


async def _of_certificate(tx: Transaction, areas: AreaScope, record_id: UUID) -> UUID | None:
    return (await certificates.get(tx, areas, record_id)).person_id


async def _of_application(tx: Transaction, areas: AreaScope, record_id: UUID) -> UUID | None:
    return (await applications.get(tx, areas, record_id)).person_id


async def _of_notice(tx: Transaction, areas: AreaScope, record_id: UUID) -> UUID | None:
    await exchange.get(tx, areas, record_id)
    return None


_PERSON_OF: Mapping[str, Callable[[Transaction, AreaScope, UUID], Awaitable[UUID | None]]] = {
    "arrival": _of_arrival,
    "departure": _of_departure,
    "certificate": _of_certificate,
    "application": _of_application,
    "notice": _of_notice,
}


async def _people(
    runtime: Runtime, token: str, person_ids: Sequence[UUID], purpose: FigureCasePurpose
) -> dict[UUID, PersonShown]:
    """Return persons as the register shows them to the caller; nobody where it shows her none."""
    if not person_ids:
        return {}
    try:
        return await runtime.registry.persons_of_cases(sorted(set(person_ids)), purpose, token=token)
    except Forbidden:
        return {}


def _case(case: Case, person: PersonShown | None) -> CaseOut:
    return CaseOut(
        event_id=case.event_id,
        event_type=case.event_type,
        kind=case.kind.name,
        kind_label=case.kind.zh,
        kind_label_en=case.kind.en,
        record_id=case.record_id,
        path=case.path,
        person=person,
    )
