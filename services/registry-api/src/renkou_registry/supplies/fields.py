"""Field types that the requests of the supplies ledger share."""

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from renkou_common.errors import InvalidInput

Quantity = Annotated[int, Field(strict=True, ge=1, le=10_000_000, description="whole units")]
ShortText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
PaperNumber = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40), Field(examples=["RK2025-018"])
]
BatchNumber = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), Field(examples=["20250312A"])
]


def check_day(on: date, today: date, pointer: str = "/on") -> None:
    """Raise InvalidInput for a day yet to come."""
    if on > today:
        raise InvalidInput.field(
            pointer, "in_future", f"日期不能晚于今天 {today}", f"must not be later than today, {today}"
        )
