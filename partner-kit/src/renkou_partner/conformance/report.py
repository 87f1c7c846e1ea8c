"""What came out: as JSON for programs and as a page for people."""

import html
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from renkou_partner.conformance.stage import Check
from renkou_partner.contract import Json

type Verdict = Literal["passed", "failed", "not applicable"]

_WORDS = {"passed": "通过", "failed": "不符合", "not applicable": "不适用"}
_STYLE = """
body { font: 16px/1.5 "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; margin: 2rem auto; max-width: 72rem;
  padding: 0 1rem; color: #111; background: #fff }
table { border-collapse: collapse; width: 100% } th, td { border-bottom: 1px solid #bbb; padding: .4rem;
  text-align: left; vertical-align: top } th { background: #eee } td.failed { font-weight: bold; color: #a00 }
"""


@dataclass(frozen=True, slots=True)
class Result:
    """The verdict on one check; ``detail`` says what was wrong."""

    id: str
    section: str
    title: str
    verdict: Verdict
    detail: str
    seconds: float

    @classmethod
    def of(cls, check: Check, verdict: Verdict, detail: str, seconds: float) -> "Result":
        """The verdict on a check."""
        return cls(check.id, check.section, check.title, verdict, detail, round(seconds, 2))


@dataclass
class Report:
    """Every verdict on one implementation."""

    implementation: str
    started_at: str
    seconds: float
    checks: list[Result] = field(default_factory=list)

    def count(self, verdict: Verdict) -> int:
        """How many checks came out so."""
        return sum(one.verdict == verdict for one in self.checks)

    def summary(self) -> str:
        """One line."""
        return (
            f"{self.implementation}: {self.count('passed')} passed, {self.count('failed')} failed, "
            f"{self.count('not applicable')} not applicable, in {self.seconds:.0f} s"
        )

    def to_json(self) -> Json:
        """For programs."""
        counts = {name.replace(" ", "_"): self.count(name) for name in ("passed", "failed", "not applicable")}
        return {**counts, **asdict(self)}

    def to_html(self) -> str:
        """For people: one page without any other file."""
        rows = "".join(map(_row, self.checks))
        title = f"Conformance of {self.implementation} 一致性检查"
        return (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
            f"<style>{_STYLE}</style><h1>{html.escape(title)}</h1>"
            f"<p>{html.escape(self.summary())}. {html.escape(self.started_at)}. Sections are those of SPEC.md.</p>"
            "<table><thead><tr><th>check 检查<th>section 条款<th>what is asked 要求<th>verdict 结论"
            f"<th>seconds 秒</tr></thead><tbody>{rows}</tbody></table></html>\n"
        )

    def write(self, folder: Path) -> None:
        """Write both files."""
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.to_json(), ensure_ascii=False, indent=1)
        (folder / "report.json").write_text(text + "\n", encoding="utf-8")
        (folder / "report.html").write_text(self.to_html(), encoding="utf-8")


def _row(one: Result) -> str:
    verdict = f"{one.verdict} {_WORDS[one.verdict]}" + (f": {one.detail}" if one.detail else "")
    kind = one.verdict.split()[0]
    return (
        f"<tr><td><code>{html.escape(one.id)}</code><td>{html.escape(one.section)}<td>{html.escape(one.title)}"
        f'<td class="{kind}">{html.escape(verdict)}<td>{one.seconds:.1f}</tr>'
    )
