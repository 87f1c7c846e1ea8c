"""The process without HTTP: ``python -m renkou_reporting.worker``.

Consumers of both feeds, the division tree, rebuilds, the cohort stock and housekeeping, side by side; at a province's
node what its districts publish. Started more than once, its copies share the feeds by partitions of areas; rebuilds,
the cohort stock and the checks of accounts are done by the copy that leads.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from renkou_common.http.idempotency import trim
from renkou_common.log import configure_logging
from renkou_common.messaging.feed import FeedUnavailable
from renkou_common.messaging.inbox import TRANSIENT
from renkou_common.scope import AreaScope
from renkou_common.worker import run_tasks, run_worker
from renkou_reporting.accounts.checking import Checker
from renkou_reporting.bootstrap import (
    Runtime,
    build_area_reader,
    build_broker,
    build_checker,
    build_consumers,
    build_membership,
    build_puller,
    build_rebuilder,
    build_reconciler,
    open_runtime,
)
from renkou_reporting.copies.membership import Membership
from renkou_reporting.facts import service as facts
from renkou_reporting.rebuild.working import Rebuilder
from renkou_reporting.reconciliation.working import Reconciler
from renkou_reporting.settings import load_settings

_POLL_SECONDS = 1.0
_LOOK_SECONDS = 5.0
_CHECK_SECONDS = 10.0
_TRIM_SECONDS = 3600.0
_log = structlog.get_logger(__name__)


async def work_off_rebuilds(rebuilder: Rebuilder, membership: Membership) -> None:
    """Work rebuilds off as they are requested; what is away for a while is waited for."""
    while True:
        await membership.lead()
        try:
            await rebuilder.run_once()
        except (FeedUnavailable, *TRANSIENT) as error:
            _log.warning("rebuild waits", error=repr(error))
        await asyncio.sleep(_POLL_SECONDS)


async def reconcile(reconciler: Reconciler, membership: Membership) -> None:
    """Compare with the services every day and when asked."""
    while True:
        await membership.lead()
        try:
            await reconciler.run_once()
        except (FeedUnavailable, *TRANSIENT) as error:
            _log.warning("reconciliation waits", error=repr(error))
        await asyncio.sleep(_LOOK_SECONDS)


async def fold_cohorts(runtime: Runtime, membership: Membership) -> None:
    """Move what came into cohort cells into the cohort stock, portion by portion, as it comes."""
    while True:
        await membership.lead()
        more = False
        try:
            async with runtime.database.transaction(AreaScope.nothing()) as tx:
                more = await facts.fold_cohorts(tx)
        except TRANSIENT as error:
            _log.warning("folding waits", error=repr(error))
        if not more:
            await asyncio.sleep(_POLL_SECONDS)


async def check_accounts(checker: Checker, membership: Membership) -> None:
    """Check population accounts when a month is over, after a rebuild and when asked."""
    while True:
        await membership.lead()
        try:
            await checker.run_once()
        except TRANSIENT as error:
            _log.warning("check of accounts waits", error=repr(error))
        await asyncio.sleep(_CHECK_SECONDS)


async def keep_house(runtime: Runtime) -> None:
    """Forget old idempotency keys every hour."""
    while True:
        try:
            async with runtime.database.transaction(AreaScope.nothing()) as tx:
                await trim(tx)
        except TRANSIENT as error:
            _log.warning("housekeeping waits", error=repr(error))
        await asyncio.sleep(_TRIM_SECONDS)


async def main() -> int:
    """Run until SIGTERM (0) or a fatal error (1)."""
    settings = load_settings()
    configure_logging("reporting-worker", settings.log_level)
    async with open_runtime(settings) as runtime:
        broker = build_broker(runtime)
        rebuilder = build_rebuilder(runtime)
        checker = build_checker(runtime)
        reconciler = build_reconciler(runtime)
        membership = build_membership(runtime)
        tasks: dict[str, Callable[[], Awaitable[None]]] = {
            "membership": membership.run,
            "broker": broker.run,
            "areas": build_area_reader(runtime).run,
            "rebuilds": lambda: work_off_rebuilds(rebuilder, membership),
            "cohorts": lambda: fold_cohorts(runtime, membership),
            "accounts": lambda: check_accounts(checker, membership),
            "reconciliations": lambda: reconcile(reconciler, membership),
            "housekeeping": lambda: keep_house(runtime),
        }
        puller = build_puller(runtime)
        if puller is not None:
            tasks["districts"] = puller.run
        for consumer in build_consumers(runtime, broker, membership):
            tasks[f"{consumer.feed} feed"] = consumer.run
        return await run_tasks(tasks)


if __name__ == "__main__":
    run_worker(main)
