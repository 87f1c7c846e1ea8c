"""The events that publish everybody with the history, cards, visits, services, and what other kinds tell."""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from renkou_common.contracts.lines import LineKey, difference
from renkou_common.contracts.registry import (
    BirthRecorded,
    DeathRecorded,
    MarriageRecorded,
    MoveRecorded,
    PersonRegistered,
    RegistryEventType,
    ServiceGiven,
)
from renkou_common.contracts.registry_cards import CardChanged, VisitChanged
from renkou_common.contracts.registry_maternal import ServiceChanged
from renkou_common.contracts.registry_people import HouseholdChanged
from renkou_common.contracts.registry_time import DivorceRecorded, WidowhoodRecorded
from renkou_common.messaging.envelope import build_body
from renkou_registry.cards.domain import due_periods, open_lines
from renkou_registry.generator.drawn import Context, Drawn, Kind, Lived, Told
from renkou_registry.generator.women import DrawnCard
from renkou_registry.life_events.domain import derive, lines_of
from renkou_registry.life_events.kinds import EventKind, LifeEvent
from renkou_registry.persons.events import area_text, person_event_fields
from renkou_registry.persons.registration import RULES
from renkou_registry.services_given.domain import Service, State
from renkou_registry.services_given.domain import lines_of as service_lines
from renkou_registry.visits.domain import visit_lines

_NOTHING: Counter[LineKey] = Counter()


def rows(drawn: Drawn, context: Context) -> Iterator[tuple[Any, ...]]:
    """Return a row for each event, persons first."""
    for event_type, subject, data in _told(drawn, context):
        event_id = drawn.chunk.new_id()
        body, digest = build_body(
            event_id=event_id,
            event_type=str(event_type),
            source=context.source,
            subject=str(subject),
            time=context.now,
            data=data,
        )
        yield event_id, str(event_type), str(subject), body, digest


def _told(drawn: Drawn, context: Context) -> Iterator[Told]:
    district = context.district.interval()
    refs = {each.entry.id: each.entry.ref for each in drawn.people}
    for each in drawn.people:
        yield from _history(each, refs, district)
    for household_id, household in drawn.chunk.households:
        kind, area = household.kind, area_text(household.area)
        entered = HouseholdChanged(household_id=household_id, change="entered", kind=kind, area=area)
        yield RegistryEventType.HOUSEHOLD_CHANGED, household_id, entered
    for card in drawn.cards:
        yield from _card(card, district)
    for service in drawn.services:
        yield _service(service, refs[service.person_id])
    yield from drawn.told


def _history(each: Lived, refs: dict[UUID, UUID], district: tuple[int, int]) -> Iterator[Told]:
    before = _NOTHING
    ref = each.entry.ref
    for number, event in enumerate(each.events, 1):
        state = derive(each.events[:number], district, RULES)
        lines = lines_of(state, district)
        changed = difference(lines, before)
        before = lines
        children = each.entry.children_count
        fields = person_event_fields(ref, event.id, event.happened_on, state, children, changed)
        event_type, payload = _event_of(each, event, fields, refs)
        yield event_type, ref, payload


def _event_of(
    each: Lived, event: LifeEvent, fields: dict[str, Any], refs: dict[UUID, UUID]
) -> tuple[str, BaseModel]:
    match event.kind:
        case EventKind.BIRTH:
            first = each.first
            mother, father = (refs.get(kin) if kin else None for kin in (first.mother_id, first.father_id))
            born = BirthRecorded(**fields, mother_ref=mother, father_ref=father, parity=first.parity)
            return RegistryEventType.BIRTH_RECORDED, born
        case EventKind.MOVE:
            moved = MoveRecorded(
                **fields,
                origin_area=area_text(event.data["from_area"]),
                destination_area=area_text(event.data["to_area"]),
                registration_transferred=event.data["transfer_registration"],
            )
            return RegistryEventType.MOVE_RECORDED, moved
        case EventKind.MARRIAGE:
            spouse = refs.get(UUID(event.data["spouse_id"]))
            return RegistryEventType.MARRIAGE_RECORDED, MarriageRecorded(**fields, spouse_ref=spouse)
        case EventKind.DIVORCE:
            return RegistryEventType.DIVORCE_RECORDED, DivorceRecorded(**fields, spouse_ref=None)
        case EventKind.WIDOWHOOD:
            spouse = refs.get(UUID(event.data["spouse_id"]))
            return RegistryEventType.WIDOWHOOD_RECORDED, WidowhoodRecorded(**fields, spouse_ref=spouse)
        case EventKind.DEATH:
            return RegistryEventType.DEATH_RECORDED, DeathRecorded(**fields)
    return RegistryEventType.PERSON_REGISTERED, PersonRegistered(**fields)


def _card(card: DrawnCard, district: tuple[int, int]) -> Iterator[Told]:
    state, stands = card.woman.state, card.stands
    lines = open_lines(state, due_periods(state, district), card.opened_on)
    opened = CardChanged(
        card_id=card.id,
        person_ref=card.woman.entry.ref,
        state=stands.state,
        closing=stands.closed_reason,
        area=area_text(stands.area),
        changed_on=card.opened_on,
        lines=difference(lines, _NOTHING),
    )
    yield RegistryEventType.CARD_CHANGED, card.woman.entry.ref, opened
    for each in card.visits:
        counted = visit_lines(stands.population, stands.area, each.due_on, each.state, accepted=False)
        changed = VisitChanged(
            visit_id=each.id,
            state=each.state,
            area=area_text(stands.area),
            lines=difference(counted, _NOTHING),
        )
        yield RegistryEventType.VISIT_CHANGED, each.id, changed


def _service(service: Service, ref: UUID) -> Told:
    lines, area = difference(service_lines(service), _NOTHING), area_text(service.area)
    if service.state is State.GIVEN and service.given_on is not None:
        given = ServiceGiven(
            person_ref=ref,
            service_id=service.id,
            kind=service.kind,
            given_on=service.given_on,
            area=area,
            share_with_home=service.share_with_home,
            lines=lines,
        )
        return RegistryEventType.SERVICE_GIVEN, ref, given
    counted_on = service.counted_on
    assert counted_on is not None  # it was offered
    changed = ServiceChanged(
        person_ref=ref, service_id=service.id, area=area, changed_on=counted_on, lines=lines
    )
    return RegistryEventType.SERVICE_CHANGED, ref, changed


KIND = Kind("outbox", ("event_id", "type", "subject", "body", "content_hash"), rows)
