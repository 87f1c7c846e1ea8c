"""Lines of the report: ours beside its limit, medians and spread, as JSON and as a table."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Line:
    """One hot path: both figures are medians of runs that took turns."""

    name: str
    ours: float
    limit: float
    ratio: float
    unit: str
    note: str


def line(name: str, ours: list[float], limit: list[float], unit: str, note: str) -> Line:
    """Return the line of runs that took turns; the note gains the spread of the pairwise ratios."""
    ratios = [a / b for a, b in zip(ours, limit, strict=True)]
    spread = f"ratio {min(ratios):.2f} to {max(ratios):.2f} over {len(ratios)} turns"
    return Line(
        name,
        round(median(ours), 1),
        round(median(limit), 1),
        round(median(ratios), 3),
        unit,
        f"{note}; {spread}",
    )


def write(lines: list[Line], path: Path) -> None:
    """Write the report as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = [asdict(each) for each in lines]
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def table(lines: list[Line]) -> str:
    """Return the report as text."""
    rows = [f"{'path':<20}{'ours':>12}{'limit':>12}{'ratio':>8}  unit"]
    rows += [f"{e.name:<20}{e.ours:>12,.1f}{e.limit:>12,.1f}{e.ratio:>8.2f}  {e.unit}" for e in lines]
    return "\n".join(rows)
