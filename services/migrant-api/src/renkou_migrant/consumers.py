"""What this service does with each event of the register, in the order of the feed."""

from collections.abc import Awaitable, Callable, Sequence

from renkou_common.contracts.registry import (
    BirthRecorded,
    EventCorrected,
    EventRetracted,
    RegistryEventType,
    ServiceGiven,
    SessionEnded,
    StaffChanged,
)
from renkou_common.contracts.registry_maternal import ChildbirthChanged, ChildbirthRegistered, ServiceChanged
from renkou_common.contracts.registry_people import DetailsChanged
from renkou_common.contracts.registry_privacy import (
    ConsentChanged,
    PersonErased,
    PersonRestricted,
    PurposeChanged,
)
from renkou_common.database import Transaction
from renkou_common.identity import rights, sessions
from renkou_common.messaging.envelope import Event
from renkou_migrant.decisions import service as decisions
from renkou_migrant.exchange import automatic, following
from renkou_migrant.outflow import consumers as outflow
from renkou_migrant.purposes import service as purposes
from renkou_migrant.runtime import Runtime

type Handler = Callable[[Transaction, Runtime, Event], Awaitable[None]]


async def _staff_changed(tx: Transaction, runtime: Runtime, event: Event) -> None:
    await rights.take_over(tx, StaffChanged.model_validate(event.data))


async def _purpose_changed(tx: Transaction, runtime: Runtime, event: Event) -> None:
    await purposes.take_over(tx, PurposeChanged.model_validate(event.data))


async def _person_restricted(tx: Transaction, runtime: Runtime, event: Event) -> None:
    await decisions.restricted(tx, PersonRestricted.model_validate(event.data))


async def _consent_changed(tx: Transaction, runtime: Runtime, event: Event) -> None:
    await decisions.consented(tx, ConsentChanged.model_validate(event.data))


async def _person_erased(tx: Transaction, runtime: Runtime, event: Event) -> None:
    await decisions.erased(tx, PersonErased.model_validate(event.data))


async def _session_ended(tx: Transaction, runtime: Runtime, event: Event) -> None:
    await sessions.take_over_end(tx, SessionEnded.model_validate(event.data))


async def _birth_recorded(tx: Transaction, runtime: Runtime, event: Event) -> None:
    await automatic.on_birth(tx, runtime, BirthRecorded.model_validate(event.data))


async def _service_given(tx: Transaction, runtime: Runtime, event: Event) -> None:
    await automatic.on_service(tx, runtime, ServiceGiven.model_validate(event.data))


async def _service_changed(tx: Transaction, runtime: Runtime, event: Event) -> None:
    await following.on_service_changed(tx, runtime, ServiceChanged.model_validate(event.data))


async def _childbirth_registered(tx: Transaction, runtime: Runtime, event: Event) -> None:
    await automatic.on_childbirth_registered(tx, runtime, ChildbirthRegistered.model_validate(event.data))


async def _childbirth_changed(tx: Transaction, runtime: Runtime, event: Event) -> None:
    await following.on_childbirth_changed(tx, runtime, ChildbirthChanged.model_validate(event.data))


async def _corrected(tx: Transaction, runtime: Runtime, event: Event) -> None:
    await following.on_corrected(tx, runtime, EventCorrected.model_validate(event.data))


async def _retracted(tx: Transaction, runtime: Runtime, event: Event) -> None:
    await following.on_retracted(tx, runtime, EventRetracted.model_validate(event.data))


async def _details_changed(tx: Transaction, runtime: Runtime, event: Event) -> None:
    await following.on_details_changed(tx, runtime, DetailsChanged.model_validate(event.data))


HANDLERS: dict[str, tuple[Handler, ...]] = {
    RegistryEventType.STAFF_CHANGED: (_staff_changed,),
    RegistryEventType.PURPOSE_CHANGED: (_purpose_changed,),
    RegistryEventType.PERSON_RESTRICTED: (_person_restricted,),
    RegistryEventType.CONSENT_CHANGED: (_consent_changed,),
    RegistryEventType.PERSON_ERASED: (_person_erased,),
    RegistryEventType.SESSION_ENDED: (_session_ended,),
    RegistryEventType.BIRTH_RECORDED: (_birth_recorded,),
    RegistryEventType.SERVICE_GIVEN: (_service_given,),
    RegistryEventType.SERVICE_CHANGED: (_service_changed,),
    RegistryEventType.CHILDBIRTH_REGISTERED: (_childbirth_registered,),
    RegistryEventType.CHILDBIRTH_CHANGED: (_childbirth_changed,),
    RegistryEventType.EVENT_CORRECTED: (_corrected,),
    RegistryEventType.EVENT_RETRACTED: (_retracted,),
    RegistryEventType.DETAILS_CHANGED: (_details_changed,),
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
