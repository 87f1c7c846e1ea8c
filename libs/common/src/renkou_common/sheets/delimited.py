"""CSV as spreadsheets want it (RFC 4180, UTF-8 with a mark), written row by row. No I/O.

A text that a spreadsheet would take for a formula gets an apostrophe before it.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from io import StringIO

FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""What a cell begins with that a spreadsheet works out; in some languages the wide forms do it as well."""
_NUMBER = re.compile(r"[+-]?\d{1,14}(\.\d+)?")


class TextWriter:
    """A CSV file in UTF-8 with a mark, as spreadsheets want it."""

    def __init__(self, headings: Sequence[str]) -> None:
        self._held = StringIO()
        self._writer = csv.writer(self._held, lineterminator="\r\n")
        self._held.write("\ufeff")
        self._writer.writerow([defused(heading) for heading in headings])

    def add(self, rows: Iterable[Sequence[str]]) -> bytes:
        """Return the piece that some more rows make."""
        for row in rows:
            self._writer.writerow([defused(text) for text in row])
        return self.end()

    def end(self) -> bytes:
        """Return the last piece."""
        taken = self._held.getvalue().encode()
        self._held.seek(0)
        self._held.truncate()
        return taken


def defused(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula or rounds as a number."""
    if text.startswith(FORMULA) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return f"\t{text}" if len(text) >= 15 and text.isascii() and text.isdigit() else text
