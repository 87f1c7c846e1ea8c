"""registry-api with single guards off, for the bench alone: what a guard costs is what the service gains without it.

    python -m tests.bench.unguarded [GUARD ...]

serves with the settings of its environment. No guard of the service can be switched off by a setting: each is taken
out here, before the processes are forked. The floor and the triggers of the audit log are the database's
(:mod:`tests.bench.guarded`), the budgets of requests a setting (``RENKOU_RATE_...=0``).
"""

import sys
from collections.abc import Callable
from typing import Any

import uvicorn

from renkou_common import crypto
from renkou_common.audit.recorder import ReadingRecorder
from renkou_common.codes import masking
from renkou_common.http.application import serve
from renkou_common.http.serving import serve_port
from renkou_common.http.surface import Surface
from renkou_common.identity import principal
from renkou_common.identity.principal import Access, Identity
from renkou_common.identity.roles import Scope
from renkou_common.identity.sessions import SessionGate
from renkou_common.log import configure_logging
from renkou_common.scope import AreaScope
from renkou_registry.main import BODY_LIMITS, create_app
from renkou_registry.persons import answers
from renkou_registry.settings import load_settings


def _audit() -> None:
    async def unwritten(*_: Any, **__: Any) -> None:
        return

    vars_of(ReadingRecorder)(record=unwritten)


def _fields() -> None:
    """Numbers and phones are neither sealed nor opened nor masked. Indexes stay: people are found by them.

    What is stored instead is sealed once for each column, so that the worker, which is guarded, can open it.
    """
    once: dict[str, bytes] = {}
    seal = crypto.FieldCipher.seal

    def plain(self: crypto.FieldCipher, content: bytes, column: str) -> bytes:
        if column not in once:
            once[column] = seal(self, content, column)
        return once[column]

    def stored(self: crypto.FieldCipher, sealed: bytes, column: str) -> bytes:
        return b"13812341234"  # what the measured people have is sealed

    vars_of(crypto.FieldCipher)(seal=plain, unseal=stored)
    for name in ("mask_resident_id", "mask_phone", "mask_document_number"):
        assert getattr(answers, name) is getattr(masking, name)
        setattr(answers, name, str)


def _sessions() -> None:
    async def unasked(*_: Any) -> None:
        return

    vars_of(SessionGate)(check=unasked)


def _rights() -> None:
    """Every caller is one account that may do everything everywhere, whatever the token says."""
    known: dict[str, Access] = {}
    access = Identity.access

    async def everywhere(self: Identity, authorization: str | None, scope: Scope) -> Access:
        if str(scope) not in known:
            found = await access(self, authorization, scope)
            areas = AreaScope.everything()
            known[scope] = principal.Access(found.subject, found.kind, found.name, areas, found.token)
        return known[scope]

    vars_of(Identity)(access=everywhere)


def vars_of(owner: type) -> Callable[..., None]:
    """Return what sets members of a class."""

    def given(**members: Any) -> None:
        for name, value in members.items():
            assert hasattr(owner, name), name
            setattr(owner, name, value)

    return given


OFF: dict[str, Callable[[], None]] = {
    "audit": _audit,
    "fields": _fields,
    "sessions": _sessions,
    "rights": _rights,
}


def main() -> None:
    """Serve until SIGTERM."""
    off = set(sys.argv[1:])
    for guard in off & OFF.keys():
        OFF[guard]()
    settings = load_settings()
    configure_logging("registry-api", settings.log_level)
    app = create_app(settings.of_one_process())
    if "edge" not in off:
        surface = Surface.of(settings)
        processes = settings.serving_processes
        serve(
            app,
            settings.http_host,
            settings.http_port,
            processes=processes,
            body_limits=BODY_LIMITS,
            surface=surface,
        )
        return
    config = uvicorn.Config(
        app,
        host=settings.http_host,
        port=settings.http_port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
    )
    serve_port(config, settings.serving_processes)


if __name__ == "__main__":
    main()
