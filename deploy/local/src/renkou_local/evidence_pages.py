"""Writes the pages of threats and of the verification standard from the files that state them.

python -m renkou_local.evidence_pages docs

`docs/threats.toml` and `docs/asvs.toml` are written by hand; each entry names the tests or files that show it, or says
what is missing.
"""

import ast
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from renkou_local.layout import REPOSITORY

DOCS = REPOSITORY / "docs"
LEVELS = {1: 70, 2: 183}
"""How many requirements ASVS 5.0.0 has of each level that is assessed."""
_THREATS = """# Threats

Made of `docs/threats.toml` by `python -m renkou_local.evidence_pages docs`; a test sees to it that every named
test exists and that each threat names one or says what is missing. How to report a hole: [SECURITY.md](../SECURITY.md).
"""
_ASVS = """# OWASP ASVS 5.0, levels 1 and 2

Made of `docs/asvs.toml` by `python -m renkou_local.evidence_pages docs`. Numbers are those of version 5.0.0; the
titles are ours and only remind of the requirement: the standard itself says what is asked. An entry is shown by a
test or a file, is a gap, or does not apply and says why. Every requirement of levels 1 and 2 stands here; those of
level 3 only where something shows them. It is our own assessment, made by those who wrote the product.
"""


def threats() -> list[dict[str, Any]]:
    """Return the actors with their threats."""
    return list(tomllib.loads((DOCS / "threats.toml").read_text(encoding="utf-8"))["actor"])


def requirements() -> list[dict[str, Any]]:
    """Return the requirements: ``number``, ``level``, ``title``, and ``shown``, ``gap`` or ``why_not``."""
    return list(tomllib.loads((DOCS / "asvs.toml").read_text(encoding="utf-8"))["requirement"])


def threats_page() -> str:
    """Return the page of threats."""
    every = [threat for actor in threats() for threat in actor["threat"]]
    tested = sum(bool(threat.get("tests")) for threat in every)
    gaps = sum("gap" in threat for threat in every)
    lines = [
        _THREATS,
        f"{len(every)} threats: {tested} with tests against them, {gaps} with a gap that is told.\n",
    ]
    for actor in threats():
        lines += [
            f"## {actor['name']} {actor['zh']}\n",
            "| | what | how | what stands against it | shown by |",
        ]
        lines.append("|---|---|---|---|---|")
        for threat in actor["threat"]:
            shown = [_link(each) for each in threat.get("tests", [])]
            shown += [f"**gap**: {threat['gap']}"] if "gap" in threat else []
            cells = (threat["id"], threat["what"], threat["how"], threat["against"], "<br>".join(shown))
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def asvs_page() -> str:
    """Return the page of the standard."""
    found = Counter(_state(each) for each in requirements())
    lines = [
        _ASVS,
        f"{found.total()} requirements: " + ", ".join(f"{n} {state}" for state, n in found.items()) + ".\n",
    ]
    chapter = ""
    for each in requirements():
        if each["number"].split(".")[0] != chapter:
            chapter = each["number"].split(".")[0]
            lines += [f"\n## V{chapter}\n", "| | level | what | shown by |", "|---|---|---|---|"]
        told = "<br>".join(_link(one) for one in each.get("shown", []))
        told = told or (f"**gap**: {each['gap']}" if "gap" in each else f"not applicable: {each['why_not']}")
        lines.append(f"| {each['number']} | {each['level']} | {each['title']} | {told} |")
    return "\n".join(lines) + "\n"


def _state(requirement: dict[str, Any]) -> str:
    if requirement.get("shown"):
        return "shown"
    return "gaps" if "gap" in requirement else "not applicable"


def wrong() -> Iterator[str]:
    """Yield what is wrong with the two files: names of nothing, entries that show nothing and say nothing."""
    for actor in threats():
        for threat in actor["threat"]:
            yield from (one for one in threat.get("tests", []) if not exists(one) or "::" not in one)
            if not threat.get("tests") and not threat.get("gap"):
                yield f"{threat['id']}: neither a test nor a gap"
    counted = Counter(each["level"] for each in requirements())
    if any(counted[level] != number for level, number in LEVELS.items()):
        yield f"not every requirement of levels 1 and 2 is assessed: {dict(counted)}"
    for each in requirements():
        yield from (one for one in each.get("shown", []) if not exists(one))
        if sum(bool(each.get(name)) for name in ("shown", "gap", "why_not")) != 1:
            yield f"{each['number']}: one of shown, gap, why_not"


def exists(reference: str) -> bool:
    """Whether a test (``file::test``) or a file is there; a folder shows nothing."""
    file, _, test = reference.partition("::")
    path = REPOSITORY / file
    return path.is_file() and (not test or test in _tests(path))


@cache
def _tests(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(
        each.name for each in ast.walk(tree) if isinstance(each, kinds) and each.name.startswith("test_")
    )


def _link(reference: str) -> str:
    file, _, test = reference.partition("::")
    return f"[{(test or file).replace('_', chr(92) + '_')}](../{file})"


if __name__ == "__main__":
    (Path(sys.argv[1]) / "threats.md").write_text(threats_page(), encoding="utf-8")
    (Path(sys.argv[1]) / "asvs.md").write_text(asvs_page(), encoding="utf-8")
