"""The whole stack with stand-ins for the services: however it ends, no process stays and the data does."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from renkou_local.__main__ import main as command
from renkou_local.__main__ import table
from renkou_local.lock import AlreadyRunning
from renkou_local.processes import ProcessFailed
from renkou_local.stack import Stack

pytestmark = pytest.mark.endurance

TESTS = Path(__file__).resolve().parents[1]
ROLES = [
    (service, role)
    for service in ("registry", "migrant", "reporting")
    for role in ("migrate", "main", "worker")
]
PROGRAMS = {key: [sys.executable, str(TESTS / "stand_in.py"), key[1]] for key in ROLES}


def make_stack(folder: Path, *districts: str, **options: Any) -> Stack:
    return Stack(folder, districts or ("340103",), durable=False, programs=PROGRAMS, **options)


def belonging_to(folder: Path) -> list[int]:
    """Ids of the living processes that work somewhere in this folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(entry / "cwd")).is_relative_to(folder):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


async def nothing_left(folder: Path) -> None:
    """Wait for the end of every process of the folder; one that stays fails the test by its time limit."""
    async with asyncio.timeout(15):
        for pid in belonging_to(folder):
            with contextlib.suppress(ProcessLookupError):
                descriptor = os.pidfd_open(pid)
                ended = asyncio.Event()
                asyncio.get_running_loop().add_reader(descriptor, ended.set)
                await ended.wait()
                asyncio.get_running_loop().remove_reader(descriptor)
                os.close(descriptor)


async def rows(stack: Stack, district: str = "340103") -> int:
    async with httpx.AsyncClient(trust_env=False) as client:
        return int((await client.get(stack.nodes[district].registry_url + "/rows")).text)


