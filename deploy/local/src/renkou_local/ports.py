"""Free loopback ports, remembered so that addresses stay the same between runs."""

import json
import random
import socket
from collections import deque
from collections.abc import Mapping
from pathlib import Path

LOOPBACK = "127.0.0.1"
# Below the range that systems hand to outgoing connections, so that a port found free stays free until it
# is used.
LOWEST, HIGHEST = 20_000, 31_999
_lately: deque[int] = deque(maxlen=1_000)


def is_free(port: int) -> bool:
    """True when nothing listens on this loopback port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A loopback port that nothing listens on, and that was not given away lately: who got it may not listen yet."""
    for port in random.SystemRandom().sample(range(LOWEST, HIGHEST + 1), 5_000):
        if port not in _lately and is_free(port):
            _lately.append(port)
            return port
    raise OSError(f"no free port between {LOWEST} and {HIGHEST}")


class PortBook:
    """Ports by name, kept in a file; a fixed port wins over a remembered one, and that over a new one."""

    def __init__(self, path: Path, fixed: Mapping[str, int] | None = None) -> None:
        self._path = path
        self._fixed = dict(fixed or {})
        self._remembered: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
        self._given: dict[str, int] = {}

    def port(self, name: str) -> int:
        """The port of this name, the same for the whole run. Raises OSError when a fixed port is taken."""
        if name not in self._given:
            self._given[name] = self._choose(name)
            self._remembered[name] = self._given[name]
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps(dict(sorted(self._remembered.items())), indent=2) + "\n")
        return self._given[name]

    def _choose(self, name: str) -> int:
        if name in self._fixed:
            if not is_free(self._fixed[name]):
                raise OSError(f"port {self._fixed[name]} for {name} is taken")
            return self._fixed[name]
        remembered = self._remembered.get(name)
        if remembered is not None and remembered not in self._given.values() and is_free(remembered):
            return remembered
        while (port := free_port()) in self._given.values() or port in self._remembered.values():
            continue
        return port
