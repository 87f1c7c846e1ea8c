"""`make bench BASE=<rev>`: this tree and another revision, each beside its own limits, by turns.

The other revision is checked out under build/base for as long as it is needed. In each turn the bench of each tree
measures the wanted lines in a process of its own, first one, then the other, so that what the machine does meanwhile
hits both. Writes build/bench-compare.json and prints a table. Ends with 1 where a line got slower beyond the noise and
by more than a tenth.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from tests.bench.about import about
from tests.bench.report import Line, line_of

ROOT = Path(__file__).resolve().parents[2]
BASE = ROOT / "build" / "base"
TOLD = Path("build/bench.json")
OUT = ROOT / "build" / "bench-compare.json"
SOURCES = (
    *(
        "libs/common/src",
        "services/registry-api/src",
        "services/migrant-api/src",
        "services/reporting-worker/src",
    ),
    *("deploy/local/src", "partner-kit/src", ""),
)
MOST_SLOWER = 0.9


@dataclass(frozen=True)
class Change:
    """Ratios to the limit of a line, turn by turn, in both trees."""

    name: str
    base: list[float]
    ours: list[float]

    @property
    def change(self) -> float:
        """Median of ours by that of the base: above 1 is faster, whatever the limit's rate was."""
        return median(self.ours) / median(self.base)

    @property
    def beyond_noise(self) -> bool:
        """Whether all turns of one lie on one side of all turns of the other."""
        return min(self.ours) > max(self.base) or max(self.ours) < min(self.base)

    @property
    def word(self) -> str:
        """What is to be said of it."""
        if not self.beyond_noise:
            return "no difference beyond the noise 差异未超出波动"
        return "faster 变快" if self.change > 1 else "slower 变慢"

    @property
    def is_loss(self) -> bool:
        """Whether it got slower beyond the noise and by more than a tenth."""
        return self.beyond_noise and self.change < MOST_SLOWER


def changes(base: Sequence[Sequence[Line]], ours: Sequence[Sequence[Line]]) -> list[Change]:
    """Return the lines that both trees have, from the reports of each turn."""
    names = [each.name for each in ours[0] if any(each.name == other.name for other in base[0])]
    return [
        Change(
            name,
            [_ratio(turn, name) for turn in base],
            [_ratio(turn, name) for turn in ours],
        )
        for name in names
    ]


def _ratio(turn: Sequence[Line], name: str) -> float:
    return next(each.ratio for each in turn if each.name == name)


def table(found: Sequence[Change]) -> str:
    """Return the comparison as text."""
    rows = [f"{'path':<24}{'base':>8}{'ours':>8}{'change':>9}"]
    rows += [
        f"{each.name:<24}{median(each.base):>8.3f}{median(each.ours):>8.3f}{each.change:>8.2f}x  {each.word}"
        for each in found
    ]
    return "\n".join(rows)


@contextmanager
def checked_out(revision: str) -> Iterator[str]:
    """Check a revision out under build/base, and remove it afterwards; gives its commit.

    Raises SystemExit for a revision that there is not.
    """
    named = _git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    commit = named.stdout.strip()
    if named.returncode or not commit:
        raise SystemExit(
            f"BASE: 没有版本 {revision} / there is no revision {revision}; git log --oneline lists them"
        )
    _git("worktree", "remove", "--force", str(BASE))
    made = _git("worktree", "add", "--detach", "--force", str(BASE), commit)
    if made.returncode:
        raise SystemExit(f"BASE: 无法检出 / cannot be checked out: {made.stderr.strip()}")
    try:
        yield commit
    finally:
        _git("worktree", "remove", "--force", str(BASE))


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(("git", *arguments), cwd=ROOT, capture_output=True, text=True, check=False)


def measure(tree: Path, options: Sequence[str]) -> list[Line]:
    """Run the bench of a tree; returns its lines. Raises RuntimeError where there are none."""
    path = os.pathsep.join(str(tree / source) for source in SOURCES)
    report = tree / TOLD
    report.unlink(missing_ok=True)
    subprocess.run(
        (sys.executable, "-m", "tests.bench", *options),
        cwd=tree,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    if not report.exists():
        raise RuntimeError(f"the bench of {tree} has told nothing")
    told = json.loads(report.read_text(encoding="utf-8"))
    return [line_of(each) for each in (told if isinstance(told, list) else told["lines"])]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="two revisions beside their limits, by turns")
    parser.add_argument("base", help="revision to compare this tree with")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("options", nargs="*", help="of tests.bench, after --")
    given = parser.parse_args()
    base: list[list[Line]] = []
    ours: list[list[Line]] = []
    with checked_out(given.base) as commit:
        for turn in range(given.turns):
            print(f"turn {turn + 1} of {given.turns}", flush=True)
            for tree, kept in ((BASE, base), (ROOT, ours)) if turn % 2 == 0 else ((ROOT, ours), (BASE, base)):
                kept.append(measure(tree, given.options))
    found = changes(base, ours)
    told = [asdict(each) | {"change": round(each.change, 3), "says": each.word} for each in found]
    report = {"about": about("comparison"), "base": commit, "lines": told}
    OUT.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"\n{table(found)}\n\n{OUT.relative_to(ROOT)} is written")
    sys.exit(1 if any(each.is_loss for each in found) else 0)


if __name__ == "__main__":
    main()
