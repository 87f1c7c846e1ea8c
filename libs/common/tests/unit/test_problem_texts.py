"""Every error that a field of these kinds can have is told in both languages."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from renkou_common.http.problems import field_error

YUAN = Annotated[Decimal, Field(max_digits=6, decimal_places=2, ge=0)]
KINDS: list[Any] = [
    YUAN,
    Annotated[float, Field(gt=0, multiple_of=0.5)],
    datetime,
    AwareDatetime,
    UUID,
    Literal["a", "b"],
    tuple[int, str],
    set[int],
    dict[str, int],
    Annotated[int, Field(lt=5)],
    None,
]
WRONG: list[Any] = [
    "x",
    "1.234",
    "1234567.1",
    123456.7,
    -1,
    0.3,
    7,
    [],
    {},
    None,
    True,
    float("inf"),
    "2026-01-01",
    "2026-01-01T00:00:00",
    "\ud800",
    [1, 2, 3],
    {"a": "b"},
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_no_error_falls_back_to_one_language(kind: Any) -> None:
    told = 0
    for value in WRONG:
        try:
            TypeAdapter(kind).validate_python(value)
        except ValidationError as wrong:
            for each in wrong.errors():
                found = field_error(each["type"], ("body", "field"), each.get("ctx", {}), each["msg"])
                assert "填写有误" not in found.text.zh, each["type"]
                assert found.text.zh != found.text.en
                told += 1
    assert told
