"""Stands in for every process of a service, so that the stack is tested without the services: real processes.

    python stand_in.py migrate|main|worker

`migrate` adds a row to a table as the owner role; `main` answers /health/ready and, at /rows, how many rows
the app role sees; `worker` waits for SIGTERM.
"""

import asyncio
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


async def migrate() -> None:
    """Count the starts in a table of the owner's."""
    import asyncpg

    password = Path(os.environ["RENKOU_MIGRATION_DATABASE_PASSWORD_FILE"]).read_text()
    connection = await asyncpg.connect(os.environ["RENKOU_MIGRATION_DATABASE_URL"], password=password)
    await connection.execute("CREATE TABLE IF NOT EXISTS starts (at timestamptz DEFAULT now())")
    await connection.execute(f'GRANT SELECT ON starts TO "{os.environ["RENKOU_APP_ROLE"]}"')
    await connection.execute("INSERT INTO starts DEFAULT VALUES")
    await connection.close()


async def rows() -> int:
    """What the app role sees."""
    import asyncpg

    password = Path(os.environ["RENKOU_DATABASE_PASSWORD_FILE"]).read_text()
    connection = await asyncpg.connect(os.environ["RENKOU_DATABASE_URL"], password=password)
    count: int = await connection.fetchval("SELECT count(*) FROM starts")
    await connection.close()
    return count


class Handler(BaseHTTPRequestHandler):
    """Two pages."""

    def do_GET(self) -> None:
        body = str(asyncio.run(rows())) if self.path == "/rows" else "ready"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body.encode())


def serve() -> None:
    """The HTTP process."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    address = (os.environ["RENKOU_HTTP_HOST"], int(os.environ["RENKOU_HTTP_PORT"]))
    ThreadingHTTPServer(address, Handler).serve_forever()


def work() -> None:
    """The worker."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("working", flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    role = sys.argv[1]
    asyncio.run(migrate()) if role == "migrate" else serve() if role == "main" else work()
