"""Lines of the report: ours beside its limit, medians and spread, as JSON and as a table."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

type Pair = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """One hot path: both figures are medians of runs that took turns, the ratio that of the pairs.

    ``turns`` are the pairs (ours, limit) themselves, where there were some; ``microseconds`` is the processor time for
    each answer, (service, database), of ``ours`` and ``limit``, where it was measured.
    """

    name: str
    ours: float
    limit: float
    ratio: float
    unit: str
    note: str
    turns: tuple[Pair, ...] = ()
    microseconds: Mapping[str, Pair] = field(default_factory=dict)

    @property
    def ratios(self) -> list[float]:
        """Those of the turns, or the one that there is."""
        return [ours / limit for ours, limit in self.turns] or [self.ratio]


@dataclass(frozen=True)
class Report:
    """What was measured, and ``about`` it: when, where, of which revision (tests.bench.about).

    ``costs`` are bytes by name (tests.bench.costs), empty where they were not measured.
    """

    about: Mapping[str, Any]
    lines: Sequence[Line]
    costs: Mapping[str, float] = field(default_factory=dict)


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
        tuple((round(a, 1), round(b, 1)) for a, b in zip(ours, limit, strict=True)),
    )


def write(report: Report, path: Path) -> None:
    """Write the report as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(report), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> Report:
    """Return a report that was written."""
    told = json.loads(path.read_text(encoding="utf-8"))
    return Report(told["about"], [line_of(each) for each in told["lines"]], told.get("costs", {}))


def line_of(told: Mapping[str, Any]) -> Line:
    """Return a line out of its JSON."""
    turns = tuple((ours, limit) for ours, limit in told.get("turns", ()))
    spent = {
        whose: (service, database) for whose, (service, database) in told.get("microseconds", {}).items()
    }
    return Line(**{**told, "turns": turns, "microseconds": spent})


def table(lines: Sequence[Line]) -> str:
    """Return the report as text."""
    rows = [f"{'path':<20}{'ours':>12}{'limit':>12}{'ratio':>8}  unit"]
    rows += [f"{e.name:<20}{e.ours:>12,.1f}{e.limit:>12,.1f}{e.ratio:>8.2f}  {e.unit}" for e in lines]
    return "\n".join(rows)
