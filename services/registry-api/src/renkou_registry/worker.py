"""The background process: ``python -m renkou_registry.worker``.

Relay of the outbox, consumer of migrant-api's feed, imports, exports, external lists, changes of communities,
changes of field keys, comparisons of new persons, what days bring for cards, visits and benefits, deletions on
request and the answers to them, and what has had its time: by the hour, and each day by the rules of retention. A
fatal error in one of them ends the process, so that the supervisor starts it again.
"""

import asyncio
import gc
import sys
from collections.abc import Sequence
from functools import partial
from uuid import NAMESPACE_URL, uuid5

import httpx
import structlog

from renkou_common.audit.acting import SERVICE as BY_SERVICE
from renkou_common.audit.acting import Acting, act_as
from renkou_common.audit.sealing import Sealing
from renkou_common.calendar_days import take_over_calendar
from renkou_common.database import TRANSIENT_ERRORS, Transaction
from renkou_common.errors import Unavailable
from renkou_common.field_keys.rotation import Rotation
from renkou_common.http import idempotency
from renkou_common.http.outgoing import ways_to_services
from renkou_common.log import configure_logging
from renkou_common.messaging import relay as relay_module
from renkou_common.messaging.consumer import FeedConsumer
from renkou_common.messaging.envelope import Event
from renkou_common.messaging.feed import FeedClient
from renkou_common.messaging.nats_client import NatsClient
from renkou_common.messaging.relay import Relay
from renkou_common.scope import AreaScope
from renkou_common.worker import run_tasks, run_worker
from renkou_registry.areas.jobs import run_area_changes
from renkou_registry.benefits.payments.jobs import run_accrual
from renkou_registry.bootstrap import Runtime, open_runtime
from renkou_registry.cards.jobs import run_days, run_openings
from renkou_registry.duplicates.jobs import run_comparisons
from renkou_registry.exports.jobs import run_exports, trim_exports
from renkou_registry.external_lists.jobs import run_external_lists, trim_external_lists
from renkou_registry.field_keys.columns import PROTECTED
from renkou_registry.imports.jobs import run_imports, trim_imports
from renkou_registry.life_events import consumers as life_events
from renkou_registry.privacy.erasure.jobs import run_erasures
from renkou_registry.privacy.requests.jobs import run_answers
from renkou_registry.privacy.retention.jobs import run_retention
from renkou_registry.settings import load_settings

log = structlog.get_logger()
SERVICE = "registry-api"
TRIM_SECONDS = 600
_OBJECTS_BETWEEN_COLLECTIONS = 400_000
"""More than two blocks of an import make, none of them in a cycle: looking through those that are being made took a
sixth of the time of making them."""
_SECONDS_BETWEEN_THREADS = 0.0005
"""While a thread makes a block of an import ready, the loop has to wait so long for each answer of the
database; the interpreter's own 5 ms are longer than most statements."""


def _feed_consumer(runtime: Runtime, nats: NatsClient, http: httpx.AsyncClient) -> FeedConsumer:
    subject = uuid5(NAMESPACE_URL, f"{runtime.settings.issuer}/{SERVICE}")

    async def own_token() -> str:
        return runtime.issuer.issue(subject, "service", SERVICE)

    source = FeedClient(runtime.settings.migrant_url, "migrant", own_token, http)
    return FeedConsumer(
        runtime.database, "migrant", partial(_apply, runtime), source, nats, "MIGRANT", "registry-migrant"
    )


async def _apply(runtime: Runtime, tx: Transaction, events: Sequence[Event]) -> None:
    """Take events of migrant-api's feed into the register and the calendar."""
    await take_over_calendar(tx, events)
    await life_events.apply(runtime, tx, events)


async def _trim(runtime: Runtime) -> None:
    while True:
        try:
            async with runtime.database.transaction(AreaScope.everything()) as tx:
                await idempotency.trim(tx)
                if runtime.settings.feed_keep_days is not None:
                    await relay_module.trim(tx, keep_days=runtime.settings.feed_keep_days)
                await trim_imports(runtime, tx)
                await trim_exports(runtime, tx)
                await trim_external_lists(runtime, tx)
        except (Unavailable, *TRANSIENT_ERRORS) as error:
            log.warning("trimming waits for the database", error=repr(error))
        await asyncio.sleep(TRIM_SECONDS)


async def run() -> int:
    """Run every task of the process; returns its exit status."""
    settings = load_settings()
    configure_logging(f"{SERVICE} worker", settings.log_level)
    sys.setswitchinterval(_SECONDS_BETWEEN_THREADS)
    act_as(Acting(None, BY_SERVICE, f"{SERVICE} worker"))
    gc.freeze()  # what was loaded stays
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 20)
    nats = NatsClient(
        settings.nats_url,
        name=f"{SERVICE} worker",
        seed_file=settings.nats_seed_file,
        inbox_prefix="_INBOX_registry",
        ca_file=settings.nats_ca_file,
    )
    client = httpx.AsyncClient(timeout=15, trust_env=False, mounts=ways_to_services(settings))
    async with open_runtime(settings) as runtime, client as http:
        return await run_tasks(
            {
                "broker": nats.run,
                "relay": Relay(
                    runtime.database, nats, "registry", "REGISTRY", written=runtime.outbox.written
                ).run,
                "consumer": _feed_consumer(runtime, nats, http).run,
                "card openings": partial(run_openings, runtime),
                "cards": partial(run_days, runtime),
                "imports": partial(run_imports, runtime),
                "comparisons": partial(run_comparisons, runtime),
                "exports": partial(run_exports, runtime),
                "external lists": partial(run_external_lists, runtime),
                "field keys": Rotation(
                    runtime.database, runtime.cipher, PROTECTED, settings.field_key_rotation_pause_seconds
                ).run,
                "area changes": partial(run_area_changes, runtime),
                "benefits": partial(run_accrual, runtime),
                "retention": partial(run_retention, runtime),
                "deletions on request": partial(run_erasures, runtime),
                "answers to requests": partial(run_answers, runtime),
                "trimming": partial(_trim, runtime),
                "audit": Sealing(runtime.database, runtime.audit_key, runtime.audit_log, runtime.clock).run,
            }
        )


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    run_worker(run)


if __name__ == "__main__":
    main()
