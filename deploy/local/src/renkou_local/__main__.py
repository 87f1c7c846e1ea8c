"""Starts and stops the local stack.

    python -m renkou_local up --districts 340103[,310115] --data .local/up [--fresh] [--quiet] [--port NAME=N]
                              [--figure-copies N]
    python -m renkou_local down --data .local/up

`up` stays until Ctrl-C or `down`; a second Ctrl-C ends everything at once. Data and ports are kept unless
--fresh.
"""

import argparse
import asyncio
import contextlib
import shutil
import signal
import sys
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from renkou_common.codes.area import AreaLevel
from renkou_common.codes.divisions import read_divisions
from renkou_local.lock import AlreadyRunning, FolderLock, stop_holder
from renkou_local.processes import ProcessFailed
from renkou_local.stack import Stack


def say(text: str) -> None:
    """One line on the console, at once."""
    print(text, flush=True)


def table(stack: Stack) -> str:
    """Addresses of a running stack, for people."""
    rows = [("", "registry-api", "migrant-api", "reporting-worker")]
    rows += [
        (code, node.registry_url, node.migrant_url, node.reporting_url) for code, node in stack.nodes.items()
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    lines += ["", "administrator's one-time password (管理员一次性口令):"]
    lines += [f"  {code}  {node.administrator_secret_file}" for code, node in stack.nodes.items()]
    lines += ["", "reporting workers, which share the figures (统计工作进程, 无访问地址):"]
    lines += [f"  {code}  {', '.join(node.figure_workers)}" for code, node in stack.nodes.items()]
    lines += [
        "",
        f"API pages: <address>/docs   logs: {stack.logs}",
        "Ctrl-C stops everything; the data stays.",
    ]
    return "\n".join(lines)


async def up(stack: Stack) -> None:
    """Run until SIGINT or SIGTERM. Raises ProcessFailed, AlreadyRunning."""
    loop = asyncio.get_running_loop()
    main = asyncio.current_task()
    asked = 0

    def on_signal() -> None:
        nonlocal asked
        asked += 1
        if asked == 1 and main is not None:
            main.cancel()
        elif asked == 2:
            say("\nending everything at once")
            killing.append(loop.create_task(stack.kill_all()))

    killing: list[asyncio.Task[None]] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    try:
        async with stack:
            say(table(stack))
            await asyncio.Event().wait()
    finally:
        await asyncio.gather(*killing)


def main(arguments: list[str] | None = None) -> int:
    """Command line entry; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m renkou_local", description=(__doc__ or "").splitlines()[0]
    )
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("up", help="start and stay")
    starting.add_argument("--districts", default="340103", help="codes of six digits, separated by commas")
    starting.add_argument("--data", type=Path, default=Path(".local/up"))
    starting.add_argument("--fresh", action="store_true", help="throw earlier data away")
    starting.add_argument("--quiet", action="store_true", help="logs to files only")
    starting.add_argument(
        "--port", action="append", default=[], metavar="NAME=N", help="such as 340103.registry=8001"
    )
    starting.add_argument(
        "--figure-copies", type=int, default=1, metavar="N", help="reporting workers that share the figures"
    )
    starting.add_argument("--demo-clock", action="store_true", help="let <data>/clock_offset move the clock")
    stopping = commands.add_parser("down", help="stop a running one")
    stopping.add_argument("--data", type=Path, default=Path(".local/up"))
    given = parser.parse_args(arguments)
    return start(given) if given.command == "up" else stop(given)


def start(given: argparse.Namespace) -> int:
    """`up`."""
    districts = given.districts.split(",")
    ports = {name: int(number) for name, number in (pair.split("=", 1) for pair in given.port)}
    try:
        if given.fresh:
            throw_away(given.data)
        stack = Stack(
            given.data,
            districts,
            quiet=given.quiet,
            demo_clock=given.demo_clock,
            fixed_ports=ports,
            progress=say,
            names=names_of(districts),
            figure_copies=given.figure_copies,
        )
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(up(stack))
    except (ProcessFailed, AlreadyRunning, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print("stopped")
    return 0


def names_of(districts: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The districts' names from the national list; English ones it has none."""
    counties = takewhile(lambda division: division.level <= AreaLevel.COUNTY, read_divisions())
    return {division.code: (division.name, "") for division in counties if division.code in districts}


def throw_away(data: Path) -> None:
    """Delete a data folder that no stack uses. Raises AlreadyRunning."""
    if data.exists():
        with FolderLock(data):
            for entry in data.iterdir():
                if entry.is_dir():
                    shutil.rmtree(entry)
                elif entry.name != "supervisor.pid":
                    entry.unlink()


def stop(given: argparse.Namespace) -> int:
    """`down`."""
    if not given.data.exists():
        print("nothing runs")
        return 0
    try:
        print("stopped" if stop_holder(given.data) else "nothing runs")
    except TimeoutError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
