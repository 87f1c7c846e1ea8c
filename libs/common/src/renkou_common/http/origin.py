"""Where a request came from, as the audit log keeps it: the client's address, its program, the trace."""

from starlette.types import Scope

from renkou_common.audit.acting import AGENT_CHARACTERS, Origin, came_from


def note_origin(scope: Scope, trace_id: str) -> None:
    """Keep where the request that begins here came from, for whatever it reads and changes."""
    client = scope.get("client")
    came_from(Origin(client[0] if client else None, _agent(scope), trace_id))


def _agent(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"user-agent":
            text = value.decode("latin-1")[:AGENT_CHARACTERS]
            return "".join(each for each in text if each.isprintable()) or None
    return None
