"""Exact numbers as text, runs of event numbers, and signatures, for any input."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_reporting.published.domain import exact_text, ranges, read_exact
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
