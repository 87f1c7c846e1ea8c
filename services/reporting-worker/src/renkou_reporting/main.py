"""The HTTP process: ``python -m renkou_reporting.main``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from renkou_common.http.application import ReadinessCheck, create_application, serve
from renkou_common.http.idempotency import unmarked
from renkou_common.http.surface import Surface
from renkou_common.log import configure_logging
from renkou_common.messaging.gauges import measure_feeds
from renkou_common.scope import AreaScope
from renkou_reporting.accounts.checking import measure_open
from renkou_reporting.accounts.routes import router as accounts_router
from renkou_reporting.areas.routes import router as areas_router
from renkou_reporting.bootstrap import open_runtime
from renkou_reporting.closings.routes import router as closings_router
from renkou_reporting.explain.routes import router as explain_router
from renkou_reporting.feeds.routes import router as feeds_router
from renkou_reporting.figures.routes import router as figures_router
from renkou_reporting.forecast.routes import router as forecast_router
from renkou_reporting.forms.routes import router as forms_router
from renkou_reporting.forms.service import take_packaged
from renkou_reporting.indicators.routes import router as indicators_router
from renkou_reporting.indicators.service import take_over_packaged
from renkou_reporting.measures.routes import router as measures_router
from renkou_reporting.outputs.routes import router as outputs_router
from renkou_reporting.province.routes import router as province_router
from renkou_reporting.published.routes import router as published_router
from renkou_reporting.rebuild.routes import router as rebuild_router
from renkou_reporting.reconciliation.gauges import measure_reconciliation
from renkou_reporting.reconciliation.routes import router as reconciliation_router
from renkou_reporting.returns.routes import router as returns_router
from renkou_reporting.scorecards.routes import router as scorecards_router
from renkou_reporting.settings import ReportingSettings, load_settings
from renkou_reporting.targets.routes import router as targets_router

BODY_LIMITS = {"/returns/": 4 << 20}


def build_application(settings: ReportingSettings, http: httpx.AsyncClient | None = None) -> FastAPI:
    """Return the application; nothing connects before its lifespan begins."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_runtime(settings, http) as runtime:
            async with runtime.database.transaction(AreaScope.nothing()) as tx:
                await take_over_packaged(tx, runtime.clock)
            app.state.runtime = runtime
            app.state.database = runtime.database
            app.state.identity = runtime.identity
            app.state.request_mark = unmarked
            async with runtime.database.transaction(AreaScope.everything()) as tx:
                await take_packaged(tx, runtime.clock.now())
            yield

    def readiness(app: FastAPI) -> ReadinessCheck:
        async def ready() -> None:
            await app.state.runtime.database.ping()

        return ready

    def gauges(app: FastAPI) -> ReadinessCheck:
        async def measure() -> None:
            await measure_open(app.state.runtime.database)
            await measure_reconciliation(app.state.runtime.database)
            await measure_feeds(app.state.runtime.database)

        return measure

    return create_application(
        title="renkou reporting-worker",
        description="Assessment figures of a district node (考核统计)",
        lifespan=lifespan,
        routers=[
            areas_router,
            indicators_router,
            measures_router,
            figures_router,
            outputs_router,
            explain_router,
            forms_router,
            accounts_router,
            forecast_router,
            returns_router,
            targets_router,
            scorecards_router,
            closings_router,
            published_router,
            province_router,
            rebuild_router,
            reconciliation_router,
            feeds_router,
        ],
        readiness=readiness,
        gauges=gauges,
    )


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    settings = load_settings()
    configure_logging("reporting-worker", settings.log_level)
    serve(
        build_application(settings.of_one_process()),
        settings.http_host,
        settings.http_port,
        processes=settings.serving_processes,
        body_limits=BODY_LIMITS,
        surface=Surface.of(settings),
        tls=settings.http_tls,
    )


if __name__ == "__main__":
    main()
