"""From events to the records that the caller may read; what she may not read is counted, and looks like nothing."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.identity.roles import Scope
from renkou_common.scope import AreaScope
from renkou_registry.figure_cases import repository
from renkou_registry.figure_cases.domain import Case, case_of, may_see
from renkou_registry.figure_cases.schemas import CaseOut, CasesOut, PersonsOut
from renkou_registry.persons import answers
from renkou_registry.persons import service as persons
from renkou_registry.persons.schemas import PersonSummary
from renkou_registry.runtime import Runtime


async def cases(
    runtime: Runtime, tx: Transaction, rights: Mapping[Scope, AreaScope], event_ids: Sequence[UUID]
) -> CasesOut:
    """Return the cases of events; ``tx`` sees the areas where the caller may read residents."""
    found = [case_of(*event) for event in await repository.events(tx, event_ids)]
    seen = [case for case in found if case is not None and may_see(case, rights)]
    refs = {case.person_ref for case in seen if case.person_ref is not None}
    rows = await persons.find_many_by_ref(tx, list(refs), rights[Scope.RESIDENT_READ])
    people = {row["ref"]: answers.summary(runtime, row) for row in rows}
    items = [_case(case, people) for case in seen if case.person_ref is None or case.person_ref in people]
    return CasesOut(items=items, hidden=len(set(event_ids)) - len(items))


async def people(
    runtime: Runtime, tx: Transaction, scope: AreaScope, person_ids: Sequence[UUID]
) -> PersonsOut:
    """Return persons by id, as lists show them."""
    rows = await persons.find_many(tx, person_ids, scope)
    items = [answers.summary(runtime, row) for row in rows]
    return PersonsOut(items=items, hidden=len(set(person_ids)) - len(items))


def _case(case: Case, people: Mapping[UUID, PersonSummary]) -> CaseOut:
    person = None if case.person_ref is None else people[case.person_ref]
    return CaseOut(
        event_id=case.event_id,
        event_type=case.event_type,
        kind=case.kind.name,
        kind_label=case.kind.zh,
        kind_label_en=case.kind.en,
        record_id=case.record_id,
        path=case.path(None if person is None else person.id),
        person=person,
    )
