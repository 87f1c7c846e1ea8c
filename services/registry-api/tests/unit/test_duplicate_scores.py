"""When two records look like one person."""

from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_registry.duplicates.domain import SHOWN_FROM, Trait, Traits, one_edit_apart, score

HERE, THERE = 340103001001, 340103009004
WANG = Traits(
    id=uuid4(),
    name="王晓敏",
    sex=2,
    birth_date=date(1990, 3, 7),
    registered_area=HERE,
    present_area=HERE,
    sounds=frozenset({"wang xiao min"}),
)


def other(**changes: object) -> Traits:
    return replace(WANG, id=uuid4(), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"name": "王小敏"},
        {"name": "王敏晓", "sounds": frozenset({"wang min xiao"})},
        {"birth_date": date(1990, 7, 3)},
        {"birth_date": date(1990, 3, 8), "phone": b"1"},
        {"present_area": THERE, "registered_area": THERE},
    ],
)
def test_the_same_person_written_differently_is_shown(changes: dict[str, object]) -> None:
    base = replace(WANG, phone=b"1") if "phone" in changes else WANG
    assert score(base, other(**changes)).probability >= SHOWN_FROM


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "李建国", "sounds": frozenset({"li jian guo"})},
        {"birth_date": date(1962, 11, 30)},
        {"name": "王晓强", "sounds": frozenset({"wang xiao qiang"}), "sex": 1},
    ],
)
def test_somebody_else_is_not(changes: dict[str, object]) -> None:
    assert score(WANG, other(**changes)).probability < SHOWN_FROM


def test_twins_with_numbers_of_their_own_are_two_persons() -> None:
    one = replace(WANG, number="340103199003071222", mother_id=uuid4())
    twin = replace(
        one, id=uuid4(), name="王晓丽", sounds=frozenset({"wang xiao li"}), number="340103199003074589"
    )
    assert score(one, twin).probability < SHOWN_FROM


def test_namesakes_of_one_day_with_numbers_of_their_own_are_two_persons() -> None:
    one = replace(WANG, number="340103199003071222")
    namesake = replace(
        one, id=uuid4(), number="340103199003074589", present_area=THERE, registered_area=THERE
    )
    assert score(one, namesake).probability < SHOWN_FROM


def test_a_score_says_what_it_rests_on() -> None:
    found = score(WANG, other(birth_date=date(1990, 7, 3)))
    assert set(found.traits) == {
        Trait.NAME_SAME,
        Trait.BIRTH_SWAPPED,
        Trait.SEX_SAME,
        Trait.COMMUNITY_SAME,
    }


@given(st.text("王李张晓明敏", max_size=5), st.text("王李张晓明敏", max_size=5))
def test_comparing_does_not_depend_on_the_order(a: str, b: str) -> None:
    one, two = other(name=a), other(name=b)
    assert score(one, two).probability == score(two, one).probability
    assert one_edit_apart(a, b) == one_edit_apart(b, a)


@given(st.text("王李晓明", min_size=2, max_size=6), st.integers(0, 5), st.sampled_from("王李晓明赵"))
def test_one_changed_character_is_one_edit(name: str, place: int, character: str) -> None:
    at = place % len(name)
    changed = name[:at] + character + name[at + 1 :]
    assert one_edit_apart(name, changed) == (changed != name)
    assert one_edit_apart(name, name[:at] + character + name[at:])
