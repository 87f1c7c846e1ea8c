"""A table as SDMX-CSV 2.0, for the data structure that :mod:`.structure` describes. No I/O.

https://github.com/sdmx-twg/sdmx-csv (SDMX 3.0): a row for each observation, ``M`` for merge; what there is no number
for has an observation status and empty measures.
"""

import csv
from io import StringIO

from renkou_common.codes.period import PeriodKind
from renkou_reporting.figures.domain import decimal_text
from renkou_reporting.outputs.domain import Column, Dims, Heading, Number, Position, State, Table, parity_of
from renkou_reporting.published.domain import read_exact

AGENCY, VERSION = "RENKOU", "1.0"
DATAFLOW, STRUCTURE = "DF_FIGURES", "DSD_FIGURES"
CSV_TYPE = "application/vnd.sdmx.data+csv; version=2.0.0; charset=utf-8"
DIMENSIONS = ("FREQ", "REF_AREA", "POPULATION", "INDICATOR", "SEX", "PARITY", "AGE", "DETAIL")
MEASURES = ("OBS_VALUE", "NUMERATOR", "DENOMINATOR")
ATTRIBUTES = (
    "OBS_STATUS", "CONF_STATUS", "UNIT_MEASURE", "DECIMALS", "INDICATOR_VERSION", "PUBLICATION_VERSION", "COMMENT_OBS",
)  # fmt: skip
COLUMNS = ("STRUCTURE", "STRUCTURE_ID", "ACTION", *DIMENSIONS, "TIME_PERIOD", *MEASURES, *ATTRIBUTES)
_FREQUENCIES = {
    PeriodKind.MONTH: "M",
    PeriodKind.QUARTER: "Q",
    PeriodKind.HALF_YEAR: "S",
    PeriodKind.YEAR: "A",
    PeriodKind.STATISTICAL_YEAR: "A",
    PeriodKind.STATISTICAL_HALF_YEAR: "S",
}
_SEXES = {"0": "_U", "1": "M", "2": "F", "9": "_N"}


def sdmx_csv(table: Table) -> bytes:
    """Return a table as SDMX-CSV 2.0 in UTF-8."""
    held = StringIO()
    writer = csv.writer(held, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    flow = f"{AGENCY}:{DATAFLOW}({VERSION})"
    for number, heading in enumerate(table.headings):
        dims = dims_of(heading.dims)
        for place, area in enumerate(table.areas):
            for when, column in enumerate(table.columns):
                key = (frequency(column), area.code, table.population.value, heading.indicator, *dims)
                one = table.numbers[Position(number, place, when)]
                writer.writerow(
                    ("dataflow", flow, "M", *key, time_period(column), *_observed(table, heading, one))
                )
    return held.getvalue().encode()


def frequency(column: Column) -> str:
    """Return a code of CL_FREQ; the months so far of a period have none of their own."""
    return _FREQUENCIES[column.period.kind] if column.whole else "_O"


def time_period(column: Column) -> str:
    """Return an SDMX time period; a statistical year, its halves and the months so far are ranges with a duration."""
    period = column.period
    if not column.whole:
        months = (column.end.year - period.start.year) * 12 + column.end.month - period.start.month + 1
        return f"{period.start}/P{months}M"
    match period.kind:
        case PeriodKind.QUARTER:
            return f"{period.year}-Q{period.number}"
        case PeriodKind.HALF_YEAR:
            return f"{period.year}-S{period.number}"
        case PeriodKind.STATISTICAL_YEAR:
            return f"{period.start}/P1Y"
        case PeriodKind.STATISTICAL_HALF_YEAR:
            return f"{period.start}/P6M"
        case _:
            return str(period)


def dims_of(dims: Dims) -> tuple[str, str, str, str]:
    """Return the codes of sex, parity, age and detail; ``_T`` for all."""
    parity, age = "_T", "_T"
    if dims.parity is not None:
        number, later = parity_of(dims.parity)
        parity = f"P_GE{number}" if later else f"P{number}"
    if dims.ages is not None:
        low, _, high = dims.ages.partition("-")
        age = f"Y_GE{low[:-1]}" if low.endswith("+") else f"Y{low}T{high}" if high else f"Y{low}"
    return ("_T" if dims.sex is None else _SEXES[dims.sex], parity, age, dims.detail or "_T")


def _observed(table: Table, heading: Heading, one: Number) -> tuple[str, ...]:
    published = table.origin.version
    if one.state is State.HIDDEN:
        status, confidential = "Q", "C"
    else:
        absent = "M" if one.value is None else None
        status, confidential = absent or ("P" if published is None else "A"), "F"
    numbers = (one.value or "", _decimal(one.numerator), _decimal(one.denominator))
    version = "" if published is None else str(published)
    comment = one.reason.en if one.reason else ""
    return (
        *numbers, status, confidential, heading.unit, str(heading.digits), str(heading.version), version, comment,
    )  # fmt: skip


def _decimal(exact: str | None) -> str:
    if exact is None or "/" not in exact:
        return exact or ""
    return decimal_text(read_exact(exact))
