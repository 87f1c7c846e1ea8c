"""The sheets beside a return's own: rules with explanations, notes, errors, and what the file is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xlsxwriter.worksheet import Worksheet

from renkou_common.errors import Text
from renkou_reporting.forms.checking import Known
from renkou_reporting.forms.domain import Form
from renkou_reporting.returns.examining import Found
from renkou_reporting.returns.styles import Styles, height, printed
from renkou_reporting.validation.domain import Check, Severity

MAIN, EXPLAINED, NOTES, ERRORS, IDENTITY = "报表", "情况说明", "填报说明", "错误清单", "_renkou"
MARK = "renkou-form"
FIRST_RULE_LINE = 3


@dataclass(frozen=True, slots=True)
class Head:
    """What a sheet says of itself: whom it is for, when it is due, and its identity."""

    area: str
    reporter: str
    unit: str
    period: str
    period_label: Text
    due_on: str
    occurrence: str = ""
    title: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in a sheet: content as it was given, and what was found in it."""

    content: Mapping[str, Any] = field(default_factory=lambda: {"cells": {}, "lines": [], "explanations": {}})
    found: Sequence[Found] = ()
    known: Known = field(default_factory=dict)


def write_rules(sheet: Worksheet, styles: Styles, form: Form, filled: Filled) -> None:
    """Write every rule, and the explanations of those that want one."""
    sheet.set_column(0, 1, 10)
    sheet.set_column(2, 3, 46)
    sheet.set_column(4, 4, 46)
    sheet.write_string(0, 0, "审核规则与情况说明  Rules, and explanations", styles.section)
    headings = ("规则\nrule", "性质\nkind", "内容", "rule in English", "说明 (软规则不符时填写)\nexplanation")
    for place, text in enumerate(headings):
        sheet.write_string(FIRST_RULE_LINE - 2, place, text, styles.heading)
    sheet.set_row(FIRST_RULE_LINE - 2, 30)
    needed = {one.code for one in filled.found if one.severity is Severity.SOFT and one.refuses}
    for line, rule in enumerate(form.definition.rules, FIRST_RULE_LINE - 1):
        hard = isinstance(rule, Check) and rule.severity is Severity.HARD
        formula = f"\n{rule.check}" if isinstance(rule, Check) else f"\n{rule.value}"
        sheet.set_row(line, max(height(f"{rule.zh}{formula}", 46, 48), height(rule.en, 46, 48)))
        sheet.write_string(line, 0, rule.code, styles.code)
        sheet.write_string(line, 1, "硬 hard" if hard else "软 soft", styles.number)
        sheet.write_string(line, 2, f"{rule.zh}{formula}", styles.names[0])
        sheet.write_string(line, 3, rule.en, styles.names[0])
        style = styles.wrong_text if rule.code in needed else styles.text
        text = filled.content["explanations"].get(rule.code, "")
        sheet.write_string(line, 4, text, styles.blocked if hard else style)
    sheet.freeze_panes(FIRST_RULE_LINE - 1, 0)
    printed(sheet, FIRST_RULE_LINE - 1, landscape=True)
    sheet.protect("", {"format_columns": True, "format_rows": True})


def write_notes(sheet: Worksheet, styles: Styles, form: Form) -> None:
    """Write how the form is filled in."""
    sheet.set_column(0, 0, 6)
    sheet.set_column(1, 1, 100, styles.wrap)
    texts = [
        Text(
            "只填浅黄色格; 其余各格已锁定, 不要增删行列。没有的填 0。",
            "Fill in the pale cells only; others are locked. Do not add or remove rows or columns. Enter 0 for none.",
        ),
        Text(
            "硬规则不符不能上报; 软规则不符须在“情况说明”页写明原因。",
            "A hard rule refuses the return; a soft one wants an explanation on the sheet 情况说明.",
        ),
        Text(
            "只填汇总数, 不得填写姓名、证件号码、电话。",
            "Counts only: no names, ID numbers or telephone numbers.",
        ),
        *(Text(note.zh, note.en) for note in form.definition.notes),
    ]
    sheet.write_string(0, 0, "填报说明  Notes", styles.section)
    for number, text in enumerate(texts, 1):
        sheet.set_row(number, height(f"{text.zh}\n{text.en}", 100, 32))
        sheet.write_number(number, 0, number, styles.wrap)
        sheet.write_string(number, 1, f"{text.zh}\n{text.en}", styles.wrap)
    printed(sheet, 1, landscape=True)
    sheet.protect()


def write_errors(sheet: Worksheet, styles: Styles, found: Sequence[Found]) -> None:
    """Write what is wrong, cell by cell, in both languages."""
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 2, 12)
    sheet.set_column(3, 4, 70)
    for place, text in enumerate(("单元格\ncell", "代码\ncode", "性质\nkind", "问题", "what is wrong")):
        sheet.write_string(0, place, text, styles.heading)
    sheet.set_row(0, 30)
    for line, one in enumerate(found, 1):
        kind = "硬 hard" if one.severity is Severity.HARD else "软 soft"
        state = kind if one.refuses else f"{kind} (已说明)"
        sheet.write_string(line, 0, ", ".join(one.addresses)[:200], styles.code)
        sheet.write_string(line, 1, one.code, styles.code)
        sheet.write_string(line, 2, state, styles.number)
        sheet.write_string(line, 3, one.text.zh, styles.names[0])
        sheet.write_string(line, 4, one.text.en, styles.names[0])
        sheet.set_row(line, min(max(height(one.text.zh, 70, 16), height(one.text.en, 70, 16)), 400))
    sheet.freeze_panes(1, 0)
    printed(sheet, 1, landscape=True)
    sheet.protect("", {"format_columns": True, "format_rows": True})


def write_identity(sheet: Worksheet, form: Form, head: Head) -> None:
    """Write what the sheet says it is, hidden from view."""
    texts = (
        MARK,
        form.definition.code,
        str(form.version),
        head.area,
        head.reporter,
        head.period,
        head.occurrence,
        head.title,
        head.source,
    )
    for line, text in enumerate(texts):
        sheet.write_string(line, 0, text)
    sheet.protect()
    sheet.very_hidden()
