"""Whatever is linked and unlinked in whatever order: kin stay consistent from both sides."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renkou_common.codes.lists import KinKind
from renkou_common.errors import Conflict, InvalidInput, RenkouError
from renkou_registry.kin.domain import Link, Outcome, Relative, ancestors, as_parent_link, link, unlink

IDS = [UUID(int=number) for number in range(1, 9)]


def person(number: int, **more: object) -> Relative:
    """Somebody: odd ids are men, and each is three years younger than the one before."""
    born = date(1950, 1, 1) + timedelta(days=1100 * number)
    sex = 1 if number % 2 else 2
    return replace(Relative(UUID(int=number), sex, born, True, "20"), **more)  # type: ignore[arg-type]


class Book:
    """A register in memory, and the links that its history has open."""

    def __init__(self, *people: Relative) -> None:
        self.people = {each.id: each for each in people}
        self.open: dict[tuple[KinKind, UUID, UUID], Link] = {}

    def apply(self, outcome: Outcome) -> None:
        self.people |= outcome.people
        for each in outcome.closed:
            self.open.pop((each.kind, each.person_id, each.kin_id))
        for each in outcome.opened:
            assert (each.kind, each.person_id, each.kin_id) not in self.open
            self.open[each.kind, each.person_id, each.kin_id] = each

    def link(self, kind: KinKind, one: UUID, other: UUID, *, additional: bool = False) -> None:
        self.apply(link(self.people, kind, one, other, additional=additional))

    def unlink(self, kind: KinKind, one: UUID, other: UUID) -> None:
        stored = Link.of(*as_parent_link(self.people, kind, one, other))
        known = self.open.get((stored.kind, stored.person_id, stored.kin_id), stored)
        self.apply(unlink(self.people, kind, one, other, counted=known.counted))


def check(book: Book) -> None:
    """What holds of kin at any time."""
    told: set[tuple[KinKind, UUID, UUID]] = set()
    linked: Counter[UUID] = Counter()
    for each in book.people.values():
        if each.spouse_id is not None:
            assert book.people[each.spouse_id].spouse_id == each.id
            told.add((KinKind.SPOUSE, min(each.id, each.spouse_id), max(each.id, each.spouse_id)))
        for kind, parent in ((KinKind.MOTHER, each.mother_id), (KinKind.FATHER, each.father_id)):
            if parent is not None:
                assert book.people[parent].birth_date < each.birth_date
                told.add((kind, each.id, parent))
                linked[parent] += 1
        assert each.mother_id is None or each.mother_id != each.father_id
        assert each.id not in ancestors(book.people, each.id)
    assert told == set(book.open)
    for each in book.people.values():
        assert each.linked == linked[each.id]
        assert each.children_count >= linked[each.id]


STEPS = st.tuples(
    st.booleans(),
    st.sampled_from(list(KinKind)),
    st.sampled_from(IDS),
    st.sampled_from(IDS),
    st.booleans(),
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(STEPS, max_size=30),
    st.lists(st.integers(0, 3), min_size=8, max_size=8),
    st.lists(st.sampled_from(["10", "20", "21", "30", "40", "90"]), min_size=8, max_size=8),
    st.lists(st.booleans(), min_size=8, max_size=8),
)
def test_links_stay_consistent_under_any_sequence(
    steps: list[tuple[bool, KinKind, UUID, UUID, bool]],
    children: list[int],
    statuses: list[str],
    living: list[bool],
) -> None:
    book = Book(
        *(
            person(number, children_count=children[number - 1], marital_status=statuses[number - 1],
                   alive=living[number - 1])
            for number in range(1, 9)
        )
    )  # fmt: skip
    check(book)
    for adding, kind, one, other, additional in steps:
        before = dict(book.people)
        try:
            if adding:
                book.link(kind, one, other, additional=additional)
            elif one != other:
                book.unlink(kind, one, other)
        except RenkouError:
            assert book.people == before
        check(book)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 5), st.integers(0, 3), st.booleans())
def test_a_link_taken_away_leaves_everything_as_it_was(count: int, linked: int, additional: bool) -> None:
    mother = person(2, children_count=max(count, linked), linked=linked)
    book = Book(mother, person(5))
    book.link(KinKind.CHILD, mother.id, UUID(int=5), additional=additional)
    book.unlink(KinKind.MOTHER, UUID(int=5), mother.id)
    assert book.people == {mother.id: mother, UUID(int=5): person(5)}


def test_a_child_counted_before_it_was_known_is_not_counted_twice() -> None:
    book = Book(person(2, children_count=2), person(5), person(6), person(7))
    for child, expected in ((5, 2), (6, 2), (7, 3)):
        book.link(KinKind.MOTHER, UUID(int=child), UUID(int=2))
        assert book.people[UUID(int=2)].children_count == expected


def test_a_widow_may_be_linked_to_another_spouse_and_the_dead_one_is_let_go() -> None:
    book = Book(person(1, alive=False, spouse_id=UUID(int=2)), person(2, spouse_id=UUID(int=1)), person(3))
    book.open[KinKind.SPOUSE, UUID(int=1), UUID(int=2)] = Link(KinKind.SPOUSE, UUID(int=1), UUID(int=2))
    book.link(KinKind.SPOUSE, UUID(int=2), UUID(int=3))
    assert book.people[UUID(int=1)].spouse_id is None
    check(book)


@pytest.mark.parametrize(
    ("people", "relation", "one", "other", "code"),
    [
        ((person(2), person(5)), "mother", 2, 5, "mother_sex"),
        ((person(4), person(5)), "father", 5, 4, "father_sex"),
        ((person(2), person(5)), "spouse", 2, 2, "same_person"),
        ((person(2), person(4)), "mother", 2, 4, "parent_younger"),
        ((person(2), person(4), person(5, mother_id=UUID(int=2))), "mother", 5, 4, "has_mother"),
        ((person(2), person(5, mother_id=UUID(int=2))), "spouse", 2, 5, "direct_line"),
        ((person(2, marital_status="10"), person(5)), "spouse", 2, 5, "not_married"),
        ((person(2, sex=9), person(5)), "child", 2, 5, "parent_sex_unknown"),
        ((person(1, mother_id=UUID(int=2)), person(2)), "father", 2, 1, "own_ancestor"),
        (
            (person(1, spouse_id=UUID(int=2)), person(2, spouse_id=UUID(int=1)), person(3)),
            "spouse",
            3,
            2,
            "has_spouse",
        ),
    ],
)
def test_what_cannot_be_is_refused(
    people: tuple[Relative, ...], relation: str, one: int, other: int, code: str
) -> None:
    with pytest.raises((Conflict, InvalidInput)) as refused:
        Book(*people).link(KinKind(relation), UUID(int=one), UUID(int=other))
    assert refused.value.code == code
