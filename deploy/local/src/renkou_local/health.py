"""Asks a process on loopback whether it is healthy; plain asyncio, because it is asked often."""

import asyncio

from renkou_local.ports import LOOPBACK

TIMEOUT = 2.0


async def is_healthy(port: int, path: str) -> bool:
    """True when GET of this path is answered with 200 within two seconds."""
    try:
        async with asyncio.timeout(TIMEOUT):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nConnection: close\r\n\r\n".encode())
                status = (await reader.readline()).split()
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        return False
    return len(status) >= 2 and status[1] == b"200"
