"""Days in requests: text YYYY-MM-DD and nothing else."""

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator

from renkou_common.codes.findings import CodeError

EARLIEST = date(1900, 1, 1)  # nobody in a register was born before, and no stay or agreement began before
_FORM = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _day(value: Any) -> date:
    """Return the day; a number or an instant is refused where pydantic alone would take it for a day."""
    if isinstance(value, str) and _FORM.fullmatch(value):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            raise CodeError("date_unknown", "日历中没有这一天", "there is no such day") from None
    if not isinstance(value, date) or isinstance(value, datetime):
        raise CodeError("date_form", "日期应为 YYYY-MM-DD", "must be a date, YYYY-MM-DD")
    if value < EARLIEST:
        raise CodeError("date_too_early", f"不得早于 {EARLIEST}", f"must not be before {EARLIEST}")
    return value


Day = Annotated[date, BeforeValidator(_day, json_schema_input_type=date)]
