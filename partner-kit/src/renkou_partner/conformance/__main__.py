"""Command line of the conformance suite.

python -m renkou_partner.conformance --driver "node driver.mjs" [--out FOLDER] [--only OUT IN-duplicate] [--list]
"""

import argparse
import asyncio
import logging
import sys
import tempfile
from pathlib import Path

import structlog

from renkou_partner.conformance.implementation import DriverError, DriverProcess
from renkou_partner.conformance.report import Report, Result
from renkou_partner.conformance.suite import PATIENCE_SECONDS, run, select


def _tell(result: Result) -> None:
    detail = f"  {result.detail}" if result.detail else ""
    print(f"{result.verdict:15} {result.id:32} {result.seconds:5.1f} s{detail}", flush=True)


async def _run(given: argparse.Namespace) -> Report:
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.out or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / "driver.log"
        log.write_bytes(b"")
        driver = DriverProcess(given.driver, log, patience=given.patience)
        return await run(
            driver,
            only=given.only,
            at_once=given.at_once,
            patience=given.patience,
            tls=given.tls,
            tell=_tell,
        )


def main() -> int:
    """Run; 0 where nothing failed, 1 where a check failed, 2 where the driver could not be used."""
    parser = argparse.ArgumentParser(
        prog="python -m renkou_partner.conformance", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--driver", help="command that starts the implementation's driver")
    parser.add_argument("--out", type=Path, help="folder for report.json and report.html")
    parser.add_argument("--only", nargs="*", default=[], help="ids of checks, or their beginnings")
    parser.add_argument("--at-once", type=int, default=8, help="checks side by side")
    parser.add_argument(
        "--patience", type=float, default=PATIENCE_SECONDS, help="seconds to wait for anything"
    )
    parser.add_argument("--tls", action="store_true", help="with a hub that speaks TLS only (hub.ca_file)")
    parser.add_argument("--list", action="store_true", help="only list the checks")
    given = parser.parse_args()
    if given.list or not given.driver:
        for check in select(given.only):
            print(f"{check.id:32} {check.section:5} {check.title}")
        return 0
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        report = asyncio.run(_run(given))
    except DriverError as error:
        print(error, file=sys.stderr)
        return 2
    print(report.summary())
    if given.out:
        report.write(given.out)
        print(f"{given.out}/report.html, {given.out}/report.json")
    return 1 if report.count("failed") else 0


if __name__ == "__main__":
    sys.exit(main())
