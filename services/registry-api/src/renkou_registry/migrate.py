"""Brings the database to the newest revision and seeds it; ``--check`` only looks for drift.

    python -m renkou_registry.migrate [--check]

Runs as the owner role. Seeding may run again at any time: divisions are loaded once, built-in roles
are brought to what this version says, the first administrator is created once, the services' secrets follow their
files, purposes that are new to a district are added.
"""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import cast

import structlog

from renkou_common import migration
from renkou_common.database import Session, Transaction, connect
from renkou_common.ids import new_id
from renkou_common.log import configure_logging
from renkou_common.messaging.outbox import Outbox
from renkou_common.settings import read_secret, read_secrets
from renkou_registry.areas.repository import load_divisions
from renkou_registry.bootstrap import event_source
from renkou_registry.privacy.purposes import service as purposes
from renkou_registry.privacy.retention import service as retention
from renkou_registry.settings import RegistrySettings, load_settings
from renkou_registry.staff import seeding

SCRIPTS = Path(__file__).parent / "migrations"
log = structlog.get_logger()


async def seed(settings: RegistrySettings) -> None:
    """Fill in what a new district needs before anybody can sign in."""
    connection = await connect(settings.migration_dsn)
    try:
        loaded = await load_divisions(connection)
        if loaded:
            log.info("divisions loaded", count=loaded)
        async with connection.transaction():
            await _seed_accounts(connection, settings)
            outbox = Outbox(event_source(settings), settings.clock)
            await retention.add_first(cast(Transaction, connection))
            added = await purposes.add_first(cast(Transaction, connection), outbox)
            if added:
                log.info("purposes added", count=added)
    finally:
        await connection.close()


async def _seed_accounts(connection: Session, settings: RegistrySettings) -> None:
    tx = cast(Transaction, connection)
    outbox = Outbox(event_source(settings), settings.clock)
    changed = await seeding.built_in_roles(tx, outbox)
    if changed:
        log.info("built-in roles settled", roles=changed)
    if settings.administrator_secret_file is not None:
        secret = read_secret(settings.administrator_secret_file)
        if await seeding.first_administrator(tx, outbox, settings.district, secret):
            log.info("first administrator created")
    files = {
        "registry-api": settings.service_secret_file,
        "migrant-api": settings.migrant_secret_file,
        "reporting-worker": settings.reporting_secret_file,
    }
    for client_id, file in files.items():
        if file is not None:
            await seeding.service_client(tx, new_id(), client_id, read_secrets(file))


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="exit 1 where database and tables differ")
    given = parser.parse_args()
    settings = load_settings()
    configure_logging("registry-api", settings.log_level)
    if given.check:
        drift = migration.check(SCRIPTS, settings.migration_dsn)
        for difference in drift:
            print(difference)
        sys.exit(1 if drift else 0)
    migration.upgrade(SCRIPTS, settings.migration_dsn)
    asyncio.run(seed(settings))


if __name__ == "__main__":
    main()
