"""The recomputation: DuckDB over an export's files, by statements written from the domain document."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import duckdb

_HEAD = re.compile(r"^-- ([a-z_]+(?: by age)?): × (\d+), (\d) decimals$", re.MULTILINE)
_LOAD = """
CREATE TABLE fact AS SELECT * FROM read_csv('{folder}/fact.csv', header = true, nullstr = '\\N', columns = {{
    feed: 'VARCHAR', seq: 'BIGINT', line_no: 'INTEGER', area: 'VARCHAR', happened_on: 'DATE', population: 'VARCHAR',
    measure: 'VARCHAR', sex: 'INTEGER', birth_month: 'INTEGER', parity: 'INTEGER', detail: 'VARCHAR', value: 'BIGINT'
}});
CREATE TABLE area AS SELECT * FROM read_csv('{folder}/area.csv', header = true, columns = {{
    key: 'BIGINT', level: 'INTEGER', title: 'VARCHAR', valid_from: 'DATE', valid_to: 'DATE'
}});
CREATE TABLE area_succession AS SELECT * FROM read_csv('{folder}/area_succession.csv', header = true, columns = {{
    since: 'DATE', area: 'VARCHAR', successor: 'VARCHAR', kind: 'VARCHAR'
}});
CREATE TABLE asked_area (area VARCHAR);
"""
_PERIODS = """
CREATE TABLE whole_period AS
WITH years AS (SELECT unnest(range({first}, {last} + 1))::INTEGER AS y)
SELECT format('{{:04d}}-{{:02d}}', y, m) AS period, make_date(y, m, 1) AS first_day,
    last_day(make_date(y, m, 1)) AS last_day
FROM years, (SELECT unnest(range(1, 13))::INTEGER AS m)
UNION ALL
SELECT format('{{:04d}}Q{{}}', y, q), make_date(y, q * 3 - 2, 1), last_day(make_date(y, q * 3, 1))
FROM years, (SELECT unnest(range(1, 5))::INTEGER AS q)
UNION ALL
SELECT format('{{:04d}}H{{}}', y, h), make_date(y, h * 6 - 5, 1), last_day(make_date(y, h * 6, 1))
FROM years, (SELECT unnest(range(1, 3))::INTEGER AS h)
UNION ALL
SELECT format('{{:04d}}', y), make_date(y, 1, 1), make_date(y, 12, 31) FROM years
UNION ALL
-- the statistical year: 1 October to 30 September of the year it is named after
SELECT format('SY{{:04d}}', y), make_date(y - 1, 10, 1), make_date(y, 9, 30) FROM years;
-- and the months so far of each
CREATE TABLE asked_period AS
SELECT * FROM whole_period
UNION ALL
SELECT p.period || '..' || m.period, p.first_day, m.last_day FROM whole_period AS p
    JOIN whole_period AS m ON m.first_day >= p.first_day AND m.last_day < p.last_day AND m.period LIKE '____-__'
