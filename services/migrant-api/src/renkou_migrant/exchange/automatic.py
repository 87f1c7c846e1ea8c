"""Notices that follow from the register's own events, without anybody asking for them.

What the register corrects afterwards is followed in :mod:`.following`.
"""

from datetime import date
from uuid import UUID

from renkou_common.contracts.registry import BirthRecorded, ServiceGiven
from renkou_common.contracts.registry_maternal import ChildbirthRegistered
from renkou_common.database import Transaction
from renkou_migrant.arrivals.service import arrival_on
from renkou_migrant.exchange.carried import ShareableService
from renkou_migrant.exchange.contracts import MessageKind
from renkou_migrant.exchange.service import raise_wanted_notice
from renkou_migrant.runtime import Runtime

_SHAREABLE = frozenset(ShareableService)


async def on_birth(tx: Transaction, runtime: Runtime, birth: BirthRecorded) -> None:
    """A migrant's child was born here: her home district is owed a birth notice."""
    if birth.mother_ref is None:
        return
    arrival = await arrival_on(tx, birth.mother_ref, birth.happened_on)
    if arrival is None:
        return
    await raise_wanted_notice(
        tx,
        runtime,
        kind=MessageKind.BIRTH_NOTICE,
        home_district=arrival.home_office,
        person_ref=arrival.person_ref,
        arrival_id=arrival.arrival_id,
        area=arrival.area,
        occurred_on=birth.happened_on,
        wanted={
            "mother": str(arrival.person_ref),
            "child": str(birth.person_ref),
            "parity": birth.parity,
            "home_area": f"{arrival.home_area:012d}",
            "area": birth.present_area,
        },
        source_id=birth.person_ref,
    )


async def on_service(tx: Transaction, runtime: Runtime, service: ServiceGiven) -> None:
    """A service was given to a migrant who agreed that the home district be told of kind and date."""
    if service.share_with_home:
        await tell_service(
            tx, runtime, service.person_ref, service.service_id, service.kind, service.given_on
        )


async def tell_service(
    tx: Transaction, runtime: Runtime, person_ref: UUID, service_id: UUID, kind: str, given_on: date
) -> None:
    """Tell the home district of a service of a kind that may be told, as the person agreed."""
    arrival = await arrival_on(tx, person_ref, given_on) if kind in _SHAREABLE else None
    if arrival is None:
        return
    await raise_wanted_notice(
        tx,
        runtime,
        kind=MessageKind.SERVICE_NOTICE,
        home_district=arrival.home_office,
        person_ref=arrival.person_ref,
        arrival_id=arrival.arrival_id,
        area=arrival.area,
        occurred_on=given_on,
        wanted={
            "person": str(arrival.person_ref),
            "service": kind,
            "given_on": given_on.isoformat(),
            "home_area": f"{arrival.home_area:012d}",
        },
        source_id=service_id,
    )


async def on_childbirth_registered(
    tx: Transaction, runtime: Runtime, registered: ChildbirthRegistered
) -> None:
    """A migrant's childbirth was registered here, so that the home district does not register it again."""
    arrival = await arrival_on(tx, registered.person_ref, registered.registered_on)
    if arrival is None:
        return
    await raise_wanted_notice(
        tx,
        runtime,
        kind=MessageKind.REGISTRATION_NOTICE,
        home_district=arrival.home_office,
        person_ref=arrival.person_ref,
        arrival_id=arrival.arrival_id,
        area=arrival.area,
        occurred_on=registered.registered_on,
        wanted={
            "person": str(arrival.person_ref),
            "registered_on": registered.registered_on.isoformat(),
            "home_area": f"{arrival.home_area:012d}",
        },
        source_id=registered.registration_id,
    )
