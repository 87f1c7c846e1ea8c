"""Lines of the report: ours beside its limit, medians and spread, as JSON and as a table."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Line:
    """One hot path: both figures are medians of runs that took turns, the ratio that of the pairs."""

    name: str
    ours: float
    limit: float
    ratio: float
    unit: str
    note: str


def line(name: str, ours: Sequence[float], limit: Sequence[float], unit: str, note: str) -> Line:
    """Return the line of runs that took turns; the note gains the spread."""
    ratios = [a / b for a, b in zip(ours, limit, strict=True)]
    spread = (
        f"{len(ratios)} turns, ours {min(ours):,.0f} to {max(ours):,.0f},"
        f" limit {min(limit):,.0f} to {max(limit):,.0f}, ratio {min(ratios):.2f} to {max(ratios):.2f}"
    )
    return Line(
        name,
        round(median(ours), 1),
        round(median(limit), 1),
        round(median(ratios), 3),
        unit,
        f"{note}; {spread}",
    )


def write(lines: Sequence[Line], path: Path) -> None:
    """Write the report as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = [asdict(each) for each in lines]
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def table(lines: Sequence[Line]) -> str:
    """Return the report as text."""
    rows = [f"{'path':<20}{'ours':>12}{'limit':>12}{'ratio':>8}  unit"]
    rows += [f"{e.name:<20}{e.ours:>12,.1f}{e.limit:>12,.1f}{e.ratio:>8.2f}  {e.unit}" for e in lines]
    return "\n".join(rows)
