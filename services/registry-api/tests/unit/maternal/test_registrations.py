"""Properties of childbirth registrations and honour certificates: dates, parents, the end of 2015."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_common.errors import Conflict
from renkou_registry.childbirth import domain as childbirth
from renkou_registry.childbirth.domain import Address, Registration
from renkou_registry.counting import counting_of
from renkou_registry.honour import domain as honour
from renkou_registry.honour.domain import CancelReason, Certificate, Child, Holder, Kind, LossReason

DISTRICT = (340103000000, 340103999999)
HERE, ELSEWHERE = 340103001001, 310115000000
areas = st.sampled_from([HERE, 340103002001, ELSEWHERE])
days = st.dates(date(1980, 1, 1), date(2026, 12, 31))


def registration(on: date = date(2025, 5, 6)) -> Registration:
    return Registration(
        uuid4(), "SY-340103-2025-0000001", uuid4(), None, None, Address.PRESENT, HERE, None, on
    )


def certificate(on: date) -> Certificate:
    return Certificate(uuid4(), "1", uuid4(), uuid4(), uuid4(), HERE, Kind.EXISTING, on)


@given(st.sampled_from(Address), areas, areas)
def test_a_registration_is_recorded_at_the_chosen_address_if_it_is_here(
    address: Address, registered: int, present: int
) -> None:
    chosen = registered if address is Address.REGISTERED else present
    if chosen == ELSEWHERE:
        with pytest.raises(Conflict, match="address_elsewhere"):
            childbirth.area_at(address, registered, present, DISTRICT)
    else:
        assert childbirth.area_at(address, registered, present, DISTRICT) == chosen


@given(areas, areas)
def test_who_lives_or_is_registered_here_can_register_at_one_address_and_counts_once(
    registered: int, present: int
) -> None:
    possible = [area for area in (registered, present) if area != ELSEWHERE]

    class Person:
        registered_area = registered
        present_area = present

    counting = counting_of(Person(), DISTRICT)
    assert (counting is not None) is bool(possible)
    if counting:
        assert counting.area == (present if present != ELSEWHERE else registered)
        assert (counting.population == "migrant_in") is (registered == ELSEWHERE)


@given(days)
def test_a_withdrawal_is_not_before_the_registration_and_final(on: date) -> None:
    recorded = registration()
    if on < recorded.registered_on:
        with pytest.raises(Conflict, match="before_registration"):
            childbirth.withdrawn(recorded, on)
        return
    gone = childbirth.withdrawn(recorded, on)
    for rule in (
        childbirth.linked,
        lambda it: childbirth.unlinked(it, 0),
        lambda it: childbirth.changed(it, {}),
    ):
        with pytest.raises(Conflict, match="withdrawn"):
            rule(gone)


@given(st.none() | st.uuids(), st.none() | st.uuids(), st.booleans())
def test_a_child_is_linked_to_its_own_parents_only(
    mother: UUID | None, father: UUID | None, own: bool
) -> None:
    recorded = registration()
    if own:
        childbirth.check_child(recorded, recorded.person_id, father)
        childbirth.check_child(recorded, mother, recorded.person_id)
    else:
        with pytest.raises(Conflict, match="not_their_child"):
            childbirth.check_child(recorded, mother, father)


@given(days)
def test_a_certificate_is_possible_exactly_for_births_to_the_end_of_2015(born: date) -> None:
    if born.year <= 2015:
        honour.check_born(born, honour.Rules())
    else:
        with pytest.raises(Conflict, match="born_from_2016") as refused:
            honour.check_born(born, honour.Rules())
        assert str(born) in refused.value.detail.zh
        assert str(born) in refused.value.detail.en


@given(days, days)
def test_a_certificate_ends_once_and_not_before_it_began(issued: date, ended: date) -> None:
    held = certificate(issued)
    if ended < issued:
        with pytest.raises(Conflict, match="before_issue"):
            honour.replaced(held, ended, LossReason.LOST)
        return
    gone = honour.cancelled(held, ended, CancelReason.AT_REQUEST)
    assert gone.ended_on == ended
    for later in (ended, ended + timedelta(days=1)):
        with pytest.raises(Conflict, match="not_valid"):
            honour.replaced(gone, later, LossReason.DAMAGED)


@given(st.booleans(), st.booleans(), st.booleans(), st.integers(1, 2))
def test_the_holders_are_the_parents_as_far_as_the_register_names_them(
    names_mother: bool, names_father: bool, foreign: bool, number: int
) -> None:
    holders = [Holder(uuid4(), 2, 1), Holder(uuid4(), 1, 1)]
    mother = uuid4() if foreign else holders[0].id
    father = uuid4() if foreign else holders[1].id
    child = Child(
        uuid4(), date(1998, 6, 1), mother if names_mother else None, father if names_father else None
    )
    given_ones = holders[:number]
    contradicted = (foreign and (names_mother or names_father)) or (
        number == 1 and names_father and not names_mother
    )
    if contradicted:
        with pytest.raises(Conflict, match="not_the_parents"):
            honour.check_family(given_ones, child)
    else:
        honour.check_family(given_ones, child)
    with pytest.raises(Conflict, match="not_the_parents"):
        honour.check_family([Holder(child.id, 2, 1)], child)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=2))
def test_one_is_issued_for_an_only_child(children: list[int]) -> None:
    holders = [Holder(uuid4(), 2, count) for count in children]
    if max(children) > 1:
        with pytest.raises(Conflict, match="not_only_child"):
            honour.check_only_child(holders)
    else:
        honour.check_only_child(holders)
