"""What sheets of every kind share: cells, their names, and the refusal of a whole file. No I/O."""

from datetime import date, datetime, time, timedelta

from renkou_common.codes.findings import Finding

type Cell = str | float | int | bool | date | datetime | time | timedelta

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAXIMUM_ROWS = 100_000
EXAMPLE = "示例"
"""How the first cell of a template's example row begins; such rows are left out."""


class Unreadable(Exception):
    """The file as a whole cannot be taken; ``finding`` says why."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(f"{code}: {en}")
        self.finding = Finding(code, zh, en)


def letters(index: int) -> str:
    """Return a column's name from its place: 0 is A, 26 is AA."""
    found = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        found = chr(ord("A") + rest) + found
    return found
