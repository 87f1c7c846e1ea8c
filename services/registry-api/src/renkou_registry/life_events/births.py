"""Births: a child enters the register where its mother is registered, lives and usually resides."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from renkou_common.codes.kinship import Relation
from renkou_common.codes.lists import DocumentKind, KinKind, MaritalStatus, Sex
from renkou_common.contracts.registry import BirthRecorded, RegistryEventType
from renkou_common.errors import Conflict
from renkou_registry.benefits import service as benefits
from renkou_registry.floor import reaching
from renkou_registry.households import service as households
from renkou_registry.kin.domain import check_parent
from renkou_registry.life_events.calendar import full_years
from renkou_registry.life_events.domain import Addresses, PersonState
from renkou_registry.life_events.recording import Desk, state_of
from renkou_registry.persons import entering, registration, taken
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import EntryKind, PersonEntry, PersonRecord


@dataclass(frozen=True, slots=True)
class Birth:
    """A live birth to record; areas are 12-digit keys, None takes the mother's."""

    mother_id: UUID
    happened_on: date
    name: str
    sex: int
    father_id: UUID | None = None
    document_kind: str = DocumentKind.NONE
    resident_id: str | None = None
    document_number: str | None = None
    nationality: str | None = None
    parity: int | None = None
    registered_area: int | None = None
    registered_street: str | None = None
    present_area: int | None = None
    present_street: str | None = None
    household_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Parents:
    """The locked parents, and where the mother was registered and lived on the day."""

    mother: PersonRecord
    father: PersonRecord | None
    addresses: Addresses
    usual_area: int | None

    @property
    def ids(self) -> list[UUID]:
        return [self.mother.id, *([self.father.id] if self.father else [])]


async def parents_of(desk: Desk, mother_id: UUID, father_id: UUID | None, born_on: date) -> Parents:
    """Lock the parents and check that they can be; raises NotFound, InvalidInput, Conflict."""
    ids = [mother_id] if father_id is None else [mother_id, father_id]
    locked = await persons.lock(desk.tx, ids, desk.scope)
    mother = locked[mother_id]
    father = locked[father_id] if father_id else None
    check_parent(KinKind.MOTHER, mother.sex, mother.birth_date, born_on, "/mother_id")
    if father is not None:
        check_parent(KinKind.FATHER, father.sex, father.birth_date, born_on, "/father_id")
    state = await state_of(desk, mother_id)
    if state.died_on is not None and state.died_on < born_on:
        raise Conflict("mother_dead", "母亲在该日之前已死亡", "the mother died before that day")
    return Parents(mother, father, _addresses_on(state, born_on), state.usual_area(born_on))


def _addresses_on(state: PersonState, day: date) -> Addresses:
    return next((each for each in reversed(state.addresses) if each.since <= day), state.addresses[0])


async def record_birth(desk: Desk, birth: Birth) -> UUID:
    """Record a birth; returns the event's id. Raises NotFound, InvalidInput, Conflict."""
    parents = await parents_of(desk, birth.mother_id, birth.father_id, birth.happened_on)
    entry = _entry(birth, parents)
    entering.check_own_area(desk.scope, entry.registered_area, entry.present_area)
    if entry.resident_id is not None or entry.document_number is not None:
        await taken.check_may_ask(desk.runtime, desk.tx, desk.subject)
    async with reaching(desk.tx, desk.scope, entry.registered_area, entry.present_area):
        made = await registration.enter(desk.runtime, desk.tx, [entry], recorded_by=desk.subject)
    if made[0] is None:
        raise await entering.document_taken(desk.runtime, desk.tx, desk.scope, entry, "/child")
    await persons.add_children(desk.tx, parents.ids, 1)
    await benefits.reconsider(desk.runtime, desk.tx, desk.scope, parents.ids)
    if birth.household_id is not None:
        relation = {Sex.MALE: Relation.SON, Sex.FEMALE: Relation.DAUGHTER}.get(Sex(birth.sex), Relation.OTHER)
        await households.add_member(
            desk.runtime,
            desk.tx,
            birth.household_id,
            desk.scope,
            entry.id,
            relation,
            birth.happened_on,
            recorded_by=desk.subject,
        )
    payload = BirthRecorded(
        **registration.entry_fields(made[0]),
        mother_ref=parents.mother.ref,
        father_ref=parents.father.ref if parents.father else None,
        parity=entry.parity,
    )
    await desk.runtime.outbox.append(desk.tx, RegistryEventType.BIRTH_RECORDED, entry.ref, payload)
    return made[0].event.id


def _entry(birth: Birth, parents: Parents) -> PersonEntry:
    own_registered = (
        birth.registered_area is not None and birth.registered_area != parents.addresses.registered
    )
    own_present = birth.present_area is not None and birth.present_area != parents.addresses.present
    mother = parents.mother
    return PersonEntry(
        name=birth.name,
        sex=birth.sex,
        birth_date=birth.happened_on,
        registered_area=birth.registered_area or parents.addresses.registered,
        present_area=birth.present_area or parents.addresses.present,
        kind=EntryKind.BIRTH,
        entered_on=birth.happened_on,
        document_kind=birth.document_kind,
        resident_id=birth.resident_id,
        document_number=birth.document_number,
        nationality=birth.nationality or mother.nationality,
        marital_status=str(MaritalStatus.UNMARRIED),
        registered_street=birth.registered_street or (None if own_registered else mother.registered_street),
        registered_since=birth.happened_on,
        present_street=birth.present_street or (None if own_present else mother.present_street),
        present_since=birth.happened_on,
        mother_id=mother.id,
        father_id=parents.father.id if parents.father else None,
        parity=birth.parity or mother.children_count + 1,
        mother_usual_area=parents.usual_area,
        mother_age=full_years(mother.birth_date, birth.happened_on),
    )
