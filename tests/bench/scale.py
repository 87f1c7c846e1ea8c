"""What a district, a city and a province need, computed from a report: ``python -m tests.bench.scale JSON docs``.

Writes docs/scale.md. Every assumption about the work of offices stands in ``Work``, and in the page.
"""

import math
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.page import of_what
from tests.bench.report import Report, read

YEARS = 10
BUSY = 0.5
"""The share of a processor that may be taken at the busiest time: the rest is for imports, rebuilds, upkeep."""


@dataclass(frozen=True)
class Work:
    """What offices do, for each resident and year; and when."""

    changes: float = 0.4
    reads_for_each_change: float = 20
    lists_for_each_change: float = 4
    figures_for_each_change: float = 1
    messages: float = 0.06
    days: int = 250
    hours: int = 8
    busiest: float = 5.0


@dataclass(frozen=True)
class Place:
    """A level of the administration: how many districts of how many people."""

    zh: str
    en: str
    districts: int
    residents: int


PLACES = (
    Place("区县", "district", 1, 915_000),
    Place("地市", "city", 9, 513_000),
    Place("省", "province", 96, 513_000),
)
LINES = {
    "person read": "reads_for_each_change",
    "person list": "lists_for_each_change",
    "figure read": "figures_for_each_change",
    "create": "",
}
"""Lines whose processor time is counted, and how often each comes for a change, which itself costs as a creation."""


@dataclass(frozen=True)
class Need:
    """What one node of a place has to have."""

    requests: float
    processors: float
    disk: float
    log_a_day: float
    broker: float


class Missing(LookupError):
    """A report without the lines that are needed; names them."""


def need(report: Report, place: Place, work: Work) -> Need:
    """Return what one district's node of a place needs; raises Missing for a report that does not tell."""
    lines = {line.name: line for line in report.lines if line.microseconds}
    wanting = sorted({*LINES} - lines.keys()) + ([] if report.costs else ["costs"])
    if wanting:
        raise Missing(", ".join(wanting))
    costs = report.costs
    changes = place.residents * work.changes
    often: Mapping[str, float] = {name: 1.0 if not of else asdict(work)[of] for name, of in LINES.items()}
    a_second = work.busiest * changes / (work.days * work.hours * 3600)
    seconds = sum(often[name] * sum(lines[name].microseconds["ours"]) for name in LINES) / 1e6
    crossing = next((line for line in report.lines if line.name == "exchange"), None)
    if crossing is not None:  # both ends on this machine's processors: half of it is one node's
        seconds += work.messages / work.changes * int(report.about["cores"]) / crossing.ours / 2
    readings = often["person read"] + often["person list"]
    kept = costs["created"] + readings * costs["read"]
    logged = costs["created_log"] + readings * costs["read_log"]
    return Need(
        requests=a_second * sum(often.values()),
        processors=a_second * seconds / BUSY,
        disk=place.residents * costs["resident"] + YEARS * changes * kept,
        log_a_day=changes / work.days * logged,
        broker=changes * costs["event"],
    )


def text(report: Report, work: Work | None = None) -> str:
    """The page as Markdown; raises Missing as :func:`need`."""
    work = work or Work()
    rows, costs = [], report.costs
    for place in PLACES:
        one, times = need(report, place, work), place.districts
        rows.append(
            f"| {place.en} {place.zh} | {times} × {place.residents:,} | {times * one.requests:,.1f}"
            f" | {times * one.processors:,.2f} | {times * math.ceil(max(one.processors, 2))}"
            f" | {_gib(times * one.disk)} | {_gib(times * one.log_a_day)} | {_gib(times * one.broker)} |"
        )
    spent = {line.name: line.microseconds["ours"] for line in report.lines if line.microseconds}
    return f"""# What it takes 规模与配置

Made from `build/bench.json` of `make bench` by `python -m tests.bench.scale`. {of_what(report.about)}.
Every district is a node of its own: a city or a province has as many of them, and a hub ([hub.md](hub.md)).

## What was measured 实测

| | service, µs | database, µs |
| --- | --- | --- |
{"\n".join(f"| {name} | {spent[name][0]:.0f} | {spent[name][1]:.0f} |" for name in LINES)}

| for each | bytes kept | bytes of the database's log |
| --- | --- | --- |
| resident taken in by an import, with household, keys, history, event and facts | {costs["resident"]:,.0f} | |
| person entered one by one, likewise, with the audit entry | {costs["created"]:,.0f} | {costs["created_log"]:,.0f} |
| person read: the audit entry and its place in the chain | {costs["read"]:,.0f} | {costs["read_log"]:,.0f} |
| event at the broker | {costs["event"]:,.0f} | |

## What is assumed 假设

For each resident and year {work.changes} changes (births, deaths, moves, marriages, cards, services, supplies), for
each change {work.reads_for_each_change:.0f} readings of a person, {work.lists_for_each_change:.0f} lists or searches
and {work.figures_for_each_change:.0f} figure; {work.messages} messages to or from other districts; all of it on
{work.days} days of {work.hours} hours, and at the busiest time {work.busiest:.0f} times the average. A change is
counted as what costs most, a new person; a list as an entry for one person. A processor is at most {BUSY:.0%} busy
then. Who has other figures puts them into `Work` in `tests/bench/scale.py` and runs the command again.

## What follows 结果

Requests a second at the busiest time; processors of the kind above, and in whole ones with two a node at least; disk
after {YEARS} years, the log of the database for each day (what a backup of it takes), the broker's store for a year.

| | residents | requests/s | processors | in whole ones | disk after {YEARS} years | log a day | broker a year |
| --- | --- | --- | --- | --- | --- | --- | --- |
{"\n".join(rows)}

An import, a rebuild and the first taking in of a register are not in it: they take what is left, at the rates of
[performance.md](performance.md).
"""


def _gib(bytes_: float) -> str:
    return f"{bytes_ / 1024**3:,.1f} GiB"


def main(source: Path, docs: Path) -> None:
    """Read the report and write the page."""
    (docs / "scale.md").write_text(text(read(source)), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
