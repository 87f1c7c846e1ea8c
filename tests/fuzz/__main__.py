"""Sends made-up requests to every operation of the three services and says what was wrong with the answers.

    python -m tests.fuzz --cases 100000 --seed 1 [--minutes 60] [--resume] [--keep] [--processes 2]

The node is made anew for each run. A run is done in parts; ``--resume`` leaves out those that build/fuzz.json tells
of for the same seed. With ``--keep`` the node stays up afterwards and build/fuzz/callers.sh holds what the printed
curl lines need. Ends with status 1 where an answer was a 5xx, of an undocumented status or not of its schema.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from tests.fuzz.report import merge, summary
from tests.fuzz.world import World, world

PART = 5_000
REPORT = Path("build/fuzz.json")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=600.0, help="no part is begun after that")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--keep", action="store_true", help="leave the node up until Ctrl-C")
    return parser.parse_args()


class Run:
    """The parts to do, shared out to processes."""

    def __init__(self, given: argparse.Namespace) -> None:
        self._given = given
        self._started = time.monotonic()
        self.parts: dict[str, Any] = {}
        if given.resume and REPORT.exists():
            before = json.loads(REPORT.read_text(encoding="utf-8"))
            if before["seed"] == given.seed and before["part_size"] == PART:
                self.parts = before["parts"]
        wanted = range(-(-given.cases // PART))
        self._waiting = [number for number in wanted if str(number) not in self.parts]
        self._wanted = len(wanted)

    def say(self, text: str) -> None:
        """Tell how far it is."""
        print(f"[{time.monotonic() - self._started:6.1f} s] {text}", flush=True)

    async def do(self, found: World, folder: Path) -> None:
        """Do all parts that are left."""
        file = folder / "world.json"
        found.write(file)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._given.processes, max(1, len(self._waiting)))):
                group.create_task(self._process(file))

    async def _process(self, file: Path) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.fuzz.part",
            str(file),
            str(self._given.seed),
            str(PART),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 28,
        )
        assert process.stdin
        assert process.stdout
        try:
            await self._line(process)
            while self._waiting and time.monotonic() - self._started < self._given.minutes * 60:
                number = self._waiting.pop(0)
                process.stdin.write(f"{number}\n".encode())
                await process.stdin.drain()
                done = await self._line(process)
                self._done(done)
            process.stdin.close()
            await asyncio.wait_for(process.wait(), 60)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def _line(self, process: asyncio.subprocess.Process) -> dict[str, Any]:
        assert process.stdout
        line = await process.stdout.readline()
        if not line:
            raise RuntimeError("a process of the run ended")
        return dict(json.loads(line))

    def _done(self, done: dict[str, Any]) -> None:
        self.parts[str(done.pop("part"))] = done
        self.write()
        answers: Counter[str] = Counter()
        for counts in done["answers"].values():
            answers.update(counts)
        good = sum(count for status, count in answers.items() if status.startswith("2"))
        told = " ".join(f"{status}:{count}" for status, count in sorted(answers.items()))
        self.say(
            f"{len(self.parts)}/{self._wanted} parts, {sum(one['cases'] for one in self.parts.values()):,} cases,"
            f" 2xx {good / max(1, done['cases']):.0%}, {len(done['failures'])} failures in this part ({told})"
        )
        for key, failure in done["failures"].items():
            print(f"  {key}\n    {failure['curl']}", flush=True)

    def write(self) -> dict[str, Any]:
        """Write the report as far as it goes and return it."""
        REPORT.parent.mkdir(exist_ok=True)
        report = merge(self.parts, self._given.seed, PART, self._wanted)
        report["seconds"] = round(time.monotonic() - self._started, 1)
        REPORT.write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")
        return report


async def _keep(found: World) -> None:
    """Write addresses and tokens for the curl lines and wait for Ctrl-C."""
    lines = [f"export RENKOU_{name.upper()}={url}" for name, url in found.urls.items()]
    async with httpx.AsyncClient(trust_env=False) as http:
        for caller in found.callers:
            token = caller.token
            if caller.body:
                answer = await http.post(f"{found.urls['registry']}/auth/token", json=caller.body)
                token = answer.json().get("access_token", "")
            name = caller.name.upper().replace(".", "_").replace("-", "_")
            lines.append(f"export TOKEN_{name}={token}")
    file = REPORT.parent / "fuzz-callers.sh"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    file.chmod(0o600)
    print(f"the node stays up; `source {file}` (tokens last 15 minutes), then the curl lines; Ctrl-C ends it")
    await asyncio.Event().wait()


async def _main(given: argparse.Namespace) -> int:
    run = Run(given)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        async with world(Path(folder) / "node", run.say) as found:
            await run.do(found, Path(folder))
            report = run.write()
            print(summary(report))
            if given.keep:
                await _keep(found)
    return 1 if report["failures"] or report["missing_parts"] else 0


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(_main(_arguments())))
    except KeyboardInterrupt:
        sys.exit(130)
