"""Processor time of a server and its children: far steadier than the clock where a machine does other things too."""

from collections import defaultdict
from collections.abc import Awaitable
from pathlib import Path

from tests.bench.load import Load

PROC = Path("/proc")
_LISTENING = "0A"


class Spent:
    """Processor time of servers and of the database behind them, for each answer of the loads put on them."""

    def __init__(self, database_port: int) -> None:
        self._database = listener(database_port)
        self._used: dict[str, list[tuple[float, float, int]]] = defaultdict(list)

    async def beside(self, whose: str, port: int, load: Awaitable[Load]) -> Load:
        """Wait for a load on a port and note under a name what it took."""
        roots = listener(port), self._database
        before = [processor_seconds(root) for root in roots]
        done = await load
        server, database = (processor_seconds(root) - had for root, had in zip(roots, before, strict=True))
        self._used[whose].append((server, database, done.answers))
        return done

    def told(self) -> str:
        """Return microseconds for each answer by name, as text."""
        return "processor " + ", ".join(
            f"{whose} {service:.0f} + {database:.0f} µs (service + database)"
            for whose, (service, database) in self.microseconds().items()
        )

    def microseconds(self) -> dict[str, tuple[float, float]]:
        """Return (service, database) for each answer by name, the first run, which warms up, left out."""
        found = {}
        for whose in sorted(self._used, reverse=True):
            servers, databases, answers = map(sum, zip(*self._used[whose][1:], strict=True))
            found[whose] = (round(servers / answers * 1e6, 1), round(databases / answers * 1e6, 1))
        return found


def listener(port: int) -> int:
    """Return the process that listens on a TCP port, the first where several share it; raises LookupError."""
    wanted = {
        f"socket:[{fields[9]}]"
        for table in ("tcp", "tcp6")
        for fields in map(str.split, (PROC / "net" / table).read_text().splitlines()[1:])
        if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port
    }
    for process in sorted(_processes()):
        try:
            if any(str(each.readlink()) in wanted for each in (PROC / str(process) / "fd").iterdir()):
                return process
        except OSError:
            continue  # it has ended, or is another's
    raise LookupError(f"nobody listens on port {port}")


def processor_seconds(root: int) -> float:
    """Return how long a process and everything that descends from it and still runs have had a processor."""
    return sum(sum(map(_nanoseconds, (PROC / str(one)).glob("task/*/schedstat"))) for one in tree(root)) / 1e9


def tree(root: int) -> list[int]:
    """Return a process and everything that descends from it and still runs."""
    children = defaultdict(list)
    for process in _processes():
        children[_parent(process)].append(process)
    found = [root]
    for process in found:
        found += children[process]
    return found


def _processes() -> list[int]:
    return [int(each.name) for each in PROC.iterdir() if each.name.isdigit()]


def _parent(process: int) -> int:
    try:
        return int((PROC / str(process) / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return -1


def _nanoseconds(schedstat: Path) -> int:
    try:
        return int(schedstat.read_text().split()[0])
    except OSError:
        return 0
