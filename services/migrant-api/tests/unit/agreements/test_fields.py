"""Members of contents by path: none without a purpose, none without words, none left where it is not agreed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_migrant.agreements.domain import Refusal, RefusalCode
from renkou_migrant.agreements.fields import beyond, carried, leaves, reduced, required
from renkou_migrant.agreements.purposes import needs
from renkou_migrant.agreements.words import FIELD_WORDS, KIND_WORDS, field_words
from renkou_migrant.exchange.contracts import AGREED, CONTENTS, MessageKind

NAMES = st.sampled_from(["subject", "name", "note", "child", "data"])
VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
CONTENT = st.dictionaries(NAMES, VALUES, max_size=4)
PATHS = st.sets(
    st.sampled_from(["subject", "subject.name", "name", "note", "child.name", "data", "child.data"])
)


@pytest.mark.parametrize("kind", sorted(AGREED))
def test_every_member_of_an_agreed_kind_is_needed_for_its_purpose_and_has_words(kind: MessageKind) -> None:
    needed = needs(kind)
    assert needed.fields == leaves(CONTENTS[kind]).keys()
    assert needed.required <= needed.fields
    assert kind in KIND_WORDS
    assert needed.fields | needed.answer <= FIELD_WORDS.keys()


def test_replies_and_receipts_have_no_purpose_of_their_own() -> None:
    for kind in set(MessageKind) - AGREED:
        with pytest.raises(KeyError):
            needs(kind)


def test_required_members_are_those_a_content_cannot_do_without() -> None:
    assert required(CONTENTS[MessageKind.ARRIVAL_NOTICE]) == {
        "subject.name",
        "subject.home_area",
        "arrived_on",
        "present_area",
    }


def test_paths_of_nested_lists_have_no_index() -> None:
    content = {
        "attachments": [{"name": "a"}, {"name": "b", "data": None}],
        "questions": ["person"],
        "note": None,
    }
    assert list(carried(content)) == ["attachments.name", "attachments.name", "questions"]


@given(CONTENT, PATHS)
def test_a_reduced_content_carries_nothing_beyond_what_is_allowed(
    content: dict[str, Any], allowed: set[str]
) -> None:
    less = reduced(content, allowed)
    assert beyond(less, allowed) is None
    assert set(carried(less)) <= set(carried(content))


@given(CONTENT)
def test_what_is_all_allowed_stays_as_it_is(content: dict[str, Any]) -> None:
    assert reduced(content, set(carried(content))) == content


@given(CONTENT, PATHS)
def test_the_first_member_too_many_is_named(content: dict[str, Any], allowed: set[str]) -> None:
    paths = list(carried(content))
    first = beyond(content, allowed)
    assert first == next((path for path in paths if path not in allowed), None)


def test_the_longest_refusal_fits_into_a_receipt() -> None:
    for model in CONTENTS.values():
        for path in leaves(model):
            assert len(str(Refusal(RefusalCode.FIELD_NOT_AGREED, path))) <= 60


def test_members_are_named_in_words() -> None:
    zh, en = field_words({"arrived_on", "subject.name"})
    assert (zh, en) == ("姓名、到达日期", "name, day of arrival")
