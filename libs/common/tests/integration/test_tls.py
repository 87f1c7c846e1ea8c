"""A service that speaks TLS, in one process and in two: who listens in, stands in or speaks plain text gets nowhere."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import ValidationError

from renkou_common.http.outgoing import ways_to_services
from renkou_common.settings import ServiceSettings
from renkou_local.certificates import new_authority, server_certificate

APPLICATION = Path(__file__).with_name("served.py")


@dataclass
class Node:
    """An authority, its file, and certificates by it."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self._certificate, self._key = new_authority("Renkou node")
        self.authority = self.folder / "node_ca.pem"
        self.authority.write_bytes(self._certificate.public_bytes(Encoding.PEM))

    def shown(self, name: str, *hosts: str, days: float = 1.0) -> Path:
        """Make a certificate for some hosts."""
        return server_certificate(
            self.folder / "tls", name, self._certificate, self._key, list(hosts), days=days
        )


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


@contextmanager
def served(certificate: Path, processes: int = 1) -> Iterator[int]:
    """Serve by TLS; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    key = certificate.with_name(f"{certificate.stem}_key.pem")
    command = [sys.executable, str(APPLICATION), str(port), str(processes), str(certificate), str(key)]
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        until(lambda: listens(port))
        yield port
    finally:
        first.terminate()
        first.wait()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it took longer than 30 seconds"
        time.sleep(0.02)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def settings(port: int, authority: Path | None) -> ServiceSettings:
    """What another service of the node is told."""
    url = f"https://127.0.0.1:{port}"
    return ServiceSettings(
        district="340103",
        database_url="postgresql://nobody@localhost/none",
        registry_url=url,
        migrant_url=url,
        service_ca_file=authority,
    )


async def answer(port: int, authority: Path | None, host: str = "127.0.0.1") -> int:
    """Ask as another service of the node does; returns the status, 0 where no connection was made."""
    ways = ways_to_services(settings(port, authority))
    ways = {each.replace("127.0.0.1", host): way for each, way in ways.items()}
    async with httpx.AsyncClient(trust_env=False, mounts=ways, timeout=5) as http:
        try:
            return (await http.get(f"https://{host}:{port}/health/live")).status_code
        except httpx.ConnectError:
            return 0


@pytest.mark.parametrize("processes", [1, 2])
async def test_who_trusts_the_nodes_authority_is_answered_and_nobody_in_plain_text(
    node: Node, tmp_path: Path, processes: int
) -> None:
    stranger = Node(tmp_path / "stranger")
    with served(node.shown("registry-api", "127.0.0.1"), processes) as port:
        assert [await answer(port, node.authority) for _ in range(4)] == [200] * 4
        assert await answer(port, stranger.authority) == 0
        assert await answer(port, None) == 0
        assert await answer(port, node.authority, "localhost") == 0, "the name stands in no certificate"
        with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
            plain.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"HTTP" not in read_to_the_end(plain)
        assert await answer(port, node.authority) == 200


def read_to_the_end(connection: socket.socket) -> bytes:
    found = b""
    try:
        while part := connection.recv(4096):
            found += part
    except ConnectionResetError:
        pass
    return found


async def test_a_certificate_that_has_ended_is_not_believed(node: Node) -> None:
    with served(node.shown("registry-api", "127.0.0.1", days=-1 / 48)) as port:
        assert await answer(port, node.authority) == 0


def test_an_authority_goes_with_https_alone_and_a_certificate_with_its_key(node: Node) -> None:
    told = settings(1, node.authority)
    assert set(ways_to_services(told)) == {"https://127.0.0.1:1"}
    for wrong in (
        {"migrant_url": "http://127.0.0.1:1"},
        {"http_certificate_file": node.authority},
        {"http_key_file": node.authority},
    ):
        with pytest.raises(ValidationError, match="RENKOU_"):
            ServiceSettings.model_validate(told.model_dump() | wrong)
