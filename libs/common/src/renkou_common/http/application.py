"""The shape of every service's HTTP application: health, metrics, docs without outside assets, problems."""

import os
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import cache
from typing import Any
from uuid import UUID

import uvicorn
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.routing import APIRoute, iter_route_contexts
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import ASGIApp

from renkou_common.database import Database
from renkou_common.errors import RenkouError
from renkou_common.http.connection import GuardedProtocol
from renkou_common.http.described import describe_refusals
from renkou_common.http.docs import docs_page
from renkou_common.http.middleware import Edge
from renkou_common.http.problems import install_problem_handlers
from renkou_common.http.rates import RateLimiter
from renkou_common.http.serving import METRICS_DIR, serve_port
from renkou_common.http.straight import StraightApplication
from renkou_common.http.surface import Surface
from renkou_common.http.unknown import refuse_unknown
from renkou_common.http.unstorable import refuse_unstorable
from renkou_common.identity.http import declared_rights
from renkou_common.identity.principal import Identity

type ReadinessCheck = Callable[[], Awaitable[None]]
type Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_application(
    *,
    title: str,
    description: str,
    lifespan: Lifespan,
    routers: list[APIRouter],
    readiness: Callable[[FastAPI], ReadinessCheck],
    gauges: Callable[[FastAPI], ReadinessCheck] | None = None,
) -> FastAPI:
    """Return the FastAPI application of one service; ``readiness`` is asked at each ``/health/ready``, ``gauges`` set
    what is measured at each ``/metrics``."""
    app = StraightApplication(
        title=title,
        description=description,
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        separate_input_output_schemas=False,
        redirect_slashes=False,  # a redirect would repeat whatever host the caller named
        dependencies=[Depends(refuse_unknown), Depends(refuse_unstorable)],
    )
    install_problem_handlers(app)

    @app.get("/health/live", tags=["health"], summary="The process answers")
    async def live() -> dict[str, str]:
        return {"status": "alive"}

    @app.get(
        "/health/ready",
        tags=["health"],
        summary="The service can do its work",
        response_model=None,
        responses={503: {"description": "A part that it needs is down"}},
    )
    async def ready() -> Response:
        try:
            await readiness(app)()
        except (RenkouError, OSError) as error:
            return JSONResponse({"status": "not ready", "reason": str(error)}, 503)
        return JSONResponse({"status": "ready"})

    @app.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        if request.client is None or not request.client.host.startswith(("127.", "::1")):
            return Response(status_code=404)
        if gauges is not None:
            await gauges(app)()
        return Response(_metrics(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(docs_page(app.openapi()))

    for router in routers:
        app.include_router(router)
    _show_rights(app)
    return app


def _show_rights(app: FastAPI) -> None:
    """Have the API description say for each endpoint, as ``x-right``, which right it declares, and how it refuses."""
    describe = app.openapi

    @cache
    def described() -> dict[str, Any]:
        document = describe()
        for context in iter_route_contexts(app.routes):
            route = context.original_route
            operations = document["paths"].get(context.path_format, {})
            rights = sorted(set(declared_rights(route.dependant))) if isinstance(route, APIRoute) else []
            for method in context.methods or () if rights else ():
                if method.lower() in operations:
                    operations[method.lower()]["x-right"] = " ".join(rights)
        return describe_refusals(document)

    app.openapi = described  # type: ignore[method-assign]  # as FastAPI says to extend it


def serve(
    app: FastAPI,
    host: str,
    port: int,
    *,
    processes: int = 1,
    body_limits: Mapping[str, int] | None = None,
    surface: Surface | None = None,
    tls: ssl.SSLContext | None = None,
) -> None:
    """Serve a port with some processes until SIGTERM or SIGINT; requests are counted where ``surface`` says so. With
    ``tls`` nothing is answered in plain text."""
    config = uvicorn.Config(
        outermost(app, body_limits, surface or Surface()),
        host=host,
        port=port,
        loop="uvloop",
        http=GuardedProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=False,  # whom to believe is a setting of ours
        timeout_graceful_shutdown=10,
        timeout_keep_alive=30,
        ssl_context_factory=None if tls is None else lambda *_: tls,
    )
    serve_port(config, processes)


def outermost(app: FastAPI, body_limits: Mapping[str, int] | None, surface: Surface) -> ASGIApp:
    """Return an application in its outermost layer. Its lifespan puts a database and an identity into its state."""

    async def take(sql: str, *arguments: Any) -> Any:
        return await app.state.database.fetchrow(sql, *arguments)

    def known(token: str) -> tuple[UUID, str] | None:
        identity: Identity | None = getattr(app.state, "identity", None)
        return None if identity is None else identity.known(token)

    async def proof(authorization: str | None) -> None:
        identity: Identity = app.state.identity
        await identity.authenticate(authorization)

    def line() -> int:
        database: Database | None = getattr(app.state, "database", None)
        return 0 if database is None else database.line

    counted = any(surface.rates.values()) or surface.service_rate
    rates = RateLimiter(take) if counted else None
    return Edge(app, limits=body_limits, surface=surface, known=known, proof=proof, rates=rates, line=line)


def _metrics() -> bytes:
    """Return what this process has counted; what all have, where several serve the port."""
    if METRICS_DIR not in os.environ:
        return generate_latest()
    every = CollectorRegistry()
    MultiProcessCollector(every)  # type: ignore[no-untyped-call]
    return generate_latest(every)
