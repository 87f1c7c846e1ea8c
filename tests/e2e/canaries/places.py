"""Every place where a stack of nodes writes: its files, what its databases hold, what it answers anybody."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import httpx

from renkou_local.postgres import program
from renkou_local.stack import Stack

KEPT = ("secrets", "authority", "superuser_password", "anchor.json")
"""Where secrets are meant to be, each readable by its process alone."""


def files(stack: Stack) -> Iterator[Path]:
    """Every file below the stack's folder: logs, the cluster with its write-ahead log, JetStream, temporary files."""
    for folder, below, names in os.walk(stack.data_dir):
        below[:] = [name for name in below if name not in KEPT]
        for name in names:
            path = Path(folder, name)
            if name not in KEPT and path.is_file():
                yield path


def kind(stack: Stack, path: Path) -> str:
    """What a file is: logs, postgres, wal, nats, hub, or something else of the stack."""
    parts = path.relative_to(stack.data_dir).parts
    return "wal" if "pg_wal" in parts else parts[0] if parts[0] != "logs" else f"logs of {path.stem}"


async def dump(stack: Stack, database: str) -> bytes:
    """What pg_dump writes of a database, plain, and all roles."""
    said = b""
    for tool, *options in (("pg_dump", database), ("pg_dumpall", "--roles-only", "-l", database)):
        address = ["-h", "127.0.0.1", "-p", str(stack.postgres.port), "-U", "postgres"]
        process = await asyncio.create_subprocess_exec(
            program(tool),
            *address,
            *options,
            env={"PGPASSWORD": stack.postgres.superuser_password},
            stdout=asyncio.subprocess.PIPE,
        )
        written, _ = await process.communicate()
        assert process.returncode == 0, tool
        said += written
    return said


async def databases(stack: Stack) -> list[str]:
    """Names of all databases of the nodes."""
    connection = await stack.postgres.connect()
    try:
        rows = await connection.fetch(
            "SELECT datname FROM pg_database WHERE datname ~ '_[0-9]{6}$' ORDER BY 1"
        )
        return [row["datname"] for row in rows]
    finally:
        await connection.close()


async def told_anybody(http: httpx.AsyncClient, stack: Stack) -> dict[str, bytes]:
    """What the services and the servers tell without a token."""
    urls = [url for node in stack.nodes.values() for url in node.urls.values()]
    asked = [
        f"{url}{path}" for url in urls for path in ("/openapi.json", "/metrics", "/health/ready", "/docs")
    ]
    for port in (stack.nats.monitor_port, stack.hub.monitor_port):
        asked += [
            f"http://127.0.0.1:{port}/{path}"
            for path in (
                "varz",
                "connz?subs=detail&auth=1",
                "routez",
                "subsz?subs=1",
                "jsz?streams=1&consumers=1&config=1",
            )
        ]
    return {url: (await http.get(url, timeout=60)).content for url in asked}
