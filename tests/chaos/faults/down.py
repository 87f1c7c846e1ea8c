"""Tries to take a service's database back by one migration: ``python down.py registry``; ends with 3 where refused.

Run by path as the owner of the database, with the environment of the service's migration.
"""

import sys
from importlib import import_module

from alembic import command

from renkou_common.migration import alembic_config

REFUSED = 3


def main(service: str) -> int:
    """Go back by one."""
    scripts = import_module(f"renkou_{service}.migrate").SCRIPTS
    settings = import_module(f"renkou_{service}.settings").load_settings()
    try:
        command.downgrade(alembic_config(scripts, settings.migration_dsn), "-1")
    except NotImplementedError as refusal:
        print(refusal)
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
