"""Tries with the keys of one service what must fail at its PostgreSQL and its NATS; needs no module of ours.

    docker compose exec -T registry-worker python - registry < tests/e2e/intruder.py

Reads the environment of a worker (RENKOU_DATABASE_URL, RENKOU_NATS_URL and, where the services speak TLS,
RENKOU_REGISTRY_URL and RENKOU_MIGRANT_URL, with the files they go with); writes JSON:
what worked that must work, what was refused, and what was let in.
"""

import asyncio
import json
import logging
import os
import re
import ssl
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from socket import gethostbyname
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import nats
import nkeys
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

SERVICES = ("registry", "migrant", "reporting")
OWN_DURABLE = {"registry": "MIGRANT.registry-migrant", "migrant": "REGISTRY.migrant-registry"}
STATEMENTS = (
    "CREATE TABLE intruder (id int)",
    "CREATE SCHEMA intruder",
    "CREATE FUNCTION intruder() RETURNS int LANGUAGE sql RETURN 1",
    "CREATE EXTENSION plpython3u",
    "ALTER TABLE outbox ADD COLUMN intruder int",
    "ALTER TABLE outbox DISABLE ROW LEVEL SECURITY",
    "DROP TABLE outbox",
    "TRUNCATE outbox",
    "CREATE ROLE intruder",
    "CREATE DATABASE intruder",
    "ALTER ROLE postgres PASSWORD 'intruder'",
    "ALTER SYSTEM SET ssl = off",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY (SELECT 1) TO '/tmp/intruder'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_reload_conf()",
    "SELECT * FROM pg_authid",
    "SET ROLE postgres",
    "SET session_replication_role = replica",
)
REFUSED = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    nats.errors.Error,
    httpx.HTTPError,
)


class Found:
    """What came of each attempt."""

    def __init__(self) -> None:
        self.worked: list[str] = []
        self.refused: list[str] = []
        self.let_in: list[str] = []

    async def must_fail(self, what: str, attempt: Callable[[], Awaitable[Any]]) -> None:
        """Carry out an attempt that has to be refused."""
        try:
            async with asyncio.timeout(8):
                await attempt()
        except REFUSED as error:
            self.refused.append(f"{what}: {str(error) or repr(error)}"[:160])
        else:
            self.let_in.append(what)


def strange_authority() -> str:
    """Return the file of a certificate authority that nobody here trusts."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    signed = made.add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256())
    with tempfile.NamedTemporaryFile(delete=False, suffix=".pem") as file:
        file.write(signed.public_bytes(Encoding.PEM))
    return file.name


async def try_postgres(found: Found, service: str, stranger: str) -> None:
    """Try the database with the service's own role."""
    url = os.environ["RENKOU_DATABASE_URL"]
    password = Path(os.environ["RENKOU_DATABASE_PASSWORD_FILE"]).read_text().strip()
    host = urlsplit(url).hostname or ""
    plain = url.partition("?")[0]

    async def query(dsn: str, statement: str = "SELECT 1", *, secret: str = password) -> Any:
        connection = await asyncpg.connect(dsn, password=secret, timeout=6)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    if await query(url, "SELECT ssl AND version >= 'TLSv1.2' FROM pg_stat_ssl WHERE pid = pg_backend_pid()"):
        found.worked.append("PostgreSQL by TLS")
    await found.must_fail("PostgreSQL without TLS", lambda: query(f"{plain}?sslmode=disable"))
    other_ca = re.sub(r"sslrootcert=[^&]+", f"sslrootcert={stranger}", url)
    await found.must_fail("PostgreSQL of another authority", lambda: query(other_ca))
    by_address = url.replace(f"@{host}", f"@{_another_name(host)}")
    await found.must_fail("PostgreSQL under another name", lambda: query(by_address))
    await found.must_fail("PostgreSQL, wrong password", lambda: query(url, secret="guessed"))
    await found.must_fail("PostgreSQL, no password", lambda: query(url, secret=""))
    for other in set(SERVICES) - {service}:
        there = re.sub(rf"/{service}_", f"/{other}_", url)
        await found.must_fail(f"database of {other}", partial(query, there))
        as_other = re.sub(rf"//{service}_(\d+)_app@", rf"//{other}_\1_app@", there)
        await found.must_fail(f"role of {other}", partial(query, as_other))
    for role in ("_owner@", "postgres@"):
        as_role = re.sub(r"_app@" if role[0] == "_" else r"(?<=//)[^@]+@", role, url)
        await found.must_fail(f"role {role[:-1]}", partial(query, as_role))
    owner = re.search(r"//(\w+)_app@", url)
    for statement in (*STATEMENTS, f'SET ROLE "{owner[1]}_owner"' if owner else "SET ROLE postgres"):
        await found.must_fail(statement, partial(query, url, statement))


def _another_name(host: str) -> str:
    """Return what leads to the same server and stands in no certificate of it."""
    address = gethostbyname(host)
    return address if address != "127.0.0.1" else "127.0.0.2"


