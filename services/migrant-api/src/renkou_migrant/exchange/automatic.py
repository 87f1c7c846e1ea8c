"""Notices that follow from the register's own events, without anybody asking for them."""

from renkou_common.contracts.registry import BirthRecorded, ServiceGiven
from renkou_common.database import Transaction
from renkou_migrant.arrivals.service import arrival_on
from renkou_migrant.exchange.contracts import MessageKind, ShareableService
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
        home_district=arrival.home_district,
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
    )


async def on_service(tx: Transaction, runtime: Runtime, service: ServiceGiven) -> None:
    """A service was given to a migrant who agreed that the home district be told of kind and date."""
    if not service.share_with_home or service.kind not in _SHAREABLE:
        return
    arrival = await arrival_on(tx, service.person_ref, service.given_on)
    if arrival is None:
        return
    await raise_wanted_notice(
        tx,
        runtime,
        kind=MessageKind.SERVICE_NOTICE,
        home_district=arrival.home_district,
        person_ref=arrival.person_ref,
        arrival_id=arrival.arrival_id,
        area=arrival.area,
        occurred_on=service.given_on,
        wanted={
            "person": str(arrival.person_ref),
            "service": service.kind,
            "given_on": service.given_on.isoformat(),
            "home_area": f"{arrival.home_area:012d}",
        },
    )
