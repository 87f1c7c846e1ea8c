"""Parts put together into the report of a run, and its summary."""

from collections import Counter
from typing import Any


def merge(parts: dict[str, Any], seed: int, part_size: int, wanted: int) -> dict[str, Any]:
    """Return the report: answers by operation and status, failures, what was reached."""
    answers: dict[str, Counter[str]] = {}
    failures: dict[str, dict[str, Any]] = {}
    for part in parts.values():
        for label, counts in part["answers"].items():
            answers.setdefault(label, Counter()).update(counts)
        for key, failure in part["failures"].items():
            known = failures.setdefault(key, {**failure, "times": 0})
            known["times"] += failure["times"]
    total: Counter[str] = Counter()
    for counts in answers.values():
        total.update(counts)
    cases = sum(total.values())
    good = sum(count for status, count in total.items() if status.startswith("2"))
    never = sorted(
        label for label, counts in answers.items() if not any(each.startswith("2") for each in counts)
    )
    return {
        "seed": seed,
        "part_size": part_size,
        "cases": cases,
        "missing_parts": wanted - len(parts),
        "statuses": dict(sorted(total.items())),
        "share_2xx": round(good / cases, 4) if cases else 0.0,
        "operations": len(answers),
        "operations_with_2xx": len(answers) - len(never),
        "never_2xx": never,
        "failures": failures,
        "slowest": sorted((one for part in parts.values() for one in part["slowest"]), reverse=True)[:10],
        "cut_short": _cut_short(parts),
        "answers": {label: dict(sorted(counts.items())) for label, counts in sorted(answers.items())},
        "parts": parts,
    }


def _cut_short(parts: dict[str, Any]) -> dict[str, int]:
    """Return by operation how many requests of its own it answered in the parts in which that took too long."""
    found: Counter[str] = Counter()
    for part in parts.values():
        found.update(part["cut_short"])
    return dict(sorted(found.items()))


def summary(report: dict[str, Any]) -> str:
    """Return what to read at the end of a run."""
    statuses = " ".join(f"{status}:{count:,}" for status, count in report["statuses"].items())
    lines = [
        f"{report['cases']:,} cases, seed {report['seed']}, {report['seconds']:.0f} s: {statuses}",
        f"2xx {report['share_2xx']:.1%}; {report['operations_with_2xx']} of {report['operations']} operations"
        " answered 2xx at least once",
        f"{len(report['failures'])} kinds of failures",
    ]
    for key, failure in sorted(report["failures"].items()):
        lines += [f"- {key} ({failure['times']} times)", f"  {failure['curl']}"]
    if report["cut_short"]:
        told = ", ".join(f"{label} after {count:,}" for label, count in report["cut_short"].items())
        lines.append(f"slow, so that chains had the rest of their requests: {told}")
    if report["missing_parts"]:
        lines.append(f"{report['missing_parts']} parts are missing: --resume goes on")
    return "\n".join(lines)