async def try_nats(found: Found, service: str, stranger: str) -> None:
    """Try the broker with the service's own user."""
    url = os.environ["RENKOU_NATS_URL"]
    seed = Path(os.environ["RENKOU_NATS_SEED_FILE"]).read_text().strip()
    trusted = ssl.create_default_context(cafile=os.environ["RENKOU_NATS_CA_FILE"])
    host = urlsplit(url).hostname or ""
    told: asyncio.Queue[Exception] = asyncio.Queue()

    async def connect(address: str = url, key: str | None = seed, **tls: Any) -> Any:
        options = tls or {"tls": trusted, "tls_handshake_first": True}
        return await nats.connect(
            address, nkeys_seed_str=key, allow_reconnect=False, connect_timeout=2,
            inbox_prefix=f"_INBOX_{service}", error_cb=told.put, **options,
        )  # fmt: skip

    strange: dict[str, Any] = {
        "tls": ssl.create_default_context(cafile=stranger),
        "tls_handshake_first": True,
    }
    made_up = nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER).decode()
    other_name = url.replace(host, _another_name(host))
    await asyncio.gather(
        found.must_fail("NATS without TLS", lambda: connect(tls_handshake_first=False)),
        found.must_fail("NATS of another authority", lambda: connect(**strange)),
        found.must_fail("NATS under another name", lambda: connect(other_name)),
        found.must_fail("NATS with a key of nobody's", lambda: connect(key=made_up)),
        found.must_fail("NATS without a key", lambda: connect(key=None)),
    )

    while not told.empty():  # of the attempts before
        told.get_nowait()
    client = await connect()
    own = OWN_DURABLE.get(service, "REGISTRY.reporting-registry")
    if json.loads((await client.request(f"$JS.API.CONSUMER.INFO.{own}", timeout=5)).data).get("name"):
        found.worked.append("NATS by TLS, the durable of its own")

    others = set(SERVICES) - {service}
    subjects = [f"{other}.person.registered.v1" for other in others if other != "reporting"]
    subjects += [f"$JS.API.STREAM.{verb}.{stream}" for stream in ("REGISTRY", "MIGRANT")
                 for verb in ("CREATE", "UPDATE", "DELETE", "PURGE", "MSG.GET", "MSG.DELETE")]  # fmt: skip
    subjects += [f"$JS.API.CONSUMER.{verb}.{durable}" for verb in ("MSG.NEXT", "DELETE", "CREATE")
                 for who, durable in OWN_DURABLE.items() if who != service]  # fmt: skip
    subjects += [
        "$JS.API.ACCOUNT.PURGE.NODE",
        "$SYS.REQ.SERVER.PING",
        *(f"_INBOX_{other}.x" for other in others),
    ]
    for subject in subjects:
        await _must_be_denied(found, f"publish {subject}", client.publish(subject, b"{}"), client, told)
    for subject in (">", "registry.>", "migrant.>", "$JS.>", "_INBOX.>", *(f"_INBOX_{o}.>" for o in others)):
        await _must_be_denied(found, f"subscribe {subject}", client.subscribe(subject), client, told)
    await client.close()


async def try_services(found: Found, stranger: str) -> None:
    """Try the HTTP of registry-api and migrant-api: in plain text, by another authority, by another name."""
    trusted = ssl.create_default_context(cafile=os.environ["RENKOU_SERVICE_CA_FILE"])
    strange = ssl.create_default_context(cafile=stranger)

    async def live(url: str, verify: ssl.SSLContext) -> int:
        async with httpx.AsyncClient(verify=verify, trust_env=False, timeout=6) as http:
            return (await http.get(f"{url}/health/live")).status_code

    urls = [os.environ["RENKOU_REGISTRY_URL"], os.environ["RENKOU_MIGRANT_URL"]]
    if [await live(url, trusted) for url in urls] == [200, 200]:
        found.worked.append("services by TLS")
    for url in urls:
        host = urlsplit(url).hostname or ""
        by_address = url.replace(host, _another_name(host))
        await found.must_fail(f"{url} without TLS", partial(live, url.replace("https:", "http:"), trusted))
        await found.must_fail(f"{url} of another authority", partial(live, url, strange))
        await found.must_fail(f"{url} under another name", partial(live, by_address, trusted))


async def _must_be_denied(
    found: Found, what: str, act: Awaitable[Any], client: Any, told: "asyncio.Queue[Exception]"
) -> None:
    """Do something that the server answers by an error of its own, or not at all."""
    await act
    await client.flush()  # a round trip: the error comes before its answer
    try:
        error = await asyncio.wait_for(told.get(), 2)
    except TimeoutError:
        found.let_in.append(what)
    else:
        (found.refused if "ermissions" in str(error) else found.let_in).append(f"{what}: {error}"[:160])


async def main(service: str) -> None:
    """Try everything; the caller judges what is printed."""
    logging.disable()  # libraries tell of connections that end: what is printed is read by a program
    found, stranger = Found(), strange_authority()
    await try_postgres(found, service, stranger)
    await try_nats(found, service, stranger)
    if "RENKOU_SERVICE_CA_FILE" in os.environ:
        await try_services(found, stranger)
    print(json.dumps(vars(found)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
