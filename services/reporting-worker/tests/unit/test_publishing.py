"""Exact numbers as text, runs of event numbers, and districts added up, for any input."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_reporting.indicators.service import packaged_definitions
from renkou_reporting.province.domain import Part, Refused, add_up, add_up_accounts, check_document
from renkou_reporting.published.domain import exact_text, ranges, read_exact
from renkou_reporting.published.signing import BadDocument, FigureKey, Signed, canonical, verify

_COUNTS = st.integers(min_value=0, max_value=10**9)
BIRTH_RATE = next(one for one in packaged_definitions() if one.code == "birth_rate").model_dump(mode="json")
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


@given(st.lists(st.tuples(_COUNTS, st.integers(min_value=1, max_value=10**9)), min_size=1, max_size=20))
def test_a_province_divides_the_sums_and_averages_no_rate(districts: list[tuple[int, int]]) -> None:
    parts = [Part(str(at), str(n), str(d), BIRTH_RATE) for at, (n, d) in enumerate(districts)]
    found = add_up(parts)
    numerator, denominator = (sum(column) for column in zip(*districts, strict=True))
    assert (found.numerator, found.denominator) == (str(numerator), str(denominator))
    exact = Fraction(numerator, denominator) * 1000
    assert found.value is not None
    assert abs(Fraction(found.value) - exact) <= Fraction(1, 200)


def test_a_province_names_who_hides_or_defines_otherwise() -> None:
    shown = Part("340103", "10", "1000", BIRTH_RATE)
    hidden = add_up([shown, Part("340104", None, None, BIRTH_RATE)])
    assert (hidden.value, hidden.reason, hidden.hidden) == (None, "suppressed", ("340104",))
    other = add_up([shown, Part("340104", "10", "1000", BIRTH_RATE | {"factor": 100})])
    assert (other.value, other.reason, other.differing) == (None, "definitions_differ", ("340104",))
    assert add_up_accounts([[1000, 20], [2000, None]]) == [3000, None]


def test_a_province_refuses_documents_of_others_and_of_a_broken_chain() -> None:
    good = {"format": "renkou-published-figures/1", "district": "340103", "area": "340103", "previous": None}
    check_document(good, "340103", None)
    for wrong, before in (
        (good | {"format": "other"}, None),
        (good | {"district": "340104"}, None),
        (good, b"\x01" * 32),
        (good | {"previous": "02" * 32}, b"\x01" * 32),
    ):
        with pytest.raises(Refused):
            check_document(wrong, "340103", before)


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
