"""TLS of a node's NATS, tried with what must fail; and clients of PostgreSQL that do not talk in the clear.

The PostgreSQL of the wheel is built without TLS, so that here only the client's side is tried.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from conftest import DatabaseFactory
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from renkou_common.database import Database
from renkou_common.errors import Unavailable
from renkou_common.messaging.nats_client import NatsClient
from renkou_local import nats_config, streams
from renkou_local.certificates import make_certificates, new_authority, server_certificate
from renkou_local.layout import NATS_FILES
from renkou_local.nats import EmbeddedNats
from renkou_local.nats_keys import seed_file
from renkou_local.ports import LOOPBACK

DISTRICT = "340103"


class NatsWithTls(EmbeddedNats):
    """The node's own broker, with `deploy/nats/tls.conf`."""

    def __init__(self, folder: Path, certificate: Path) -> None:
        super().__init__(folder, {DISTRICT: folder / "secrets"})
        self._certificate = certificate

    def prepare(self) -> None:
        super().prepare()
        self.config.write_text(f'include "tls.conf"\n{self.config.read_text()}')
        (self.folder / "tls.conf").write_text((NATS_FILES / "tls.conf").read_text())

    def environment(self) -> Mapping[str, str]:
        certificate = nats_config.certificate(self._certificate.parent, self._certificate.stem)
        return {**super().environment(), **certificate}

    async def declare_streams(self) -> None:
        ca_file = self._certificate.parent.parent / "secrets" / "node_ca.pem"
        await streams.declare(self.url, self.node_operator_seed(DISTRICT), "node", ca_file=ca_file)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a node with its authority and certificates."""
    folder = tmp_path_factory.mktemp("tls")
    make_certificates(folder, DISTRICT)
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def broker(node: Path) -> AsyncIterator[NatsWithTls]:
    server = NatsWithTls(node / "nats", node / "tls" / "nats.pem")
    await server.start()
    yield server
    await server.stop()


@asynccontextmanager
async def running(client: NatsClient) -> AsyncIterator[NatsClient]:
    task = asyncio.create_task(client.run())
    try:
        yield client
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def connects(client: NatsClient) -> bool:
    """Whether a client is let in within the time that five tries take."""
    async with running(client):
        try:
            async with asyncio.timeout(3):
                await client.wait_connected()
        except TimeoutError:
            return False
        return True


async def test_a_service_that_trusts_the_nodes_authority_publishes(broker: NatsWithTls, node: Path) -> None:
    seed = broker.node_seed(DISTRICT, "registry")
    client = NatsClient(
        broker.url,
        name="test",
        seed_file=seed,
        inbox_prefix="_INBOX_registry",
        ca_file=node / "secrets" / "node_ca.pem",
    )
    async with running(client):
        await client.wait_connected()
        assert (await client.publish("registry.test", b"{}")).seq >= 1


async def test_nobody_is_let_in_who_speaks_plain_text_or_is_a_stranger(
    broker: NatsWithTls, node: Path
) -> None:
    seed, authority = broker.node_seed(DISTRICT, "registry"), node / "secrets" / "node_ca.pem"
    assert not await connects(NatsClient(broker.url, name="plain", seed_file=seed))
    stranger, _ = seed_file(node / "stranger")
    assert not await connects(NatsClient(broker.url, name="stranger", seed_file=stranger, ca_file=authority))


async def test_the_server_says_nothing_before_the_handshake(broker: NatsWithTls) -> None:
    def first_word() -> bytes:
        with socket.create_connection((LOOPBACK, broker.port), timeout=1) as connection:
            try:
                return connection.recv(10)
            except TimeoutError:
                return b""

    assert b"INFO" not in await asyncio.to_thread(first_word)


async def test_a_server_of_another_authority_or_name_is_not_believed(broker: NatsWithTls, node: Path) -> None:
    seed = broker.node_seed(DISTRICT, "registry")
    other, key = new_authority("somebody else")
    foreign = node / "foreign.pem"
    foreign.write_bytes(other.public_bytes(Encoding.PEM))
    assert not await connects(NatsClient(broker.url, name="test", seed_file=seed, ca_file=foreign))
    elsewhere = node / "elsewhere"
    server_certificate(elsewhere / "tls", "nats", other, key, ["nats.elsewhere.example"])
    (elsewhere / "secrets").mkdir()
    wrong = NatsWithTls(elsewhere / "nats", elsewhere / "tls" / "nats.pem")
    wrong.prepare()
    await wrong.run()
    try:
        own = wrong.node_seed(DISTRICT, "registry")
        assert not await connects(NatsClient(wrong.url, name="test", seed_file=own, ca_file=foreign))
    finally:
        await wrong.stop()


async def test_a_server_whose_certificate_has_ended_is_not_believed_by_the_same_authority(
    tmp_path: Path,
) -> None:
    """The clients of the exchange and of the node are one; it has no certificate of its own but a key of its user."""
    authority, key = new_authority("Renkou node")
    trusted = tmp_path / "secrets" / "node_ca.pem"
    trusted.parent.mkdir()
    trusted.write_bytes(authority.public_bytes(Encoding.PEM))
    believed = {}
    for name, days in (("ended", -1 / 48), ("lasting", 1.0)):
        tls = server_certificate(tmp_path / "tls", name, authority, key, [LOOPBACK], days=days)
        server = NatsWithTls(tmp_path / name, tls)
        server.prepare()
        await server.run()
        try:
            seed = server.node_seed(DISTRICT, "registry")
            believed[name] = await connects(
                NatsClient(server.url, name="test", seed_file=seed, ca_file=trusted)
            )
        finally:
            await server.stop()
    assert believed == {"ended": False, "lasting": True}


async def test_a_server_that_says_it_has_no_tls_gets_no_key_and_no_message(node: Path) -> None:
    """Somebody on the way who leaves the S out: the client has to hang up, not to go on in the clear."""
    heard = bytearray()

    async def pretend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id":"x","version":"2.15.0","max_payload":1000,"nonce":"abc"}\r\n')
        heard.extend(await reader.read(10_000))
        writer.close()

    server = await asyncio.start_server(pretend, LOOPBACK, 0)
    port = server.sockets[0].getsockname()[1]
    seed, _ = seed_file(node / "pretended")
    client = NatsClient(
        f"nats://{LOOPBACK}:{port}", name="test", seed_file=seed, ca_file=node / "secrets" / "node_ca.pem"
    )
    assert not await connects(client)
    server.close()
    assert b"CONNECT" not in heard
    assert b"nkey" not in heard


def test_the_certificates_are_for_servers_and_last(node: Path) -> None:
    for name in ("nats", "postgres"):
        made = x509.load_pem_x509_certificate((node / "tls" / f"{name}.pem").read_bytes())
        names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert name in names.get_values_for_type(x509.DNSName)
        assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert (node / "tls" / f"{name}_key.pem").stat().st_mode & 0o77 == 0
    before = (node / "tls" / "nats.pem").read_bytes()
    make_certificates(node, DISTRICT)
    assert (node / "tls" / "nats.pem").read_bytes() == before
    ssl.create_default_context(cafile=str(node / "secrets" / "node_ca.pem"))


async def test_a_service_told_to_use_tls_does_not_talk_to_postgresql_in_the_clear(
    database_factory: DatabaseFactory, node: Path
) -> None:
    access = await database_factory("tls")
    asked = f"{access.app_url}?sslmode=verify-full&sslrootcert={node / 'secrets' / 'node_ca.pem'}"
    with pytest.raises(ConnectionError, match="SSL"):
        await asyncpg.connect(asked)
    database = Database(asked, pool_size=1)
    with pytest.raises((ConnectionError, Unavailable), match="SSL"):
        await database.open()


async def test_the_app_role_changes_no_structure_empties_no_table_and_reaches_no_other_database(
    database_factory: DatabaseFactory,
) -> None:
    mine, other = await database_factory("registry"), await database_factory("migrant")
    owner = await asyncpg.connect(mine.owner_url)
    await owner.execute("CREATE TABLE thing (id int)")
    await owner.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON thing TO "{mine.app_role}"')
    await owner.close()
    app = await asyncpg.connect(mine.app_url)
    for statement in (
        "CREATE TABLE another (id int)",
        "ALTER TABLE thing ADD COLUMN more int",
        "DROP TABLE thing",
        "TRUNCATE thing",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1",
        "CREATE SCHEMA mine",
        "CREATE ROLE somebody",
        "ALTER TABLE thing DISABLE ROW LEVEL SECURITY",
        f'SET ROLE "{mine.owner_role}"',
        "COPY thing TO PROGRAM 'true'",
        "COPY thing FROM '/etc/passwd'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT * FROM pg_authid",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(statement)
    # PostgreSQL answers this with a warning only; what counts is that nothing was granted
    await app.execute(f'GRANT SELECT ON thing TO "{other.app_role}"')
    assert not await app.fetchval("SELECT has_table_privilege($1, 'thing', 'SELECT')", other.app_role)
    await app.close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(mine.app_url.replace(f"/{mine.name}", f"/{other.name}"))
