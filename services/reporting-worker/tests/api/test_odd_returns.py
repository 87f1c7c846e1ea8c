"""Returns with values that no count can have: each field is pointed at."""

from typing import Any

import pytest

from ..support import Reporting

LINE = {
    "area": "340103001001",
    "on": "2026-03-15",
    "population": "registered",
    "measure": "birth",
    "value": 12,
}
RETURN = {"title": "出生汇总", "source": "妇幼保健院", "area": "340103", "month": "2026-03", "lines": [LINE]}


@pytest.mark.parametrize(
    ("head", "line", "pointer"),
    [
        ({"title": "  "}, {}, "/title"),
        ({"source": "\u3000"}, {}, "/source"),
        ({}, {"sex": 7}, "/lines/0/sex"),
        ({}, {"birth_month": "0000-00"}, "/lines/0/birth_month"),
        ({}, {"on": 0}, "/lines/0/on"),
        ({}, {"on": "0001-01-01"}, "/lines/0/on"),
    ],
)
async def test_an_impossible_value_is_pointed_at(
    reporting: Reporting, head: dict[str, Any], line: dict[str, Any], pointer: str
) -> None:
    statistician = await reporting.staff("statistician", "340103")
    answer = await statistician.post("/returns", json=RETURN | head | {"lines": [LINE | line]})
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
