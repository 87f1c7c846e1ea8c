"""The supervisor with real processes: readiness, restarts, order of stopping, and what its crash leaves."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from renkou_local.console import LogFollower
from renkou_local.processes import ManagedProcess, ProcessFailed, ProcessSpec, run_to_end
from renkou_local.supervisor import Supervisor

Program = Callable[..., ProcessSpec]

WAITS = "import signal,sys\nsignal.signal(signal.SIGTERM, lambda *_: (print('bye'), sys.exit(0)))\n"
WAITS += "print('here', flush=True)\nwhile True: signal.pause()"


@pytest_asyncio.fixture
async def supervisor() -> AsyncIterator[Supervisor]:
    made = Supervisor(first_pause=0.05)
    yield made
    await made.kill_all()


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """A process that runs a piece of Python."""

    def make(name: str, code: str = WAITS, **options: Any) -> ProcessSpec:
        argv = [sys.executable, "-c", code]
        return ProcessSpec(name, argv, tmp_path / "logs" / f"{name}.log", cwd=tmp_path, **options)

    return make


async def gone(pid: int) -> None:
    """Wait for the end of a process that is nobody's child here."""
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(descriptor, ended.set)
        async with asyncio.timeout(10):
            await ended.wait()
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)


async def test_a_process_is_ready_once_it_handles_sigterm(supervisor: Supervisor, program: Program) -> None:
    await supervisor.start([program("one")])
    process = supervisor.process("one")
    await supervisor.stop()
    assert process.returncode == 0
    assert process.tail().splitlines() == ["here", "bye"]


async def test_readiness_may_be_asked_for(supervisor: Supervisor, program: Program) -> None:
    asked = iter([False, False, True])

    async def ready() -> bool:
        return next(asked)

    await supervisor.start([program("one", ready=ready)])
    assert next(asked, None) is None


async def test_a_process_that_ends_at_once_fails_the_start_with_its_last_words(
    supervisor: Supervisor, program: Program
) -> None:
    with pytest.raises(ProcessFailed, match=r"(?s)status 3.*no luck"):
        await supervisor.start([program("good"), program("bad", "print('no luck'); raise SystemExit(3)")])


async def test_a_process_that_never_becomes_ready_fails_the_start(
    supervisor: Supervisor, program: Program
) -> None:
    async def never() -> bool:
        return False

    with pytest.raises(ProcessFailed, match="not ready"):
        await supervisor.start([program("slow", ready=never, ready_timeout=0.2)])


async def test_a_crashed_process_is_started_again(
    supervisor: Supervisor, program: Program, tmp_path: Path
) -> None:
    await supervisor.start([program("one")])
    async with asyncio.timeout(10):
        await supervisor.crash("one")
    assert supervisor.restarts == {"one": 1}
    log = (tmp_path / "logs" / "one.log").read_text()
    assert "supervisor: ended with status -9, starting again" in log


async def test_a_process_whose_log_takes_no_more_bytes_is_started_again(
    supervisor: Supervisor, program: Program, tmp_path: Path
) -> None:
    silent = "import signal\nsignal.signal(signal.SIGTERM, lambda *_: exit(0))\nwhile True: signal.pause()"
    one = program("one", silent)
    one.log_path.parent.mkdir()
    one.log_path.symlink_to("/dev/full")  # every byte is answered with "no space left on device"
    await supervisor.start([one])
    async with asyncio.timeout(10):
        await supervisor.crash("one")
    assert supervisor.restarts == {"one": 1}


async def test_processes_stop_in_reverse_order(
    supervisor: Supervisor, program: Program, tmp_path: Path
) -> None:
    code = "import signal,sys\ndef bye(*_):\n open('order','a').write(sys.argv[1]); sys.exit(0)\n"
    code += "signal.signal(signal.SIGTERM, bye)\nwhile True: signal.pause()"
    for name in "abc":
        spec = program(name, code)
        await supervisor.start([ProcessSpec(name, [*spec.argv, name], spec.log_path, cwd=tmp_path)])
    await supervisor.stop()
    assert (tmp_path / "order").read_text() == "cba"


async def test_a_process_that_ignores_the_request_is_stopped_by_force(program: Program) -> None:
    process = ManagedProcess(
        program(
            "deaf",
            "import signal\nsignal.signal(signal.SIGTERM, lambda *_: None)\nwhile True: signal.pause()",
            stop_timeout=0.2,
        )
    )
    await process.start()
    await process.wait_ready()
    await process.stop()
    assert process.returncode == -signal.SIGKILL


async def test_a_killed_supervisor_leaves_no_process(program: Program, tmp_path: Path) -> None:
    """Its child gets the death signal from the kernel, whatever the child does."""
    code = f"""
import asyncio
from pathlib import Path
from renkou_local.processes import ProcessSpec, ManagedProcess
async def main():
    process = ManagedProcess(ProcessSpec("child", {[sys.executable, "-c", WAITS]!r}, Path("child.log")))
    await process.start()
    await process.wait_ready()
    print(process.pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, cwd=tmp_path
    )
    assert supervisor.stdout is not None
    child = int(await supervisor.stdout.readline())
    assert Path(f"/proc/{child}").exists()
    supervisor.kill()
    await supervisor.wait()
    await gone(child)


async def test_a_step_has_to_end_with_zero(program: Program) -> None:
    await run_to_end(program("fine", "print('done')"))
    with pytest.raises(ProcessFailed, match=r"(?s)status 1.*nothing to migrate"):
        await run_to_end(program("bad", "raise SystemExit('nothing to migrate')"))


async def test_settings_of_another_stack_do_not_reach_a_process(
    program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RENKOU_DATABASE_URL", "postgresql://elsewhere")
    code = "import os; open('names','w').write(' '.join(n for n in os.environ if n.startswith('RENKOU_')))"
    await run_to_end(program("one", code, env={"RENKOU_DISTRICT": "340103"}))
    assert (tmp_path / "names").read_text() == "RENKOU_DISTRICT"


def test_the_console_shows_complete_lines_behind_the_name(tmp_path: Path) -> None:
    from io import StringIO

    out = StringIO()
    follower = LogFollower(out)
    log = tmp_path / "340103-registry-main.log"
    follower.follow(log)
    log.write_text("first\nsecond without end")
    follower.copy()
    with log.open("a") as more:
        more.write(" now\n")
    follower.copy()
    assert [line.split("|") for line in out.getvalue().splitlines()] == [
        ["340103-registry-main      ", " first"],
        ["340103-registry-main      ", " second without end now"],
    ]
