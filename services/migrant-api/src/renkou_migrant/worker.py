"""The worker process of migrant-api: ``python -m renkou_migrant.worker``.

Tasks: the relay of the ``migrant`` feed, the consumer of the ``registry`` feed, the exchange with partner
districts over the hub, and trimming. Each waits for what it needs to come back; a task that cannot go on ends
the process, and the supervisor starts it again.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from renkou_common.audit.acting import SERVICE as BY_SERVICE
from renkou_common.audit.acting import Acting, act_as
from renkou_common.audit.sealing import Sealing
from renkou_common.field_keys.rotation import Rotation
from renkou_common.http.idempotency import trim as trim_idempotency
from renkou_common.log import configure_logging
from renkou_common.messaging.consumer import FeedConsumer
from renkou_common.messaging.feed import FeedClient
from renkou_common.messaging.hub import reply_prefix
from renkou_common.messaging.inbox import TRANSIENT
from renkou_common.messaging.nats_client import ConnectionClosed, NatsClient
from renkou_common.messaging.relay import Relay, trim
from renkou_common.scope import AreaScope
from renkou_common.worker import run_tasks, run_worker
from renkou_migrant.bootstrap import open_runtime
from renkou_migrant.checks import service as checks
from renkou_migrant.consumers import registry_handler
from renkou_migrant.exchange.completion import Completion
from renkou_migrant.exchange.receiver import Receiver
from renkou_migrant.exchange.reminders import Reminding
from renkou_migrant.exchange.sender import Sender
from renkou_migrant.field_keys.columns import PROTECTED
from renkou_migrant.message_log.checkpointing import Checkpointing
from renkou_migrant.reissues.work import reissuing
from renkou_migrant.runtime import Runtime
from renkou_migrant.settings import MigrantSettings, load_settings
from renkou_migrant.status_lists.publication import Publisher, Reception

type Task = Callable[[], Awaitable[None]]

_log = structlog.get_logger(__name__)
_TRIM_SECONDS = 600.0
_LONGEST_PAUSE = 10.0


def node_tasks(runtime: Runtime, nats: NatsClient) -> dict[str, Task]:
    """Return what runs on the node's own broker."""
    relay = Relay(runtime.database, nats, "migrant", "MIGRANT", written=runtime.outbox.written)
    source = FeedClient(
        runtime.settings.registry_url, "registry", runtime.registry.service_token, runtime.http
    )
    consumer = FeedConsumer(
        runtime.database, "registry", registry_handler(runtime), source, nats, "REGISTRY", "migrant-registry"
    )
    return {"nats": nats.run, "relay": relay.run, "registry-consumer": consumer.run}


def hub_tasks(runtime: Runtime, hub: NatsClient) -> dict[str, Task]:
    """Return what runs over the hub. A hub that is down stops only these."""
    sender = Sender(runtime, hub)
    receiver = Receiver(runtime, hub, sender.wake)
    return {
        "hub": lambda: keep_connected(hub),
        "exchange-completion": Completion(runtime, sender.wake).run,
        "exchange-sender": sender.run,
        "exchange-receiver": receiver.run,
        "status-list-publisher": Publisher(runtime, hub).run,
        "status-list-reception": Reception(runtime, hub).run,
    }


def own_broker(settings: MigrantSettings) -> NatsClient:
    """Return the client of the node's own broker."""
    name = f"migrant-{settings.district}"
    return NatsClient(
        settings.nats_url,
        name=name,
        seed_file=settings.nats_seed_file,
        inbox_prefix="_INBOX_migrant",
        ca_file=settings.nats_ca_file,
    )


def hub_broker(settings: MigrantSettings) -> NatsClient:
    """Return the client of the hub, with the inbox prefix that only this district may listen to."""
    return NatsClient(
        settings.hub_url,
        name=f"district-{settings.district}",
        seed_file=settings.hub_seed_file,
        token_file=settings.hub_token_file,
        ca_file=settings.hub_ca_file,
        inbox_prefix=reply_prefix(settings.district),
    )


async def keep_connected(hub: NatsClient) -> None:
    """Connect to the hub again and again, whatever it answers: the node works on without it."""
    pause = 1.0
    while True:
        try:
            await hub.run()
        except (ConnectionClosed, OSError) as error:
            _log.warning("hub connection ended", error=repr(error), retry_in=pause)
        except Exception as error:
            _log.error("hub cannot be used", error=repr(error), retry_in=pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


async def trimming(runtime: Runtime) -> None:
    """Delete idempotency keys, holders' proofs and published events past their keeping, every ten minutes."""
    while True:
        try:
            async with runtime.database.transaction(AreaScope.nothing()) as tx:
                await trim_idempotency(tx)
                await checks.forget_proofs(tx, runtime)
                if runtime.settings.feed_keep_days is not None:
                    await trim(tx, keep_days=runtime.settings.feed_keep_days)
        except TRANSIENT as error:
            _log.warning("trimming waits", error=repr(error))
        await asyncio.sleep(_TRIM_SECONDS)


async def main() -> int:
    """Run all tasks until SIGTERM; returns the exit status."""
    settings = load_settings()
    configure_logging("migrant-worker", settings.log_level)
    act_as(Acting(None, BY_SERVICE, "migrant-api worker"))
    async with open_runtime(settings) as runtime:
        tasks = {
            **node_tasks(runtime, own_broker(settings)),
            **hub_tasks(runtime, hub_broker(settings)),
            "audit": Sealing(runtime.database, runtime.audit_key, runtime.audit_log, runtime.clock).run,
            "checkpoints": Checkpointing(runtime).run,
            "reminding": Reminding(runtime).run,
            "field-keys": Rotation(
                runtime.database, runtime.cipher, PROTECTED, settings.field_key_rotation_pause_seconds
            ).run,
            "trimming": lambda: trimming(runtime),
            "certificate-reissue": lambda: reissuing(runtime),
        }
        return await run_tasks(tasks)


if __name__ == "__main__":
    run_worker(main)
