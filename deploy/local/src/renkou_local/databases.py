"""The databases and roles of a node: one database and two roles for each service.

The owner role owns the database and runs migrations; the app role is what the service uses at run time.
Neither is a superuser nor passes by row-level security, and nobody else may connect. Run again at any time:
what exists stays, passwords are set to what the secret files say. Compose and production run it as an init
step:

    python -m renkou_local.databases --url postgresql://postgres@host/postgres --password-file F \
        --district 340103 --secrets /run/renkou/340103
"""

import argparse
import asyncio
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from renkou_local import secret_files

SERVICES = ("registry", "migrant", "reporting")
TIMEOUTS = {
    "statement_timeout": "60s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
    "idle_session_timeout": "1h",
    "transaction_timeout": "1h",
}
"""Of the app role in its database, whoever connects with it and whatever that client forgets."""


@dataclass(frozen=True)
class DatabaseAccess:
    """A database with its two roles; `address` is host:port."""

    name: str
    address: str
    owner_role: str
    owner_password: str
    app_role: str
    app_password: str

    def url(self, role: str = "", password: str = "") -> str:
        """A URL for asyncpg or libpq, with or without role and password."""
        credentials = f"{role}:{password}@" if password else f"{role}@" if role else ""
        return f"postgresql://{credentials}{self.address}/{self.name}"

    @property
    def owner_url(self) -> str:
        """URL of the owner role, password inside."""
        return self.url(self.owner_role, self.owner_password)

    @property
    def app_url(self) -> str:
        """URL of the app role, password inside."""
        return self.url(self.app_role, self.app_password)


def password_files(secrets: Path, service: str) -> tuple[Path, Path]:
    """The files with the owner's and the app role's password, made where they are missing."""
    return (
        secret_files.keep(secrets / f"{service}_owner_password", secret_files.password),
        secret_files.keep(secrets / f"{service}_app_password", secret_files.password),
    )


def node_access(address: str, district: str, secrets: Path) -> dict[str, DatabaseAccess]:
    """Names and passwords of a node's databases by service, without touching a server."""
    access = {}
    for service in SERVICES:
        owner, app = password_files(secrets, service)
        access[service] = DatabaseAccess(
            name=f"{service}_{district}",
            address=address,
            owner_role=f"{service}_{district}_owner",
            owner_password=secret_files.read(owner),
            app_role=f"{service}_{district}_app",
            app_password=secret_files.read(app),
        )
    return access


async def create_database(
    connection: asyncpg.Connection, access: DatabaseAccess, *, template: str = "template0"
) -> None:
    """Make the roles and the database unless they exist, and close the database to everybody else."""
    await _create_role(connection, access.owner_role, access.owner_password)
    await _create_role(connection, access.app_role, access.app_password)
    if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", access.name):
        # FILE_COPY: five to ten times faster than logging each page when the template is large.
        await connection.execute(
            f'CREATE DATABASE "{access.name}" OWNER "{access.owner_role}"'
            f' TEMPLATE "{template}" STRATEGY FILE_COPY'
        )
    await connection.execute(f'REVOKE ALL ON DATABASE "{access.name}" FROM PUBLIC')
    await connection.execute(f'GRANT CONNECT, TEMPORARY ON DATABASE "{access.name}" TO "{access.app_role}"')
    for name, value in TIMEOUTS.items():
        await connection.execute(
            f'ALTER ROLE "{access.app_role}" IN DATABASE "{access.name}" SET {name} = \'{value}\''
        )


async def _create_role(connection: asyncpg.Connection, role: str, password: str) -> None:
    exists = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
    # Utility statements take no parameters; quote_literal makes the password safe.
    literal = await connection.fetchval("SELECT quote_literal($1)", password)
    options = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS"
    await connection.execute(f'{"ALTER" if exists else "CREATE"} ROLE "{role}" {options} PASSWORD {literal}')


async def create_node_databases(
    url: str, password: str, district: str, secrets: Path
) -> dict[str, DatabaseAccess]:
    """Make every database of a node on the server behind `url` (a superuser's), and close the server's own to the
    roles; returns them by service."""
    connection = await asyncpg.connect(url, password=password or None)
    try:
        for name in ("postgres", "template1"):
            if await connection.fetchval("SELECT has_database_privilege('public', $1, 'CONNECT')", name):
                await connection.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
        address = url.rsplit("@", 1)[-1].split("//")[-1].split("/")[0]
        access = node_access(address, district, secrets)
        for database in access.values():
            await create_database(connection, database)
    finally:
        await connection.close()
    return access


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--url", required=True, help="superuser's URL of the server")
    parser.add_argument("--password-file", type=Path, help="file with the superuser's password")
    parser.add_argument("--district", required=True, action="append", help="six digits; repeatable")
    parser.add_argument("--secrets", required=True, type=Path, help="folder of the password files")
    given = parser.parse_args()
    password = secret_files.read(given.password_file) if given.password_file else ""
    for district in given.district:
        made = asyncio.run(create_node_databases(given.url, password, district, given.secrets))
        print(f"{district}: {', '.join(access.name for access in made.values())}")


if __name__ == "__main__":
    main()
