"""An opening is the same whether it is derived alone or after others with the same addresses."""

from collections import Counter
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.lines import Line, difference
from renkou_registry.life_events.domain import derive, lines_of
from renkou_registry.persons import registration
from renkou_registry.persons.domain import EntryKind, PersonEntry
from renkou_registry.runtime import Runtime

DISTRICT = AreaCode("340103")
RUNTIME = cast(Runtime, SimpleNamespace(district=DISTRICT))
AREAS = st.sampled_from([340103001001, 340103009001, 310115000000])
DAYS = st.dates(date(1990, 1, 1), date(2026, 1, 1))


@given(AREAS, AREAS, DAYS, DAYS, st.integers(0, 400), st.sampled_from([1, 2]))
def test_state_and_lines_are_those_of_the_history(
    registered: int, present: int, entered_on: date, born: date, days: int, sex: int
) -> None:
    born = min(born, entered_on)
    since = max(entered_on - timedelta(days=days), born)
    values: dict[str, Any] = {"name": "张三", "sex": sex, "birth_date": born, "kind": EntryKind.OPENING}
    entry = PersonEntry(
        **values,
        registered_area=registered,
        present_area=present,
        entered_on=entered_on,
        present_since=since,
        marital_status="21",
        registered_since=born,
    )
    entered = registration._prepare(RUNTIME, entry)
    state = derive([entered.event], DISTRICT.interval(), registration.RULES)
    assert entered.state == state
    lines = difference(lines_of(state, DISTRICT.interval()), Counter())
    assert entered.lines == lines
    assert [Line.model_validate(each.model_dump()) for each in entered.lines] == lines
