"""The chain of the message log, and the tree over parts of it."""

from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_common.audit import merkle
from renkou_migrant.message_log.domain import GENESIS, Entry, append, entry_hash

from .world import BEGIN

ENTRY = Entry(BEGIN, "out", "340103", UUID(int=1), "arrival_notice", 1, "sealed", "ab" * 32, "sig-1", "c2ln")
VALUES = st.lists(st.binary(min_size=1, max_size=8), min_size=1, max_size=40)


def test_a_chain_can_be_continued_and_always_comes_out_the_same() -> None:
    entries = [replace(ENTRY, pair_seq=seq) for seq in range(1, 6)]
    whole = append(0, GENESIS, entries)
    begun = append(0, GENESIS, entries[:3])
    assert [*begun, *append(3, begun[-1].hash, entries[3:])] == whole


@pytest.mark.parametrize(
    "change",
    [{"outcome": "accepted"}, {"partner": "440305"}, {"pair_seq": 9}, {"digest": "cd" * 32}, {"kid": "x"}],
)
def test_the_hash_covers_every_member(change: dict[str, Any]) -> None:
    assert entry_hash(GENESIS, 1, replace(ENTRY, **change)) != entry_hash(GENESIS, 1, ENTRY)


def test_a_partner_cannot_shift_members_by_a_line_feed_in_a_kind() -> None:
    one = replace(ENTRY, kind="a\n1", pair_seq=2, outcome="b")
    other = replace(ENTRY, kind="a", pair_seq=1, outcome="2\nb")
    assert entry_hash(GENESIS, 1, one) != entry_hash(GENESIS, 1, other)


@given(VALUES, st.data())
def test_every_path_leads_to_the_root_and_to_no_other_place(values: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(values) - 1))
    path = merkle.path(values, index)
    assert merkle.root_by_path(values[index], index, len(values), path) == merkle.root(values)
    assert merkle.root_by_path(values[index] + b"x", index, len(values), path) != merkle.root(values)
    for other in range(len(values)):
        if values[other] != values[index]:
            with suppress(ValueError):
                assert merkle.root_by_path(values[index], other, len(values), path) != merkle.root(values)


def test_the_tree_is_that_of_rfc_9162() -> None:
    """Roots of the first entries of the test data that certificate transparency logs share."""
    values = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031")]
    assert merkle.root(values[:1]).hex() == (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )
    assert merkle.root(values[:3]).hex() == (
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
    )
