"""How content of one version becomes another, and which version two districts use."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from renkou_migrant.exchange.attachments import Attachment, MediaType
from renkou_migrant.exchange.contracts import CONTENTS, PREVIOUS, VERSIONS, MessageKind, model_of, newest
from renkou_migrant.exchange.versions import (
    ADDED,
    NotExpressible,
    Understood,
    common,
    downgrade,
    read,
    upgrade,
    write,
)

FIRST: Understood = {kind.value: frozenset({1}) for kind in MessageKind}
BOTH: Understood = {kind.value: versions for kind, versions in VERSIONS.items()}
SUBJECT = {"name": "李静", "resident_id": None, "home_area": "340103002003"}
PICTURE = Attachment.of("scan.png", MediaType.PNG, b"\x89PNG\r\n\x1a\n0").model_dump(mode="json")
texts = st.text("甲乙ab1", min_size=1, max_size=30)
inquiries = st.fixed_dictionaries(
    {
        "subject": st.fixed_dictionaries(
            {"name": texts, "resident_id": st.none(), "home_area": st.just("340103002003")}
        ),
        "questions": st.lists(
            st.sampled_from(["person", "certificate", "registration"]), min_size=1, unique=True
        ),
        "note": st.none() | texts,
    }
)
answers = st.fixed_dictionaries({"known": st.none() | st.booleans(), "note": st.none() | texts})
disputes = st.fixed_dictionaries({"reason": texts})
FIRST_VERSIONS = st.one_of(
    st.tuples(st.just(MessageKind.INQUIRY), inquiries),
    st.tuples(st.just(MessageKind.ANSWER), answers),
    st.tuples(st.just(MessageKind.DISPUTE), disputes),
)


def plain(content: BaseModel) -> dict[str, Any]:
    return content.model_dump(mode="json")


@given(FIRST_VERSIONS)
def test_version_1_becomes_the_newest_and_version_1_again(one: tuple[MessageKind, dict[str, Any]]) -> None:
    kind, members = one
    assert plain(PREVIOUS[kind].model_validate(members)) == members
    newer = plain(read(kind, 1, members))
    assert newer.keys() - members.keys() == ADDED[kind, 2].keys()
    assert downgrade(kind, newer, 1) == members
    model_of(kind, 1).model_validate(downgrade(kind, newer, 1))


@given(FIRST_VERSIONS, st.booleans(), st.booleans())
def test_the_newest_goes_as_version_1_whole_or_not_at_all(
    one: tuple[MessageKind, dict[str, Any]], urgent: bool, attached: bool
) -> None:
    kind, members = one
    more: dict[str, Any] = {"attachments": [PICTURE] if attached else []}
    if kind is MessageKind.INQUIRY:
        more["urgent"] = urgent and members["questions"] == ["registration"]
    content = plain(CONTENTS[kind].model_validate(members | more))
    says_more = attached or more.get("urgent", False)
    if says_more:
        with pytest.raises(NotExpressible) as caught:
            downgrade(kind, content, 1)
        assert caught.value.code in ("partner_lacks_attachments", "partner_lacks_urgent")
    else:
        assert upgrade(kind, downgrade(kind, content, 1), 1) == content


def test_every_version_says_what_it_added() -> None:
    for kind, versions in VERSIONS.items():
        assert versions == frozenset(range(max(1, newest(kind) - 1), newest(kind) + 1))
        for version in versions - {min(versions)}:
            fields = model_of(kind, version).model_fields
            assert (
                fields.keys() - model_of(kind, version - 1).model_fields.keys() == ADDED[kind, version].keys()
            )


def test_what_is_beyond_its_version_is_not_read() -> None:
    with pytest.raises(ValidationError):
        read(MessageKind.ANSWER, 1, {"known": True, "note": None, "attachments": []})


@pytest.mark.parametrize(
    ("theirs", "version"),
    [
        (BOTH, 2),
        (FIRST, 1),
        ({}, 1),
        ({"inquiry": frozenset({1, 2, 3})}, 2),
        ({"inquiry": frozenset({2})}, 2),
    ],
)
def test_the_highest_version_that_both_understand_is_used(theirs: Understood, version: int) -> None:
    assert common(MessageKind.INQUIRY, VERSIONS[MessageKind.INQUIRY], theirs) == version


@pytest.mark.parametrize(
    ("theirs", "code"),
    [
        ({"answer": frozenset({1})}, "partner_lacks_kind"),
        ({"inquiry": frozenset({3})}, "partner_lacks_version"),
    ],
)
def test_without_a_common_version_nothing_is_sent(theirs: Understood, code: str) -> None:
    with pytest.raises(NotExpressible) as caught:
        common(MessageKind.INQUIRY, VERSIONS[MessageKind.INQUIRY], theirs)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("theirs", "content"),
    [(BOTH, {"known": True, "note": None, "attachments": []}), (FIRST, {"known": True, "note": None})],
)
def test_what_a_correction_puts_in_place_is_written_for_the_partner(
    theirs: Understood, content: dict[str, Any]
) -> None:
    said = {"of": "0197a1f0-0000-7000-8000-00000000000a", "content": content | {"attachments": []}}
    ours = VERSIONS[MessageKind.CORRECTION]
    assert write(MessageKind.CORRECTION, said, 1, ours, theirs) == (1, said | {"content": content})