WHERE m.period IN (SELECT unnest({through}::VARCHAR[]));
"""


class Slice(NamedTuple):
    """What a figure is asked for; None: all."""

    sex: int | None = None
    parity: tuple[int, int] | None = None
    ages: tuple[int, int] | None = None
    detail: str | None = None


class Figure(NamedTuple):
    """A figure as recomputed: whole numbers top / top_of over bottom / bottom_of, and the rounded value as text.

    ``value`` is None where there is none; of a growth with nothing to compare with the numbers mean nothing.
    """

    top: int
    top_of: int
    bottom: int
    bottom_of: int
    value: str | None

    def is_of(self, numerator: Fraction, denominator: Fraction) -> bool:
        """Whether it has exactly this numerator and denominator."""
        return (
            numerator.numerator * self.top_of == self.top * numerator.denominator
            and denominator.numerator * self.bottom_of == self.bottom * denominator.denominator
        )


@dataclass(frozen=True, slots=True)
class Statement:
    """How an indicator is recomputed."""

    sql: str
    factor: int
    decimals: int


def statements() -> dict[str, Statement]:
    """Return the statements by indicator (``... by age`` where it is asked by age)."""
    text = _read("indicators.sql")
    heads = list(_HEAD.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return {
        head[1]: Statement(text[head.end() : end].strip().rstrip(";"), int(head[2]), int(head[3]))
        for head, end in zip(heads, ends, strict=True)
    }


class Recomputation:
    """Figures of an export, for the areas and periods that are asked for."""

    def __init__(self, folder: Path, first_year: int, last_year: int, through: Sequence[str]) -> None:
        """``through``: the months (YYYY-MM) up to which periods so far are asked for."""
        self._duck = duckdb.connect()
        self._duck.execute("SET preserve_insertion_order = false; SET threads = 2")
        self._duck.execute(_LOAD.format(folder=folder))
        months = "[" + ", ".join(f"'{month}'" for month in through) + "]"
        self._duck.execute(_PERIODS.format(first=first_year, last=last_year, through=months))
        self._statements = statements()
        self._found: dict[tuple[str, str, Slice], dict[tuple[str, str], Figure]] = {}

    @property
    def indicators(self) -> set[str]:
        """The codes that there are statements for."""
        return {code.removesuffix(" by age") for code in self._statements}

    def place(self, areas: Sequence[str], boundaries: date | None = None) -> None:
        """Ask for areas (codes in their usual length), from now on by the boundaries of a day where given."""
        self._found.clear()
        self._duck.execute("DELETE FROM asked_area")
        self._duck.executemany("INSERT INTO asked_area VALUES (?)", [[area] for area in areas])
        places = "places_of_the_day.sql" if boundaries is None else "places_of_a_day.sql"
        self._duck.execute(_read(places).replace(":boundaries", f"DATE '{boundaries}'"))
        self._duck.execute(_read("counting.sql"))

    def divided(self) -> dict[str, list[tuple[date, date]]]:
        """Return by area from when to when a community with facts lay in it only in part."""
        found: dict[str, list[tuple[date, date]]] = {}
        for area, since, last in self._duck.execute("SELECT area, since, last_day FROM divided").fetchall():
            found.setdefault(area, []).append((since, last))
        return found

    def periods(self) -> dict[str, tuple[date, date]]:
        """Return first and last day of the periods asked for."""
        rows = self._duck.execute("SELECT * FROM asked_period").fetchall()
        return {period: (first, last) for period, first, last in rows}

    def details(self, population: str) -> list[str]:
        """Return what counts of a population are told apart by."""
        query = "SELECT DISTINCT detail FROM fact WHERE population = ? AND detail <> '' ORDER BY 1"
        return [detail for (detail,) in self._duck.execute(query, [population]).fetchall()]

    def figures(self, indicator: str, population: str, sliced: Slice) -> dict[tuple[str, str], Figure]:
        """Return an indicator's figures by area and period."""
        key = indicator, population, sliced
        if key not in self._found:
            self._found[key] = self._recomputed(indicator, population, sliced)
        return self._found[key]

    def _recomputed(self, indicator: str, population: str, sliced: Slice) -> dict[tuple[str, str], Figure]:
        statement = self._statements[f"{indicator} by age" if sliced.ages else indicator]
        given = {
            "population": population,
            "sex": sliced.sex,
            "from_parity": sliced.parity and sliced.parity[0],
            "to_parity": sliced.parity and sliced.parity[1],
            "from_age": sliced.ages and sliced.ages[0],
            "to_age": sliced.ages and sliced.ages[1],
            "detail": sliced.detail,
        }
        sql = re.sub(r"(?<![:\w]):([a-z_]+)", lambda found: _literal(given[found[1]]), statement.sql)
        rows = self._duck.execute(
            f"SELECT area, period, top, top_of, bottom, bottom_of,"
            f" rounded(top, top_of, bottom, bottom_of, {statement.factor}, {statement.decimals}) FROM ({sql}\n)"
        ).fetchall()
        return {
            (area, period): Figure(top, top_of, bottom, bottom_of, _text(value, statement.decimals))
            for area, period, top, top_of, bottom, bottom_of, value in rows
        }


def _text(value: float | None, decimals: int) -> str | None:
    if value is None:
        return None
    digits = str(abs(int(value))).rjust(decimals + 1, "0")
    return ("-" if value < 0 else "") + (f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits)


def _read(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def _literal(value: object) -> str:
    return "NULL" if value is None else f"'{value}'" if isinstance(value, str) else str(value)
