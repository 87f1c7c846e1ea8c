"""Lines are read quickly or by the contract's model, and both read the same."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import RootModel, ValidationError

from renkou_common.contracts.lines import Measure, Population
from renkou_common.messaging.envelope import build_body, complete_envelope
from renkou_reporting.facts.domain import Fact, facts_of, read_lines
from renkou_reporting.facts.reading import copied, facts_of_data, rows_of_text

ID = uuid4()
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 40),
    st.floats(allow_nan=False),
    st.text(max_size=14),
    st.just([]),
)
LINE = st.fixed_dictionaries(
    {
        "population": st.sampled_from([each.value for each in Population]),
        "area": st.sampled_from(
            ["340103001001", "000000000000", "34010300100", "34010300100１", "34010300100\n"]
        ),
        "on": st.sampled_from(
            ["2026-02-28", "2026-02-29", "2024-02-29", "20260228", "2026-W01-1", "2026-2-28"]
        ),
        "measure": st.sampled_from([each.value for each in Measure]),
        "value": st.one_of(st.integers(-3, 3), st.integers(2**40, 2**41)),
    },
    optional={
        "sex": st.integers(-1, 11),
        "birth_month": st.one_of(st.none(), st.sampled_from(["1990-05", "1990-5", "199005", "1990-05\n"])),
        "parity": st.integers(-1, 32),
        "detail": st.sampled_from(["", "iud", "a" * 60, "a" * 61, "A", "一", "kind_1\n"]),
        "more": st.integers(),
    },
)


def slowly(data: dict[str, Any]) -> list[Fact] | None:
    try:
        return facts_of("registry", 7, ID, read_lines(data))
    except ValidationError:
        return None


def quickly(data: dict[str, Any]) -> list[Fact] | None:
    try:
        return facts_of_data("registry", 7, ID, data)
    except ValidationError:
        return None


@given(lines=st.lists(LINE, max_size=3))
def test_lines_are_read_as_the_contract_reads_them(lines: list[dict[str, Any]]) -> None:
    assert quickly({"lines": lines}) == slowly({"lines": lines})


@given(line=LINE, field=st.sampled_from([*Fact._fields, "on", "lines"]), odd=ODD)
def test_what_is_no_line_is_refused_as_the_contract_refuses_it(
    line: dict[str, Any], field: str, odd: object
) -> None:
    data = {"lines": [line | {field: odd}]}
    assert quickly(data) == slowly(data)
    line.pop(field, None)
    assert quickly({"lines": [line]}) == slowly({"lines": [line]})


def as_rows(data: dict[str, Any]) -> str | None:
    body, digest = build_body(
        event_id=ID,
        event_type="registry.person.registered.v1",
        source="test",
        subject="subject",
        time=datetime.now(UTC),
        data=RootModel[Any](data),
    )
    try:
        seq, rows = rows_of_text("registry", complete_envelope(body, 7, digest).encode(), ())
    except ValidationError:
        return None
    assert seq == 7
    return rows


@given(lines=st.lists(LINE, max_size=3), odd=st.booleans())
def test_rows_for_copy_are_those_of_the_facts(lines: list[dict[str, Any]], odd: bool) -> None:
    given_lines = [*lines, {"value": "x"}] if odd else lines
    slow = slowly({"lines": given_lines})
    assert as_rows({"lines": given_lines}) == (None if slow is None else copied(slow))


@pytest.mark.parametrize("data", [{}, {"lines": None}, {"lines": []}])
def test_an_event_without_lines_has_no_facts(data: dict[str, Any]) -> None:
    assert quickly(data) == []
