"""Exact numbers as text, small numbers hidden, runs of event numbers, and signatures, for any input."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_reporting.published.domain import (
    Cell,
    Key,
    exact_text,
    hide_small,
    ranges,
    read_exact,
    shown_account,
)
from renkou_reporting.published.signing import BadDocument, FigureKey, Signed, canonical, verify

_COUNTS = st.integers(min_value=0, max_value=10**9)
PRIVATE = {"kty": "OKP", "crv": "Ed25519", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}


@given(st.fractions())
def test_exact_text_loses_nothing(number: Fraction) -> None:
    assert read_exact(exact_text(number)) == number


def test_exact_text_is_decimal_wherever_decimals_end() -> None:
    written = [exact_text(Fraction(text)) for text in ("12", "-7/2", "1/200", "1/3", "0", "-1/8")]
    assert written == ["12", "-3.5", "0.005", "1/3", "0", "-0.125"]


@given(st.sets(st.integers(min_value=1, max_value=200)))
def test_runs_hold_exactly_their_numbers(numbers: set[int]) -> None:
    runs = ranges(numbers)
    assert {number for low, high in runs for number in range(low, high + 1)} == numbers
    assert all(after[0] > before[1] + 1 for before, after in pairwise(runs))


@given(_COUNTS, _COUNTS)
def test_one_to_four_people_are_hidden_on_either_side_of_a_rate(part: int, rest: int) -> None:
    cell = Cell(Key("340103", "resident", "rate", ""), str(part), str(part + rest), "1.00", None)
    (found,) = hide_small([cell], {"rate": True}, {})
    small = 0 < part < 5 or (part + rest > 1 and 0 < rest < 5)
    assert found.hidden == small
    assert (found.shown()["numerator"] is None) == small


@given(st.lists(st.integers(min_value=0, max_value=50), min_size=6, max_size=6))
def test_an_account_never_hides_one_part_alone(flows: list[int]) -> None:
    opening, entered, born, died, moved_in, moved_out = flows
    closing = opening + entered + born - died + moved_in - moved_out
    shown = shown_account([*flows, closing])
    assert shown.count(None) != 1
    assert all(part is None or abs(part) >= 5 or part == 0 for part in shown)


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=5), st.data())
def test_a_signature_covers_every_byte(content: dict[str, int | str], data: st.DataObject) -> None:
    small = {name: value for name, value in content.items() if isinstance(value, str) or abs(value) < 2**53}
    key = FigureKey(PRIVATE)
    signed = key.sign(canonical(small))
    assert verify(signed, key.public_keys()) == small
    place = data.draw(st.integers(min_value=0, max_value=len(signed.payload) - 1))
    changed = bytearray(signed.payload)
    changed[place] ^= 1
    with pytest.raises(BadDocument):
        verify(Signed(bytes(changed), signed.protected, signed.signature), key.public_keys())
