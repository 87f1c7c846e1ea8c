"""Childbirth registrations, honour certificates, couples' pre-pregnancy checks and consents of a chunk."""

from collections import Counter
from datetime import date, timedelta
from uuid import UUID

from renkou_common.contracts.lines import Population, difference
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_maternal import (
    ChildbirthChanged,
    ChildbirthRegistered,
    HonourIssued,
    PrepregnancyChanged,
)
from renkou_registry.childbirth.domain import State as RegistrationState
from renkou_registry.childbirth.domain import number_of
from renkou_registry.consents.domain import ConsentPurpose
from renkou_registry.counting import counting_of
from renkou_registry.generator.drawn import RECORDED_BY, Context, Drawn, Lived, together
from renkou_registry.honour.domain import Kind
from renkou_registry.honour.domain import Rules as HonourRules
from renkou_registry.honour.domain import State as HonourState
from renkou_registry.persons.domain import EntryKind
from renkou_registry.persons.events import area_text
from renkou_registry.prepregnancy.domain import Counted, State, lines_of

_REGISTERED_BIRTHS, _HONOURED, _COUPLES_CHECKED, _CALLED = 0.75, 0.15, 0.02, 0.3
_GENERATED_FROM = 5_000_000
"""Positions in numbers of registrations start here, far from those that the register goes on giving."""
_PER_CHUNK = 4_000


def _draw(drawn: Drawn, context: Context) -> None:
    maternal = _Maternal(drawn, context)
    maternal.childbirths()
    maternal.honours()
    maternal.couples()
    maternal.consents()


