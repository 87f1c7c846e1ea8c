"""What this service does with each event of the register, in the order of the feed."""

from collections.abc import Awaitable, Callable, Sequence

from renkou_common.contracts.registry import BirthRecorded, RegistryEventType, ServiceGiven, StaffChanged
from renkou_common.database import Transaction
from renkou_common.identity import rights
from renkou_common.messaging.envelope import Event
from renkou_migrant.exchange import automatic
from renkou_migrant.outflow import consumers as outflow
from renkou_migrant.runtime import Runtime

type Handler = Callable[[Transaction, Runtime, Event], Awaitable[None]]


async def _staff_changed(tx: Transaction, runtime: Runtime, event: Event) -> None:
    await rights.take_over(tx, StaffChanged.model_validate(event.data))


async def _birth_recorded(tx: Transaction, runtime: Runtime, event: Event) -> None:
    await automatic.on_birth(tx, runtime, BirthRecorded.model_validate(event.data))


async def _service_given(tx: Transaction, runtime: Runtime, event: Event) -> None:
    await automatic.on_service(tx, runtime, ServiceGiven.model_validate(event.data))


HANDLERS: dict[str, tuple[Handler, ...]] = {
    RegistryEventType.STAFF_CHANGED: (_staff_changed,),
    RegistryEventType.BIRTH_RECORDED: (_birth_recorded,),
    RegistryEventType.SERVICE_GIVEN: (_service_given,),
}
"""Handlers by event type; each runs in the consumer's transaction and leaves the network alone."""


def registry_handler(runtime: Runtime) -> Callable[[Transaction, Sequence[Event]], Awaitable[None]]:
    """Return the function that applies events of the ``registry`` feed."""

    async def apply(tx: Transaction, events: Sequence[Event]) -> None:
        for event in events:
            for handler in HANDLERS.get(event.type, ()):
                await handler(tx, runtime, event)
        await outflow.apply(tx, runtime, events)

    return apply
