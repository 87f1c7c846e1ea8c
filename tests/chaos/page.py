"""The page of a run: ``python -m tests.chaos.page build/chaos.json docs/faults.md``."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HEAD = """# Faults 故障演练

Made by `make chaos KILLS={kills} SEED={seed}` and `python -m tests.chaos.page` on {date}, {machine}: {seconds:.0f} s.
Two districts and a hub do the work of months through their APIs (imports, life events, certificates, notices,
supplies, payments, closings) while processes, networks, files and keys fail as a plan drawn from the seed says. What
was acknowledged is remembered by the clients, and looked for afterwards from outside. The same seed is the same plan.

{verdict}: {acknowledged} writes acknowledged, {sent_again} requests sent again, {never_answered} never answered.
"""


def text(run: dict[str, Any]) -> str:
    """The page as Markdown."""
    verdict = "**Every check holds** 全部成立" if run["holds"] else "**A check fails** 有检查不成立"
    parts = [HEAD.format(verdict=verdict, **{key: value for key, value in run.items() if key != "holds"})]
    parts += ["## What was checked 检查", _table("| check | | looked at | wrong |", _checks(run))]
    parts += [
        "## What was done 故障",
        _table("| kind | | times | longest, s | acknowledged meanwhile |", _kinds(run)),
    ]
    if run["left_out"]:
        parts += [
            "Not done here 本机未做: " + "; ".join(f"{kind}: {why}" for kind, why in run["left_out"].items())
        ]
    parts += ["## In this order 顺序", _table("| | at, s | kind | struck | seconds |", _order(run))]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _checks(run: dict[str, Any]) -> Iterable[str]:
    for check in run["checks"]:
        yield f"| {check['en']} | {check['zh']} | {check['looked_at']:,} | {check['wrong']} |"


def _kinds(run: dict[str, Any]) -> Iterable[str]:
    for kind in dict.fromkeys(fault["kind"] for fault in run["faults"]):
        of_kind = [fault for fault in run["faults"] if fault["kind"] == kind]
        longest = max(fault["seconds"] for fault in of_kind)
        meanwhile = sum(fault["acknowledged_meanwhile"] for fault in of_kind)
        yield f"| {of_kind[0]['en']} | {of_kind[0]['zh']} | {len(of_kind)} | {longest} | {meanwhile} |"


def _order(run: dict[str, Any]) -> Iterable[str]:
    for fault in run["faults"]:
        yield (
            f"| {fault['number']} | {fault['at']} | {fault['kind']} | {fault['struck']} | {fault['seconds']} |"
        )


def _table(head: str, rows: Iterable[str]) -> str:
    return "\n".join([head, "|" + " --- |" * (head.count("|") - 1), *rows])


def main(source: Path, target: Path) -> None:
    """Read the run and write its page."""
    target.write_text(text(json.loads(source.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
