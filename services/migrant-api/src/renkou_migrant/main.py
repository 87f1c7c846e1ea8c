"""The HTTP process of migrant-api: ``python -m renkou_migrant.main``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from renkou_common.http.application import ReadinessCheck, create_application, serve
from renkou_common.http.idempotency import marked_by
from renkou_common.http.surface import Surface
from renkou_common.log import configure_logging
from renkou_common.messaging.gauges import measure_feeds
from renkou_migrant.agreements.routes import router as agreements
from renkou_migrant.applications.routes import router as applications
from renkou_migrant.arrivals.routes import router as arrivals
from renkou_migrant.audit.domain import label_of
from renkou_migrant.audit.routes import AuditLog
from renkou_migrant.audit.routes import router as audit
from renkou_migrant.bootstrap import open_runtime
from renkou_migrant.calendar.routes import router as calendar
from renkou_migrant.certificate_keys.routes import router as certificate_keys
from renkou_migrant.certificates.routes import router as certificates
from renkou_migrant.checks.routes import router as checks
from renkou_migrant.departures.routes import router as departures
from renkou_migrant.exchange.conversation_routes import router as conversations
from renkou_migrant.exchange.gauges import measure_dead_letters
from renkou_migrant.exchange.routes import router as notices
from renkou_migrant.exchange.transport_routes import router as transport
from renkou_migrant.feeds.routes import router as feeds
from renkou_migrant.field_keys.routes import router as field_keys
from renkou_migrant.figure_cases.routes import router as figure_cases
from renkou_migrant.me.applications import router as my_applications
from renkou_migrant.me.exchange import router as my_exchange
from renkou_migrant.me.readings import router as my_readings
from renkou_migrant.me.routes import router as me
from renkou_migrant.message_log.routes import router as message_log
from renkou_migrant.partners.routes import router as partners
from renkou_migrant.public_page.routes import router as public_page
from renkou_migrant.purposes.routes import router as purposes
from renkou_migrant.reissues.routes import router as reissues
from renkou_migrant.runtime import Runtime
from renkou_migrant.settings import MigrantSettings, load_settings
from renkou_migrant.status_lists.routes import router as status_lists

ROUTERS: list[APIRouter] = [
    departures,
    applications,
    certificates,
    certificate_keys,
    reissues,
    status_lists,
    arrivals,
    checks,
    purposes,
    public_page,
    partners,
    agreements,
    notices,
    conversations,
    transport,
    calendar,
    message_log,
    audit,
    me,
    my_applications,
    my_exchange,
    my_readings,
    figure_cases,
    feeds,
    field_keys,
]
TITLE = "migrant-api"
DESCRIPTION = "流动人口: certificates, departures and arrivals, and the exchange with partner districts."


def create_app(settings: MigrantSettings, runtime: Runtime | None = None) -> FastAPI:
    """Return the application; with ``runtime`` it uses that one (open already) instead of its own."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if runtime is not None:
            yield
            return
        async with open_runtime(settings) as opened:
            install(app, opened)
            yield

    app = create_application(
        title=TITLE,
        description=DESCRIPTION,
        lifespan=lifespan,
        routers=ROUTERS,
        readiness=_readiness,
        gauges=_gauges,
    )
    if runtime is not None:
        install(app, runtime)
    return app


def install(app: FastAPI, runtime: Runtime) -> None:
    """Give the routes of an application what they work with."""
    app.state.runtime = runtime
    app.state.database = runtime.database
    app.state.identity = runtime.identity
    app.state.audit = AuditLog(
        runtime.database, runtime.clock, runtime.audit_key, runtime.audit_log, label_of, runtime.district
    )
    app.state.request_mark = marked_by(runtime.cipher)


def _readiness(app: FastAPI) -> ReadinessCheck:
    async def ready() -> None:
        runtime: Runtime = app.state.runtime
        await runtime.database.ping()

    return ready


def _gauges(app: FastAPI) -> ReadinessCheck:
    async def measure() -> None:
        runtime: Runtime = app.state.runtime
        await measure_feeds(runtime.database)
        await measure_dead_letters(runtime.database)

    return measure


def main() -> None:
    """Run until SIGTERM."""
    settings = load_settings()
    configure_logging(TITLE, settings.log_level)
    serve(
        create_app(settings.of_one_process()),
        settings.http_host,
        settings.http_port,
        processes=settings.serving_processes,
        body_limits={"/trust-list": 33 << 20},
        surface=Surface.of(settings),
        tls=settings.http_tls,
    )


if __name__ == "__main__":
    main()