class Running:
    """A stack in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self.process = process
        self.folder = folder

    async def says(self, words: bytes) -> str:
        """What it prints up to these words."""
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            return (await self.process.stdout.readuntil(words)).decode()

    async def started(self) -> str:
        """What it prints once everything is ready."""
        return await self.says(b"Ctrl-C")


@pytest_asyncio.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    folder = tmp_path / "data"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(TESTS / "run_stack.py"),
        str(folder),
        "340103",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    yield Running(process, folder)
    if process.returncode is None:
        process.kill()
        await process.wait()
    await nothing_left(folder)


async def test_two_nodes_start_and_keep_their_data_and_addresses(tmp_path: Path) -> None:
    async with make_stack(tmp_path, "340103", "310115") as stack:
        addresses = {code: node.urls for code, node in stack.nodes.items()}
        assert await rows(stack, "310115") == 1
        assert len(set(stack.supervisor.names)) == 3 + 2 * 6
    assert belonging_to(tmp_path) == []
    async with make_stack(tmp_path, "340103", "310115") as stack:
        assert {code: node.urls for code, node in stack.nodes.items()} == addresses
        assert await rows(stack, "340103") == 2


async def test_the_figures_have_as_many_workers_as_asked_for_and_the_console_names_them(
    tmp_path: Path,
) -> None:
    async with make_stack(tmp_path, figure_copies=2) as stack:
        workers = [name for name in stack.supervisor.names if "reporting-worker" in name]
        assert workers == ["340103-reporting-worker", "340103-reporting-worker-2"]
        assert f"340103  {', '.join(workers)}\n" in table(stack)
        assert all(stack.supervisor.process(name).running for name in workers)
    with pytest.raises(ValueError, match="one copy"):
        make_stack(tmp_path, figure_copies=0)


async def test_after_sigkill_of_everything_and_a_wiped_jetstream_it_starts_again(tmp_path: Path) -> None:
    stack = make_stack(tmp_path, "340103")
    await stack.start()
    await stack.kill_all(signal.SIGKILL)
    assert belonging_to(tmp_path) == []
    stack.wipe_jetstream()
    await stack.start()
    assert await rows(stack) == 2
    await stack.stop()
    assert belonging_to(tmp_path) == []


@pytest.mark.parametrize(
    "victim", ["postgres", "nats", "hub", "340103-registry-main", "340103-reporting-worker"]
)
async def test_a_crashed_process_comes_back(tmp_path: Path, victim: str) -> None:
    async with make_stack(tmp_path) as stack:
        async with asyncio.timeout(30):
            await stack.supervisor.crash(victim)
        assert await rows(stack) == 1


async def test_a_service_that_fails_leaves_nothing_running_and_says_why(tmp_path: Path) -> None:
    broken = {**PROGRAMS, ("migrant", "main"): [sys.executable, "-c", "raise SystemExit('no such key')"]}
    stack = Stack(tmp_path, ["340103"], durable=False, programs=broken)
    with pytest.raises(ProcessFailed, match=r"(?s)340103-migrant-main.*no such key"):
        await stack.start()
    assert belonging_to(tmp_path) == []
    async with make_stack(tmp_path) as mended:
        assert await rows(mended) == 2


async def test_two_stacks_on_one_folder_refuse(running: Running) -> None:
    await running.started()
    with pytest.raises(AlreadyRunning, match=str(running.process.pid)):
        await make_stack(running.folder).start()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_request_to_stop_leaves_nothing(running: Running, number: signal.Signals) -> None:
    assert "http://127.0.0.1:" in await running.started()
    running.process.send_signal(number)
    async with asyncio.timeout(30):
        assert await running.process.wait() == 0
    assert belonging_to(running.folder) == []


async def test_stopping_while_it_starts_leaves_nothing(running: Running) -> None:
    await running.says(b"starting PostgreSQL")
    running.process.send_signal(signal.SIGINT)
    async with asyncio.timeout(30):
        assert await running.process.wait() == 0
    assert belonging_to(running.folder) == []
    async with make_stack(running.folder) as stack:
        assert await rows(stack) == 1


async def test_a_killed_supervisor_leaves_nothing_and_the_next_start_finds_the_data(running: Running) -> None:
    await running.started()
    assert len(belonging_to(running.folder)) >= 8
    running.process.kill()
    await running.process.wait()
    async with make_stack(running.folder) as stack:
        assert await rows(stack) == 2
    assert belonging_to(running.folder) == []


async def test_killed_while_it_starts_leaves_nothing(running: Running) -> None:
    await running.says(b"starting PostgreSQL")
    running.process.kill()
    await running.process.wait()
    await nothing_left(running.folder)
    async with make_stack(running.folder) as stack:
        assert await rows(stack) == 1


async def test_down_stops_a_running_stack(running: Running) -> None:
    await running.started()
    assert await asyncio.to_thread(command, ["down", "--data", str(running.folder)]) == 0
    assert await running.process.wait() == 0
    assert belonging_to(running.folder) == []
    assert command(["down", "--data", str(running.folder)]) == 0


async def test_the_clock_can_be_moved_for_a_demonstration_only(tmp_path: Path) -> None:
    async with make_stack(tmp_path, demo_clock=True) as stack:
        assert stack.clock_offset_file is not None
        stack.set_clock_offset(86_400 * 30.5)
        assert float(stack.clock_offset_file.read_text()) == 2_635_200.0
    with pytest.raises(RuntimeError, match="demo_clock"):
        make_stack(tmp_path).set_clock_offset(1)


async def test_secrets_are_readable_by_their_owner_only_and_never_change(tmp_path: Path) -> None:
    async with make_stack(tmp_path) as stack:
        files = sorted(stack.nodes["340103"].secrets.iterdir())
        before = {path.name: path.read_text() for path in files}
        hidden = [path for path in files if path.name != "hub_token"]  # useless without the seed
        assert {path.stat().st_mode & 0o777 for path in hidden} == {0o600}
    async with make_stack(tmp_path) as stack:
        assert {path.name: path.read_text() for path in files} == before
