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
RETURN = {
    "form": "counts",
    "title": "出生汇总",
    "source": "妇幼保健院",
    "area": "340103",
    "period": "2026-03",
    "lines": [LINE],
}


@pytest.mark.parametrize(
    ("head", "line", "pointer"),
    [
        ({"title": "  "}, {}, "/title"),
        ({"source": "\u3000"}, {}, "/source"),
        ({}, {"sex": 7}, "/lines/0/sex"),
        ({}, {"birth_month": "0000-00"}, "/lines/0/birth_month"),
        ({}, {"on": 0}, "/lines/0/on"),
        ({}, {"on": "0001-01-01"}, "/lines/0/on"),
        ({}, {"detail": "无"}, "/lines/0/detail"),
        ({"cells": {"births.total.total": 1}}, {}, "/cells/births.total.total"),
        ({"explanations": {"R01": "无"}}, {}, "/explanations/R01"),
        ({"reporter": "340103-h01"}, {}, "/area"),
        ({"area": None}, {}, "/area"),
        ({"period": "2026Q1"}, {}, "/period"),
        ({"title": None}, {}, "/title"),
    ],
)
async def test_an_impossible_value_is_pointed_at(
    reporting: Reporting, head: dict[str, Any], line: dict[str, Any], pointer: str
) -> None:
    statistician = await reporting.staff("statistician", "340103")
    answer = await statistician.post("/returns", json=RETURN | head | {"lines": [LINE | line]})
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
