"""For the operator: ``python -m renkou_reporting.facts export DIR`` writes all facts as CSV (docs/operations.md).

Ends with 0, with 1 where the database cannot be read or the folder not written, with 2 for a folder in use.
"""

import argparse
import asyncio
import sys
from pathlib import Path

import asyncpg

from renkou_reporting.areas.service import EXPORTED
from renkou_reporting.facts.errors import FolderNotEmpty
from renkou_reporting.facts.export import export_facts
from renkou_reporting.settings import load_settings


def main(arguments: list[str] | None = None) -> int:
    """Command line entry; returns the exit status."""
    parser = argparse.ArgumentParser(prog="renkou_reporting.facts")
    commands = parser.add_subparsers(required=True)
    export = commands.add_parser("export", help="write all facts and divisions as CSV 导出全部统计事实")
    export.add_argument("folder", type=Path, help="an empty folder, or one to be made")
    folder: Path = parser.parse_args(arguments).folder
    settings = load_settings()
    now = settings.clock.now()
    try:
        written = asyncio.run(export_facts(settings.database_dsn, folder, settings.district, now, EXPORTED))
    except FolderNotEmpty as error:
        print(f"目录不为空 {error}", file=sys.stderr)
        return 2
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        print(f"导出失败 not exported: {error!r}", file=sys.stderr)
        return 1
    for name, file in written.files.items():
        print(f"{name}: {file.rows} rows, sha256 {file.sha256}")
    print(f"positions: {written.positions}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