class _Maternal:
    def __init__(self, drawn: Drawn, context: Context) -> None:
        self._drawn, self._context, self._random = drawn, context, drawn.chunk.random
        self._known = context.now, RECORDED_BY
        self._district = context.district.interval()
        self._stock_date = drawn.chunk.plan.stock_date
        self._by_id = {each.entry.id: each for each in drawn.people}

    def childbirths(self) -> None:
        """Draw what mothers had recorded before children who were born since the register began."""
        low, high = self._district
        position = _GENERATED_FROM + self._drawn.chunk.number * _PER_CHUNK
        for child in self._drawn.people:
            entry = child.first
            if entry.kind is not EntryKind.BIRTH or entry.mother_id is None:
                continue
            mother, born = self._by_id[entry.mother_id], entry.birth_date
            here = "present" if low <= mother.entry.present_area <= high else "registered"
            area = mother.entry.present_area if here == "present" else mother.entry.registered_area
            if not low <= area <= high or self._random.random() > _REGISTERED_BIRTHS:
                continue
            position += 1
            on = born - timedelta(days=self._random.randrange(20, 150))
            registration, ref = self._drawn.chunk.new_id(), mother.entry.ref
            number = number_of(self._drawn.chunk.plan.district, on.year, position)
            whose = registration, number, mother.entry.id, entry.father_id, here, area, entry.parity
            self._drawn.rows["childbirth_registration"].append(
                (*whose, RegistrationState.LINKED, on, 2, self._context.now, *self._known)
            )
            self._drawn.rows["childbirth_birth"].append((entry.id, registration, born, *self._known))
            registered = ChildbirthRegistered(
                person_ref=ref, registration_id=registration, area=area_text(area), registered_on=on
            )
            linked = ChildbirthChanged(
                **registered.model_dump(exclude={"registered_on"}),
                state="linked",
                changed_on=born,
                born_on=born,
            )
            self._drawn.told.append((RegistryEventType.CHILDBIRTH_REGISTERED, ref, registered))
            self._drawn.told.append((RegistryEventType.CHILDBIRTH_CHANGED, ref, linked))

    def honours(self) -> None:
        """Draw certificates that parents of one child have held since before 2016."""
        rules = HonourRules()
        for child in self._drawn.people:
            entry = child.entry
            if entry.mother_id is None or entry.father_id is None or entry.birth_date > rules.last_birth:
                continue
            parents = [self._by_id[each] for each in (entry.father_id, entry.mother_id)]
            counting = counting_of(parents[0].entry, self._district)
            only = all(each.entry.children_count == 1 for each in parents)
            if not only or counting is None or self._random.random() > _HONOURED:
                continue
            issued = self._day(entry.birth_date, date(2016, 1, 1))
            standing = Kind.EXISTING, HonourState.VALID
            certificate, holders = self._drawn.chunk.new_id(), [each.entry.id for each in parents]
            number = f"皖光荣{self._drawn.chunk.number:03d}{len(self._drawn.rows['honour_certificate']):05d}"
            self._drawn.rows["honour_certificate"].append(
                (certificate, number, *holders, entry.id, counting.area, *standing, issued, 1, *self._known)
            )
            data = HonourIssued(
                certificate_id=certificate,
                holder_refs=[each.entry.ref for each in parents],
                child_ref=entry.ref,
                area=area_text(counting.area),
                kind="existing",
                issued_on=issued,
            )
            self._drawn.honoured.extend(parents)
            self._drawn.told.append((RegistryEventType.HONOUR_ISSUED, certificate, data))

    def couples(self) -> None:
        """Draw couples to whom the check was offered: some declined, the others are registered for it."""
        for woman in self._drawn.people:
            entry, spouse = woman.entry, self._by_id.get(woman.entry.spouse_id or woman.entry.id, woman)
            counting = counting_of(entry, self._district)
            years = self._stock_date.year - entry.birth_date.year
            if entry.sex != 2 or not 22 <= years <= 38 or spouse is woman or counting is None:
                continue
            if self._random.random() > _COUPLES_CHECKED:
                continue
            on, check = self._day(self._stock_date - timedelta(days=120), self._stock_date), self._new_id()
            state = State.DECLINED if self._random.random() < 0.2 else State.REGISTERED
            couple = entry.id, spouse.entry.id
            counts = counting.area, counting.population, state, on
            self._drawn.rows["prepregnancy_check"].append((check, *couple, *counts, 1, *self._known))
            if state is State.REGISTERED:
                for each in couple:
                    given = self._new_id(), check, each, on, "signed", *self._known
                    self._drawn.rows["prepregnancy_consent"].append(given)
            counted = Counted(counting.area, Population(counting.population), state, on, 2)
            data = PrepregnancyChanged(
                check_id=check,
                area=area_text(counting.area),
                changed_on=on,
                lines=difference(lines_of(counted), Counter()),
            )
            self._drawn.told.append((RegistryEventType.PREPREGNANCY_CHANGED, check, data))

    def consents(self) -> None:
        """Draw consents: of women to what their cards keep, of some to calls; a few were withdrawn."""
        for card in self._drawn.cards:
            if card.fact is not None:
                self._consent(card.woman, ConsentPurpose.CARD_HEALTH_DATA, withdrawn=False)
            if self._random.random() < _CALLED:
                withdrawn = self._random.random() < 0.05
                self._consent(card.woman, ConsentPurpose.CONTACT_BY_PHONE, withdrawn=withdrawn)

    def _consent(self, woman: Lived, purpose: ConsentPurpose, *, withdrawn: bool) -> None:
        until = self._known if withdrawn else (None, None)
        self._drawn.rows["consent"].append(
            (self._new_id(), woman.entry.id, purpose.value, *self._known, *until)
        )

    def _day(self, first: date, last: date) -> date:
        return first + timedelta(days=self._random.randrange((last - first).days + 1))

    def _new_id(self) -> UUID:
        return self._drawn.chunk.new_id()


_KNOWN = ("recorded_at", "recorded_by")
KINDS = together(
    {
        "childbirth_registration": (
            *("id", "number", "person_id", "partner_id", "address", "area", "child_ordinal", "state"),
            *("registered_on", "version", "changed_at", *_KNOWN),
        ),
        "childbirth_birth": ("child_id", "registration_id", "born_on", "linked_at", "linked_by"),
        "honour_certificate": (
            *("id", "number", "first_holder_id", "second_holder_id", "child_id", "area"),
            *("kind", "state", "issued_on", "version", *_KNOWN),
        ),
        "prepregnancy_check": (
            *("id", "first_person_id", "second_person_id", "area", "population", "state", "registered_on"),
            *("version", *_KNOWN),
        ),
        "prepregnancy_consent": ("id", "check_id", "person_id", "given_on", "given_how", *_KNOWN),
        "consent": (*("id", "person_id", "purpose", "given_at", "given_by", "withdrawn_at", "withdrawn_by"),),
    },
    _draw,
)
