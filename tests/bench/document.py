"""The page of speed: ``python -m tests.bench.document docs/performance/bench.json docs``.

Writes performance.md and a picture, out of a report of `make bench` and what tests/bench/tried.md says of attempts.
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.bench.goals import GOALS, Goal
from tests.bench.page import of_what, picture
from tests.bench.report import Line, Report, read

TRIED = Path(__file__).with_name("tried.md")
PICTURE = "performance/goals.svg"
HEAD = """# Speed 性能

Made from `build/bench.json` of `make bench` by `python -m tests.bench.document`. {of_what}.

Each path and its limit ran by turns in one run. A figure is the median of its turns, a ratio (ours / limit) the median
of the pairs' ratios with the lowest and the highest beside it. Ratios of single runs move by a tenth, more where the
machine does other things. {met} of {measured} goals that were measured are met.

![ratio of each path to its limit; the stroke is the goal]({picture})
"""


def text(report: Report) -> str:
    """The page as Markdown."""
    measured = [(goal, line) for goal in GOALS if (line := goal.of(report.lines)) is not None]
    met = sum(line.ratio >= goal.least for goal, line in measured)
    missing = [goal.en for goal in GOALS if goal.of(report.lines) is None]
    of_goals = {line.name for _, line in measured}
    others = [line for line in report.lines if line.name not in of_goals]
    parts = [
        HEAD.format(of_what=of_what(report.about), met=met, measured=len(measured), picture=PICTURE),
        "## Goals 目标",
        _table(
            "| path | | limit | ours | limit | ratio | lowest to highest | goal | |",
            map(_goal, *zip(*measured, strict=True)),
        )
        if measured
        else "",
        f"Not measured in this run: {', '.join(missing)}." if missing else "",
        "## Processor time 处理器时间\n\nMicroseconds for each answer: the service's processes, and the database's.",
        _table("| path | ours | | limit | |", _spent(report.lines)),
        "## Everything else 其他" if others else "",
        _table("| line | ours | limit | ratio | unit | |", map(_other, others)) if others else "",
        TRIED.read_text(encoding="utf-8"),
    ]
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def drawn(report: Report) -> str:
    """The picture: a bar for each goal that was measured."""
    measured = [(goal, line) for goal in GOALS if (line := goal.of(report.lines)) is not None]
    lines = [line for _, line in measured]
    return picture(lines, {line.name: goal.least for goal, line in measured}) + "\n" if lines else ""


def _goal(goal: Goal, line: Line) -> str:
    lowest, highest = min(line.ratios), max(line.ratios)
    verdict = "met 达到" if line.ratio >= goal.least else "**not met 未达到**"
    return (
        f"| {goal.en} | {goal.zh} | {goal.limit} | {line.ours:,.0f} | {line.limit:,.0f} {line.unit} | {line.ratio:.2f}"
        f" | {lowest:.2f} to {highest:.2f} | {goal.least} | {verdict} |"
    )


def _spent(lines: Sequence[Line]) -> Iterable[str]:
    for line in lines:
        if line.microseconds:
            (service, database), (bare, its_database) = line.microseconds["ours"], line.microseconds["limit"]
            yield f"| {line.name} | {service:.0f} | {database:.0f} | {bare:.0f} | {its_database:.0f} |"


def _other(line: Line) -> str:
    note = line.note.replace("|", "/")
    return f"| {line.name} | {line.ours:,.1f} | {line.limit:,.1f} | {line.ratio:.2f} | {line.unit} | {note} |"


def _table(head: str, rows: Iterable[str]) -> str:
    return "\n".join([head, "|" + " --- |" * (head.count("|") - 1), *rows])


def main(source: Path, docs: Path) -> None:
    """Read the report and write its page and picture."""
    report = read(source)
    (docs / PICTURE).parent.mkdir(parents=True, exist_ok=True)
    (docs / "performance.md").write_text(text(report), encoding="utf-8")
    (docs / PICTURE).write_text(drawn(report), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
