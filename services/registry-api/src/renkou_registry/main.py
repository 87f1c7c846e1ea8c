"""The HTTP process: ``python -m renkou_registry.main``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from renkou_common.http.application import ReadinessCheck, create_application, serve
from renkou_common.http.idempotency import marked_by
from renkou_common.http.surface import Surface
from renkou_common.log import configure_logging
from renkou_common.messaging.gauges import measure_feeds
from renkou_registry.accounts.routes import router as accounts_router
from renkou_registry.activities.routes import router as activities_router
from renkou_registry.approvals.routes import router as approvals_router
from renkou_registry.areas.routes import router as areas_router
from renkou_registry.audit.domain import label_of
from renkou_registry.audit.routes import AuditLog
from renkou_registry.audit.routes import router as audit_router
from renkou_registry.auth.routes import router as auth_router
from renkou_registry.benefits.enrolments.own_routes import router as own_enrolments_router
from renkou_registry.benefits.routes import router as benefits_router
from renkou_registry.bootstrap import open_runtime
from renkou_registry.break_glass.routes import router as break_glass_router
from renkou_registry.budget.routes import router as budget_router
from renkou_registry.cards.routes import router as cards_router
from renkou_registry.childbirth.own_routes import router as own_childbirth_router
from renkou_registry.childbirth.routes import router as childbirth_router
from renkou_registry.code_lists.routes import router as code_lists_router
from renkou_registry.consents.routes import router as consents_router
from renkou_registry.corrections.own_routes import router as own_corrections_router
from renkou_registry.corrections.routes import router as corrections_router
from renkou_registry.duplicates.routes import router as duplicates_router
from renkou_registry.employers.routes import router as employers_router
from renkou_registry.exports.routes import router as exports_router
from renkou_registry.external_lists.routes import router as external_lists_router
from renkou_registry.feeds.routes import router as feeds_router
from renkou_registry.field_keys.routes import router as field_keys_router
from renkou_registry.figure_cases.routes import router as figure_cases_router
from renkou_registry.honour.routes import router as honour_router
from renkou_registry.households.routes import router as households_router
from renkou_registry.imports.routes import router as imports_router
from renkou_registry.kin.routes import router as kin_router
from renkou_registry.life_events.routes import router as life_events_router
from renkou_registry.me.routes import router as me_router
from renkou_registry.oidc.routes import router as oidc_router
from renkou_registry.persons.routes import router as persons_router
from renkou_registry.persons.taken import DocumentTaken
from renkou_registry.persons.taken import answer as told_taken
from renkou_registry.petitions.routes import router as petitions_router
from renkou_registry.places.routes import router as places_router
from renkou_registry.prepregnancy.own_routes import router as own_prepregnancy_router
from renkou_registry.prepregnancy.routes import router as prepregnancy_router
from renkou_registry.privacy.purposes.routes import router as purposes_router
from renkou_registry.privacy.registers.routes import router as registers_router
from renkou_registry.privacy.requests.own_routes import router as own_privacy_requests_router
from renkou_registry.privacy.requests.routes import router as privacy_requests_router
from renkou_registry.privacy.restriction.routes import router as restriction_router
from renkou_registry.privacy.retention.routes import router as retention_router
from renkou_registry.proofs.routes import router as proofs_router
from renkou_registry.rentals.routes import router as rentals_router
from renkou_registry.roles.routes import router as roles_router
from renkou_registry.search.routes import router as search_router
from renkou_registry.second_factor.routes import router as second_factor_router
from renkou_registry.separated.routes import router as separated_router
from renkou_registry.services_given.own_routes import router as own_services_router
from renkou_registry.services_given.routes import router as services_given_router
from renkou_registry.sessions.routes import router as sessions_router
from renkou_registry.settings import RegistrySettings, load_settings
from renkou_registry.sign_in_events.routes import router as sign_in_events_router
from renkou_registry.staff.routes import router as staff_router
from renkou_registry.stock.routes import router as stock_router
from renkou_registry.substitutions.routes import router as substitutions_router
from renkou_registry.supplies.routes import router as supplies_router
from renkou_registry.surveys.routes import router as surveys_router
from renkou_registry.timeline.routes import router as timeline_router
from renkou_registry.visits.own_routes import router as own_visits_router
from renkou_registry.visits.routes import router as visits_router

MAX_IMPORT_BYTES = 50 << 20
BODY_LIMITS = {"/imports": MAX_IMPORT_BYTES, "/external-lists": MAX_IMPORT_BYTES}


def create_app(settings: RegistrySettings | None = None) -> FastAPI:
    """Return the application; settings are read from the environment when it starts, unless given."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_runtime(settings or load_settings()) as runtime:
            app.state.runtime = runtime
            app.state.database = runtime.database
            app.state.identity = runtime.identity
            app.state.audit = AuditLog(
                runtime.database,
                runtime.clock,
                runtime.audit_key,
                runtime.audit_log,
                label_of,
                runtime.district,
            )
            app.state.request_mark = marked_by(runtime.cipher)
            yield

    app = create_application(
        title="registry-api 人口登记",
        description=(
            "People, households and life events of a district, its staff and its areas. "
            "区（县）的人口、家庭户、生命事件、工作人员与行政区划。"
        ),
        lifespan=lifespan,
        routers=[
            auth_router,
            sessions_router,
            oidc_router,
            second_factor_router,
            sign_in_events_router,
            staff_router,
            roles_router,
            approvals_router,
            substitutions_router,
            break_glass_router,
            areas_router,
            places_router,
            code_lists_router,
            search_router,
            separated_router,
            persons_router,
            kin_router,
            households_router,
            life_events_router,
            corrections_router,
            timeline_router,
            duplicates_router,
            cards_router,
            visits_router,
            services_given_router,
            prepregnancy_router,
            childbirth_router,
            honour_router,
            proofs_router,
            benefits_router,
            supplies_router,
            employers_router,
            rentals_router,
            activities_router,
            petitions_router,
            surveys_router,
            budget_router,
            imports_router,
            exports_router,
            external_lists_router,
            accounts_router,
            consents_router,
            purposes_router,
            restriction_router,
            retention_router,
            privacy_requests_router,
            registers_router,
            me_router,
            own_visits_router,
            own_corrections_router,
            own_privacy_requests_router,
            own_enrolments_router,
            own_services_router,
            own_childbirth_router,
            own_prepregnancy_router,
            figure_cases_router,
            audit_router,
            feeds_router,
            field_keys_router,
            stock_router,
        ],
        readiness=_readiness,
        gauges=_gauges,
    )
    app.add_exception_handler(DocumentTaken, told_taken)
    return app


def _readiness(app: FastAPI) -> ReadinessCheck:
    async def check() -> None:
        await app.state.runtime.database.ping()

    return check


def _gauges(app: FastAPI) -> ReadinessCheck:
    async def measure() -> None:
        await measure_feeds(app.state.runtime.database)

    return measure


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    settings = load_settings()
    configure_logging("registry-api", settings.log_level)
    serve(
        create_app(settings.of_one_process()),
        settings.http_host,
        settings.http_port,
        processes=settings.serving_processes,
        body_limits=BODY_LIMITS,
        surface=Surface.of(settings),
        tls=settings.http_tls,
    )


if __name__ == "__main__":
    main()
