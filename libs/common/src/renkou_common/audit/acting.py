"""Who acts just now, from where and what for: kept for the task that does it, told to the database by its transactions.

The edge of a service notes the address, the identity the caller; a worker says once as which service it acts, a job
for whom. A transaction hands all of it to the triggers that write the audit log, in the round trip that begins it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from uuid import UUID

import orjson

STAFF, PERSON, SERVICE, IMPORT = "staff", "person", "service", "import"
AGENT_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, as the edge saw it; nothing of it for what a worker does by itself."""

    address: str | None = None
    agent: str | None = None
    trace_id: str | None = None


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts: ``kind`` is staff, person, service or import; ``acting_for`` whose duties are done, if another's."""

    actor_id: UUID | None
    kind: str
    name: str
    acting_for: UUID | None = None
    session: str | None = None
    purpose: str | None = None
    reason: str | None = None


NOWHERE = Origin()
_origin: ContextVar[Origin] = ContextVar("audit_origin", default=NOWHERE)
_acting: ContextVar[Acting | None] = ContextVar("audit_acting", default=None)


def came_from(origin: Origin) -> None:
    """Begin a request: nobody is known to act yet."""
    _origin.set(origin)
    _acting.set(None)


def act_as(acting: Acting) -> None:
    """Say who acts from here on in this task and the tasks it starts."""
    _acting.set(acting)


@contextmanager
def acting_as(acting: Acting) -> Iterator[None]:
    """Let somebody else act for a while: a job in the name of the clerk who asked for it."""
    before = _acting.set(acting)
    try:
        yield
    finally:
        _acting.reset(before)


@contextmanager
def acting_to(purpose: str, reason: str | None = None) -> Iterator[None]:
    """Say what the same caller's changes inside are for."""
    acting = _acting.get()
    if acting is None:
        yield
        return
    with acting_as(replace(acting, purpose=purpose, reason=reason)):
        yield


def origin() -> Origin:
    """Return where the request that is being answered came from."""
    return _origin.get()


def acting() -> Acting | None:
    """Return who acts, None where nobody has said."""
    return _acting.get()


def set_local() -> str:
    """Return the statement that tells the database who acts in this transaction; empty where nobody is known.

    ``; SET LOCAL renkou.acting = '{"id": …, "kind": …, …}'``: a value in quotes, so that a user's name stays one.
    """
    who, where = _acting.get(), _origin.get()
    if who is None:
        return ""
    members = {
        "id": who.actor_id,
        "kind": who.kind,
        "name": who.name,
        "acting_for": who.acting_for,
        "session": who.session,
        "purpose": who.purpose,
        "reason": who.reason,
        "address": where.address,
        "agent": where.agent,
        "trace_id": where.trace_id,
    }
    given = {name: _storable(value) for name, value in members.items() if value is not None}
    text = orjson.dumps(given).decode().replace("\\", "\\\\").replace("'", "''")
    return f"; SET LOCAL renkou.acting = E'{text}'"


def _storable(value: str | UUID) -> str:
    """Return a value without what PostgreSQL keeps in no text: NUL and halves of characters."""
    return str(value).replace("\0", "").encode("utf-8", "replace").decode()
