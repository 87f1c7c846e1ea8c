"""Forms of the program fit together; what is written into a sheet is read from it again, whatever it is."""

import importlib
import pkgutil
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from pydantic import BaseModel

import renkou_reporting
from renkou_common.codes.period import Period, PeriodKind
from renkou_common.codes.working_days import calendar_of
from renkou_common.errors import Text
from renkou_common.sheets.opening import whole
from renkou_common.sheets.reading import sheets_of
from renkou_reporting.forms.checking import definition_errors
from renkou_reporting.forms.domain import Definition, Form
from renkou_reporting.forms.service import packaged
from renkou_reporting.measures.domain import MeasureOrigin
from renkou_reporting.measures.service import packaged_measures
from renkou_reporting.periods import period_before
from renkou_reporting.returns.domain import last_ended
from renkou_reporting.returns.examining import AT, kept
from renkou_reporting.returns.further_sheets import Filled, Head
from renkou_reporting.returns.reading import TITLES, content_of_sheet, identity_of
from renkou_reporting.returns.schemas import LINE_FIELDS
from renkou_reporting.returns.workbook import workbook

FORMS = {definition.code: Form(definition, 1) for _, definition in packaged()}
HEAD = Head(
    "340103", "340103-h01", "庐阳区妇幼保健院", "2026-03", Text("2026年3月", "March 2026"), "2026-04-08"
)
ENTRIES = st.one_of(
    st.just(""),
    st.integers(-(10**9), 10**9).map(str),
    st.decimals(-10_000, 10_000, places=2).map(lambda number: kept(format(number.normalize(), "f"))),
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=30).map(kept),
)


def known() -> dict[str, set[str]]:
    return {code: {str(one) for one in entry.populations} for code, entry in packaged_measures().items()}


@pytest.mark.parametrize("code", FORMS)
def test_a_form_of_the_program_has_nothing_wrong(code: str) -> None:
    form = FORMS[code]
    assert list(definition_errors(form.definition, known())) == []
    addresses = [cell.address for cell in form.cells.values()]
    assert len(set(addresses)) == len(addresses)


@pytest.mark.parametrize("code", FORMS)
def test_a_form_is_the_same_after_it_was_stored(code: str) -> None:
    definition = FORMS[code].definition
    stored = definition.model_dump(mode="json", exclude_none=True)
    assert Definition.model_validate(stored) == definition


def test_every_measure_of_returns_is_on_a_form_and_none_on_two() -> None:
    on = [
        (form.definition.code, measure)
        for form in FORMS.values()
        for measure in {cell.measure for cell in form.cells.values() if cell.measure}
    ]
    counted = [measure for _, measure in on]
    returned = {code for code, one in packaged_measures().items() if one.origin is MeasureOrigin.RETURN}
    assert returned == {code for code in counted if code != "opening"}
    assert len(set(counted)) == len(counted)


def written(form: Form, filled: Filled) -> dict[str, Any]:
    sheets = sheets_of(workbook(form, HEAD, filled), TITLES)
    grids = {title: whole(sheet) for title, sheet in sheets.items()}
    identity = identity_of(grids)
    assert (identity.form, identity.version, identity.reporter) == (form.definition.code, 1, HEAD.reporter)
    return content_of_sheet(form, grids)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_what_is_written_into_a_sheet_is_read_again(data: st.DataObject) -> None:
    form = FORMS[data.draw(st.sampled_from(sorted(FORMS.keys() - {"counts"})))]
    cells = data.draw(st.fixed_dictionaries(dict.fromkeys(form.cells, ENTRIES)))
    content = {"cells": cells, "lines": [], "explanations": {}}
    assert written(form, Filled(content)) == content


@settings(max_examples=20, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(LINE_FIELDS[1:]), ENTRIES), max_size=5))
def test_lines_that_are_written_are_read_again_on_their_lines(lines: list[dict[str, str]]) -> None:
    given = [{"area": "340103", **line, AT: 9 + 2 * number} for number, line in enumerate(lines)]
    read = written(FORMS["counts"], Filled({"cells": {}, "lines": given, "explanations": {}}))["lines"]
    assert [line[AT] for line in read] == [line[AT] for line in given]
    assert [line["area"] for line in read] == ["340103"] * len(given)


