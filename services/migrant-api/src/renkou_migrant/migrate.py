"""Brings the database to the newest revision as its owner: ``python -m renkou_migrant.migrate [--check]``.

``--check`` compares the migrated database with the tables' metadata and ends with 1 on a difference.
"""

import argparse
import sys
from pathlib import Path

from renkou_common.migration import check, upgrade
from renkou_migrant.settings import load_settings

SCRIPTS = Path(__file__).parent / "migrations"


def main() -> int:
    """Command line entry; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only look for drift")
    given = parser.parse_args()
    dsn = load_settings().migration_dsn
    if given.check:
        differences = check(SCRIPTS, dsn)
        for difference in differences:
            print(difference)
        return 1 if differences else 0
    upgrade(SCRIPTS, dsn)
    return 0


if __name__ == "__main__":
    sys.exit(main())
