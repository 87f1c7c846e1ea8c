"""A table as CSV: a row for each figure, named as in JSON. No I/O."""

from renkou_common.sheets.delimited import TextWriter
from renkou_reporting.outputs.domain import HIDDEN_MARK, HIDDEN_NOTE, Position, State, Table

COLUMNS = (
    "area", "area_name", "population", "indicator", "name_zh", "name_en", "version", "sex", "parity", "ages", "detail",
    "period", "period_start", "counted_to", "numerator", "denominator", "value", "unit", "state", "note_zh", "note_en",
)  # fmt: skip


def csv_of(table: Table) -> bytes:
    """Return a table as CSV (RFC 4180, UTF-8 with a mark)."""
    writer = TextWriter(COLUMNS)
    rows = []
    for number, heading in enumerate(table.headings):
        of = (
            heading.indicator, heading.name.zh, heading.name.en, str(heading.version),
            *(value or "" for value in heading.dims),
        )  # fmt: skip
        for place, area in enumerate(table.areas):
            for when, column in enumerate(table.columns):
                one = table.numbers[Position(number, place, when)]
                texts: tuple[str, ...] = (one.numerator or "", one.denominator or "", one.value or "")
                note = one.reason
                if one.state is State.HIDDEN:
                    texts, note = (HIDDEN_MARK,) * 3, HIDDEN_NOTE
                period = (str(column.period), column.period.start.isoformat(), column.end.isoformat())
                told = (note.zh, note.en) if note else ("", "")
                rows.append(
                    (
                        area.code,
                        area.name,
                        table.population.value,
                        *of,
                        *period,
                        *texts,
                        heading.unit,
                        one.state,
                        *told,
                    )
                )
    return writer.add(rows)