@pytest.mark.parametrize("code", FORMS)
def test_every_sheet_of_a_form_prints_as_wide_as_a_page_with_its_headings(code: str) -> None:
    book = load_workbook(BytesIO(workbook(FORMS[code], HEAD, Filled(known=known()))))
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        assert (sheet.page_setup.paperSize, sheet.page_setup.fitToHeight) == (9, 0), sheet.title
        assert sheet.sheet_properties.pageSetUpPr is not None
        assert sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.title
        assert sheet.print_title_rows is not None, sheet.title
        assert "&P" in footer(sheet), sheet.title
    main = book["报表"]
    assert isinstance(main, Worksheet)
    open_lines = FORMS[code].definition.open_lines
    foot = footer(main) if open_lines else str(main.cell(main.max_row, 1).value)
    for who in ("统计负责人", "填表人", "审核人", "单位负责人", "报出日期"):
        assert f"{who}：＿" in foot


def footer(sheet: Worksheet) -> str:
    """What is printed at the foot of each page."""
    assert sheet.oddFooter is not None
    assert sheet.oddFooter.center is not None
    return sheet.oddFooter.center.text or ""


def test_of_an_open_list_only_what_is_filled_in_and_a_page_are_printed() -> None:
    lines = [{"area": "340103", AT: 8 + number} for number in range(40)]
    main = load_workbook(
        BytesIO(workbook(FORMS["counts"], HEAD, Filled({"cells": {}, "lines": lines, "explanations": {}})))
    )["报表"]
    assert (main.print_title_rows, main.freeze_panes) == ("$1:$7", "A8")
    assert [main[f"A{line}"].border.left.style for line in (47, 48)] == ["thin", None]
    assert [main[f"I{line}"].protection.locked for line in (47, 48, 507)] == [False, False, False]


@given(st.integers(2000, 2100), st.integers(1, 4), st.integers(0, 40))
def test_so_many_quarters_before_lie_that_many_months_before(year: int, quarter: int, number: int) -> None:
    period = Period.parse(f"{year}Q{quarter}")
    before = period_before(period, number)
    months = (period.start.year - before.start.year) * 12 + period.start.month - before.start.month
    assert months == 3 * number


@given(
    st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.sampled_from(["month", "quarter", "half_year", "year"])
)
def test_the_last_period_that_ended_is_followed_by_one_that_has_not(day: date, kind: str) -> None:
    last = last_ended(PeriodKind(kind), day)
    assert last.end < day <= period_before(last, -1).end


def test_working_days_step_over_the_spring_festival() -> None:
    period = Period.parse("2026-01")
    definition = FORMS["hospital_births"].definition
    assert definition.due_on(period, calendar_of([])).isoformat() == "2026-02-06"
    february = Period.parse("2026-02")
    assert definition.due_on(february, calendar_of([])).isoformat() == "2026-03-06"


def _examples() -> list[tuple[type[BaseModel], dict[str, Any]]]:
    found: list[tuple[type[BaseModel], dict[str, Any]]] = []
    for module in pkgutil.walk_packages(renkou_reporting.__path__, "renkou_reporting."):
        if module.name.endswith(".schemas"):
            for one in vars(importlib.import_module(module.name)).values():
                if isinstance(one, type) and issubclass(one, BaseModel) and one.__module__ == module.name:
                    examples = one.model_json_schema().get("examples", [])
                    found += [(one, example) for example in examples]
    return found


@pytest.mark.parametrize(
    ("model", "example"), [pytest.param(*each, id=each[0].__name__) for each in _examples()]
)
def test_an_example_is_a_request_that_can_be_sent(model: type[BaseModel], example: dict[str, Any]) -> None:
    model.model_validate(example)
