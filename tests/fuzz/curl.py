"""A request as a line for the shell."""

import requests

from tests.fuzz.apps import BASE
from tests.fuzz.world import Credentials


def curl(name: str, asked: requests.PreparedRequest, caller: Credentials) -> str:
    """Return a line that sends a request again; addresses and tokens come from build/fuzz/callers.sh (--keep)."""
    url = (asked.url or "").removeprefix(BASE)
    parts = [f'curl -i -X {asked.method} "$RENKOU_{name.upper()}"{_quoted(url)}']
    for header, value in asked.headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        if header == "Authorization":
            parts.append(
                f'-H "Authorization: Bearer $TOKEN_{caller.name.upper().replace(".", "_").replace("-", "_")}"'
            )
        elif header not in ("Content-Length",):
            parts.append(f"-H {_quoted(f'{header}: {text}')}")
    if asked.body:
        body = asked.body if isinstance(asked.body, bytes) else str(asked.body).encode()
        try:
            parts.append(f"--data-binary {_quoted(body.decode())}")
        except UnicodeDecodeError:
            escaped = "".join(f"\\x{byte:02x}" for byte in body)
            parts.append(f"--data-binary @<(printf '{escaped}')")
    return " ".join(parts)[:20_000]


def _quoted(text: str) -> str:
    if all(character.isprintable() and character != "'" for character in text):
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    shown = "".join(
        each if each.isprintable() else "".join(f"\\x{b:02x}" for b in each.encode()) for each in escaped
    )
    return f"$'{shown}'"
