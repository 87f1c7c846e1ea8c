"""The page as HTML, Chinese and English side by side; every value is escaped. No I/O after the first use."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from html import escape
from pathlib import Path
from string import Template

from renkou_common.codes.masking import mask_resident_id_public
from renkou_migrant.checks.domain import CheckResult, text_of
from renkou_migrant.credentials.groups import Group
from renkou_migrant.credentials.sdjwt import Certificate
from renkou_migrant.credentials.text import VOLUNTARY_EN, VOLUNTARY_ZH, Line, disclosed_lines, issue_lines
from renkou_migrant.credentials.verifier import Outcome

STATIC = Path(__file__).parent / "static"
VERDICTS = {
    Outcome.VALID: ("✔", "有效", "Valid"),
    Outcome.REFUSED: ("✘", "无效", "Refused"),
    Outcome.UNKNOWN: ("?", "不能确认", "Unknown"),
}
_ISSUE_LINES = 3
"""Issuer and the two days; the status reference is for programs."""


@lru_cache(maxsize=1)
def _template() -> Template:
    return Template((STATIC / "verify.html").read_text("utf-8"))


def page(found: CheckResult | None, district_names: Mapping[str, tuple[str, str]]) -> str:
    """The page, with what a verification came to where there was one."""
    return _template().substitute(
        title="核验结果 Result" if found else "核验 Verify",
        result=_result(found, district_names) if found else "",
        voluntary_zh=escape(VOLUNTARY_ZH),
        voluntary_en=escape(VOLUNTARY_EN),
    )


def _result(found: CheckResult, names: Mapping[str, tuple[str, str]]) -> str:
    sign, zh, en = VERDICTS[found.result]
    text = text_of(found.code)
    return (
        f'<section id="result" class="{found.result.value}" tabindex="-1" aria-labelledby="verdict">'
        f'<h2 id="verdict"><span class="sign" aria-hidden="true">{sign}</span> '
        f'{zh} <span lang="en">{en}</span></h2>'
        f'<p>{escape(text.zh)}<br><span lang="en">{escape(text.en)}</span></p>'
        f"{_table(_lines(found, names))}</section>"
    )


def _lines(found: CheckResult, names: Mapping[str, tuple[str, str]]) -> list[Line]:
    """What is shown: all that the holder disclosed of one that stands, or may; issuer and days of others."""
    shown = found.certificate
    if shown is None:
        return []
    issued = issue_lines(shown, names)[:_ISSUE_LINES]
    return issued if found.result is Outcome.REFUSED else disclosed_lines(_masked(shown)) + issued


def _masked(shown: Certificate) -> Certificate:
    groups = {
        group: mask_resident_id_public(value) if group is Group.ID_NUMBER else value
        for group, value in shown.groups.items()
    }
    return replace(shown, groups=groups)


def _table(lines: Iterable[Line]) -> str:
    rows = "".join(
        f'<div><dt>{escape(line.label_zh)} <span lang="en">{escape(line.label_en)}</span></dt>'
        f"<dd>{escape(line.value)}</dd></div>"
        for line in lines
    )
    return f"<dl>{rows}</dl>" if rows else ""
