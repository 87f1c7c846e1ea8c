"""What other offices are told of a stay: the home office everything that is agreed, the workplace's district little.

To the district of the workplace (三地) goes who came and when, and from where no closer than the district; to its
office, never to an employer.
"""

from datetime import date
from typing import Any

from pydantic import BaseModel

from renkou_common.database import Transaction
from renkou_migrant.arrivals.domain import Arrival
from renkou_migrant.exchange import amendments, amendments_repository
from renkou_migrant.exchange.carried import (
    ArrivalNotice,
    CertificateCheckedNotice,
    DepartureNotice,
    Subject,
    WithdrawalReason,
)
from renkou_migrant.exchange.contracts import MessageKind
from renkou_migrant.exchange.service import raise_notice
from renkou_migrant.fields import area_text
from renkou_migrant.registry_client import PersonFacts
from renkou_migrant.runtime import Runtime


def subject_of(facts: PersonFacts, home_area: int, *, to_workplace: bool = False) -> Subject:
    """Return what a message says of the person: no more than its receiver needs to find its own record."""
    home = _shown(home_area, to_workplace)
    return Subject(name=facts.name, resident_id=facts.resident_id, home_area=home)


async def tell_arrival(tx: Transaction, runtime: Runtime, stay: Arrival, facts: PersonFacts) -> None:
    """Draft the arrival notices."""
    for to_workplace in _receivers(stay):
        await _tell_arrival(tx, runtime, stay, facts, to_workplace)


async def _tell_arrival(
    tx: Transaction, runtime: Runtime, stay: Arrival, facts: PersonFacts, to_workplace: bool
) -> None:
    content = ArrivalNotice(
        subject=subject_of(facts, stay.home_area, to_workplace=to_workplace),
        arrived_on=stay.arrived_on,
        present_area=_shown(stay.area, to_workplace),
    )
    told = {"arrived_on": stay.arrived_on.isoformat(), "present_area": content.present_area}
    await _tell(
        tx,
        runtime,
        stay,
        MessageKind.ARRIVAL_NOTICE,
        content,
        told,
        stay.arrived_on,
        to_workplace=to_workplace,
    )


async def tell_departure(tx: Transaction, runtime: Runtime, stay: Arrival, facts: PersonFacts) -> None:
    """Draft the departure notices of a stay that has ended."""
    assert stay.left_on is not None
    for to_workplace in _receivers(stay):
        content = DepartureNotice(
            subject=subject_of(facts, stay.home_area, to_workplace=to_workplace),
            departed_on=stay.left_on,
            destination_district=None if to_workplace else stay.destination_district,
        )
        told = {
            "departed_on": stay.left_on.isoformat(),
            "destination_district": content.destination_district,
        }
        await _tell(
            tx,
            runtime,
            stay,
            MessageKind.DEPARTURE_NOTICE,
            content,
            told,
            stay.left_on,
            to_workplace=to_workplace,
        )


async def tell_check(
    tx: Transaction,
    runtime: Runtime,
    stay: Arrival,
    facts: PersonFacts,
    checked_on: date,
    result: str,
    code: str,
) -> None:
    """Tell the home district of a check of a valid certificate, or what a check made again has come to.

    There is one notice of a stay's certificate: a check made again corrects it. Nothing is told of a certificate
    that was never found valid.
    """
    kind = MessageKind.CERTIFICATE_CHECKED
    told = {"checked_on": checked_on.isoformat(), "result": result, "code": code}
    earlier = await amendments_repository.told_of_arrival(tx, stay.id, [kind])
    if earlier and earlier[-1].source is not None:
        await amendments.revise(tx, runtime, earlier[-1], earlier[-1].source | told)
    elif result == "valid":
        content = CertificateCheckedNotice.model_validate(
            {"subject": subject_of(facts, stay.home_area), **told}
        )
        await _tell(tx, runtime, stay, kind, content, told, checked_on, to_workplace=False)


async def tell_workplace_changed(
    tx: Transaction, runtime: Runtime, before: Arrival, after: Arrival, facts: PersonFacts
) -> None:
    """Take back what the former workplace's district was told, and tell the new one."""
    kinds = [MessageKind.ARRIVAL_NOTICE, MessageKind.DEPARTURE_NOTICE, MessageKind.INQUIRY]
    for told in await amendments_repository.told_of_arrival(tx, after.id, kinds):
        if told.message.partner == before.workplace_district:
            await amendments.take_back(tx, runtime, told, WithdrawalReason.SETTLED)
    if after.workplace_district is not None:
        await _tell_arrival(tx, runtime, after, facts, True)


async def _tell(
    tx: Transaction,
    runtime: Runtime,
    stay: Arrival,
    kind: MessageKind,
    content: BaseModel,
    told: dict[str, Any],
    occurred_on: date,
    *,
    to_workplace: bool,
) -> None:
    """Draft one notice; the home district is owed it, the workplace's is not."""
    office = stay.workplace_district if to_workplace else stay.home_office
    assert office is not None
    source = {"person": str(stay.person_ref), "home_area": _shown(stay.home_area, to_workplace), **told}
    await raise_notice(
        tx,
        runtime,
        kind=kind,
        home_district=office,
        person_ref=stay.person_ref,
        arrival_id=stay.id,
        area=stay.area,
        occurred_on=None if to_workplace else occurred_on,
        content=content,
        source=source,
    )


def _receivers(stay: Arrival) -> list[bool]:
    """Return for each receiver whether it is the workplace's district."""
    return [False] if stay.workplace_district is None else [False, True]


def _shown(area: int, to_workplace: bool) -> str:
    """Return an area as its receiver may know it: the workplace's district learns the district only."""
    text = area_text(area)
    return text[:6].ljust(12, "0") if to_workplace else text
