"""Brings the database to the newest revision as the owner role: ``python -m renkou_reporting.migrate``.

``--check`` changes nothing and ends with 1 where the migrated database and the tables' metadata differ.
"""

import argparse
import sys
from pathlib import Path

from renkou_common.migration import check, upgrade
from renkou_reporting.settings import load_settings

SCRIPTS = Path(__file__).parent / "migrations"


def main() -> int:
    """Command line entry; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only compare database and metadata")
    given = parser.parse_args()
    dsn = load_settings().migration_dsn
    if not given.check:
        upgrade(SCRIPTS, dsn)
        return 0
    differences = check(SCRIPTS, dsn)
    for difference in differences:
        print(difference)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
