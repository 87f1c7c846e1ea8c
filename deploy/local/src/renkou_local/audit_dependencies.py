"""Asks whether a weakness is known of any pinned dependency, for Python and npm.

    python -m renkou_local.audit_dependencies

Prints one line for each lock file: clean, vulnerable (with what is known), or not asked, where the advisory service
could not be reached. Ends with 1 where something is vulnerable, with 0 where everything is clean, and with 0 and a
plain "NOT AUDITED" where nobody answered; `--strict` makes 2 of that.
"""

import argparse
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from renkou_local.layout import REPOSITORY

SECONDS = 300


class Verdict(Enum):
    """What is known of the dependencies of one lock file."""

    CLEAN = "clean"
    VULNERABLE = "VULNERABLE"
    NOT_ASKED = "NOT AUDITED: the advisory service did not answer"


@dataclass(frozen=True)
class Finding:
    """A lock file, what is known of it, and which packages are meant."""

    lock: str
    verdict: Verdict
    packages: tuple[str, ...] = ()


def python_finding(lock: str, status: int, printed: str) -> Finding:
    """Read what pip-audit printed as JSON. Anything but a whole answer means that nobody was asked."""
    try:
        dependencies = json.loads(printed)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Finding(lock, Verdict.NOT_ASKED)
    known = tuple(
        f"{each['name']} {each.get('version', '')}: {', '.join(one['id'] for one in each['vulns'])}"
        for each in dependencies
        if each.get("vulns")
    )
    if known:
        return Finding(lock, Verdict.VULNERABLE, known)
    skipped = any("skip_reason" in each for each in dependencies)
    return Finding(lock, Verdict.NOT_ASKED if status or skipped or not dependencies else Verdict.CLEAN)


def npm_finding(lock: str, printed: str) -> Finding:
    """Read what `npm audit --json` printed."""
    try:
        answer = json.loads(printed)
        weak, total = answer["vulnerabilities"], answer["metadata"]["dependencies"]["total"]
    except (ValueError, KeyError, TypeError):
        return Finding(lock, Verdict.NOT_ASKED)
    known = tuple(f"{name}: {each['severity']}" for name, each in sorted(weak.items()))
    if known:
        return Finding(lock, Verdict.VULNERABLE, known)
    return Finding(lock, Verdict.CLEAN if total else Verdict.NOT_ASKED)


def verdict_of(findings: list[Finding], *, strict: bool) -> int:
    """Return the status to end with."""
    if any(each.verdict is Verdict.VULNERABLE for each in findings):
        return 1
    return 2 if strict and any(each.verdict is Verdict.NOT_ASKED for each in findings) else 0


def _run(argv: list[str], folder: Path = REPOSITORY) -> tuple[int, str]:
    try:
        done = subprocess.run(  # noqa: S603 - fixed programs, our own files
            argv, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return -1, ""
    return done.returncode, done.stdout


def audit() -> list[Finding]:
    """Ask for every lock file of the repository."""
    findings = []
    for lock in ("requirements.lock", "requirements-dev.lock"):
        argv = [sys.executable, "-m", "pip_audit", "--requirement", lock, "--require-hashes", "--disable-pip"]
        status, printed = _run([*argv, "--format", "json", "--progress-spinner", "off"])
        findings.append(python_finding(lock, status, printed))
    npm = shutil.which("npm") or str(Path(sys.executable).with_name("npm"))
    for folder in ("tests/interop", "partner-kit/example-node"):
        _, printed = _run([npm, "audit", "--json", "--package-lock-only"], REPOSITORY / folder)
        findings.append(npm_finding(f"{folder}/package-lock.json", printed))
    return findings


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--strict", action="store_true", help="no answer is a failure too")
    given = parser.parse_args()
    findings = audit()
    for each in findings:
        print(f"{each.lock}: {each.verdict.value}", *each.packages, sep="\n  ")
    sys.exit(verdict_of(findings, strict=given.strict))


if __name__ == "__main__":
    main()
