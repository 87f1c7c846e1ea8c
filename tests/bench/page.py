"""The report as one HTML page without any outside asset: a table, and a bar for each ratio."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from tests.bench.report import Line, Report

_BAR, _ROW, _LEFT, _RIGHT, _TOP = 460, 30, 170, 70, 24
_REACHED, _SHORT = "#2f6f9f", "#c2713a"
_STYLE = """
body { font: 16px/1.5 system-ui, "Noto Sans CJK SC", sans-serif; color: #1a1a1a; background: #fff;
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin-top: 1.5rem; }
th, td { padding: .35rem .6rem; border-bottom: 1px solid #ccc; text-align: left; vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.note { font-size: .85rem; color: #444; }
svg { width: 100%; height: auto; }
svg text { font-size: 13px; fill: #1a1a1a; }
"""


def picture(lines: Sequence[Line], goals: Mapping[str, float] | None = None) -> str:
    """Return the bars as SVG; the right edge is the limit itself, or the largest ratio where one is beyond it.

    ``goals`` are ratios to be reached, by the line's name: a stroke across the bar, and another colour below it.
    """
    goals = goals or {}
    widest = max(1.0, *(each.ratio for each in lines))
    width, height = _LEFT + _BAR + _RIGHT, _TOP + _ROW * len(lines) + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" font-family="sans-serif"'
        ' font-size="13" aria-label="Ratio of each path to its limit; the numbers are in the table below">'
    ]
    for tick in (0.25, 0.5, 0.75, 1.0):
        x = _LEFT + _BAR * tick / widest
        parts.append(
            f'<line x1="{x:.1f}" y1="{_TOP - 4}" x2="{x:.1f}" y2="{height - 8}" stroke="#bbb"'
            f"{'' if tick == 1 else " stroke-dasharray='3 3'"}/>"
            f'<text x="{x:.1f}" y="{_TOP - 9}" text-anchor="middle">{"limit" if tick == 1 else tick}</text>'
        )
    for number, each in enumerate(lines):
        y, goal = _TOP + _ROW * number, goals.get(each.name)
        long = max(_BAR * each.ratio / widest, 1)
        colour = _SHORT if goal is not None and each.ratio < goal else _REACHED
        parts.append(
            f'<text x="{_LEFT - 10}" y="{y + 19}" text-anchor="end">{escape(each.name)}</text>'
            f'<rect x="{_LEFT}" y="{y + 5}" width="{long:.1f}" height="{_ROW - 10}" fill="{colour}"/>'
            f'<text x="{_LEFT + long + 6:.1f}" y="{y + 19}">{each.ratio:.2f}</text>'
        )
        if goal is not None:
            x = _LEFT + _BAR * goal / widest
            parts.append(
                f'<line x1="{x:.1f}" y1="{y + 1}" x2="{x:.1f}" y2="{y + _ROW - 1}" stroke="#1a1a1a" stroke-width="2"/>'
            )
    return "".join([*parts, "</svg>"])


def _row(each: Line) -> str:
    numbers = f"{each.ours:,.1f}", f"{each.limit:,.1f}", f"{each.ratio:.2f}"
    cells = "".join(f'<td class="number">{number}</td>' for number in numbers)
    return (
        f'<tr><th scope="row">{escape(each.name)}</th>{cells}<td>{escape(each.unit)}</td>'
        f'<td class="note">{escape(each.note)}</td></tr>'
    )


def of_what(about: Mapping[str, Any]) -> str:
    """Return in words when, where and of which revision something was measured."""
    memory = about["memory_mib"] / 1024
    return (
        f"{about['kind']}, {about['at']}, revision {about['revision'] or 'unknown'}, on {about['cores']} cores"
        f" ({about['processor']}), {memory:.0f} GiB, {about['system']}, Python {about['python']},"
        f" PostgreSQL {about['postgresql']}, NATS {about['nats']}"
    )


def page(report: Report) -> str:
    """Return the page."""
    lines, machine = report.lines, of_what(report.about)
    if not lines:
        return f"<!doctype html><title>Renkou: speed</title><p>Nothing was measured. {escape(machine)}</p>"
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Renkou: speed beside its limits</title><style>{_STYLE}</style></head>
<body>
<h1>Speed beside its limits</h1>
<p>{escape(machine)}. Each path and its limit were measured by turns in one run; figures are medians. A ratio of 1 means
as fast as the limit. Absolute figures depend on the machine, ratios hardly.</p>
{picture(lines)}
<table>
<thead><tr><th>Path</th><th class="number">Ours</th><th class="number">Limit</th><th class="number">Ratio</th>
<th>Unit</th><th>Note</th></tr></thead>
<tbody>{"".join(map(_row, lines))}</tbody>
</table>
</body>
</html>
"""
