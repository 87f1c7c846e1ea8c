"""What the register corrects or takes back, followed in what partners were told of it, and in the stays here.

Only the register is corrected by people; every message about it follows. A correction that changes nothing of
what was told is dropped when the content is made anew (:mod:`.completion`).
"""

from collections.abc import Iterable

from renkou_common.contracts.registry import EventCorrected, EventRetracted, PersonEvent
from renkou_common.contracts.registry_maternal import ChildbirthChanged, ServiceChanged
from renkou_common.contracts.registry_people import DetailsChanged
from renkou_common.database import Transaction
from renkou_migrant.arrivals import service as arrivals
from renkou_migrant.arrivals.domain import Arrival
from renkou_migrant.exchange import amendments_repository as amending
from renkou_migrant.exchange import automatic
from renkou_migrant.exchange.amendments import revise, take_back
from renkou_migrant.exchange.carried import ShareableService, WithdrawalReason
from renkou_migrant.exchange.contracts import NOTICES, MessageKind
from renkou_migrant.exchange.repository import StoredMessage
from renkou_migrant.exchange.service import raise_wanted_notice
from renkou_migrant.runtime import Runtime

_STATED = frozenset({"name", "resident_id", "sex", "birth_date", "registered_area"})
"""Facts that notices state of the person or the child."""
_SHAREABLE = frozenset(ShareableService)
_ENTRIES = frozenset({"opening", "arrival"})


async def on_corrected(tx: Transaction, runtime: Runtime, told: EventCorrected) -> None:
    """An event of a person's history was corrected: a birth, a stay's beginning or end, or stated facts."""
    await _follow_birth(tx, runtime, told, told.parity)
    if told.corrected_kind in ("arrival", "move") and told.previously_on is not None:
        for stay in await arrivals.follow_correction(tx, runtime, told, told.previously_on):
            await _follow_stay(tx, runtime, stay)
    if "registered_area" in told.facts_changed and told.corrected_kind in _ENTRIES:
        await _follow_home(tx, runtime, told)
    elif _STATED & set(told.facts_changed):
        await _make_anew(tx, runtime, await _about_person(tx, told))


async def on_retracted(tx: Transaction, runtime: Runtime, told: EventRetracted) -> None:
    """An event of a person's history was taken back."""
    if told.retracted_kind == "birth":
        await _take_back(
            tx, runtime, await amending.told_of_source(tx, told.person_ref), WithdrawalReason.NEVER_HAPPENED
        )
        for notice in await amending.confirmed_by_birth(tx, told.retracted_event_id):
            reply = await amending.standing_reply(tx, notice.message.id, MessageKind.CONFIRMATION)
            if reply is not None:
                await take_back(tx, runtime, reply, WithdrawalReason.RECORDED_IN_ERROR)
        return
    if told.retracted_kind in ("arrival", "move") and told.previously_on is not None:
        for stay in await arrivals.follow_retraction(tx, runtime, told, told.previously_on):
            await _follow_stay(tx, runtime, stay)
    elif told.retracted_kind == "correction":
        await _follow_birth(tx, runtime, told, None)
        await _make_anew(tx, runtime, await _about_person(tx, told))


async def on_details_changed(tx: Transaction, runtime: Runtime, told: DetailsChanged) -> None:
    """A name or a number was put right; what holds only from a day on was not wrong when it was told."""
    if told.on is None and _STATED & set(told.fields):
        found = await amending.told_of_person(tx, told.person_ref, sorted(NOTICES))
        await _make_anew(tx, runtime, [*found, *await amending.told_of_source(tx, told.person_ref)])


async def on_service_changed(tx: Transaction, runtime: Runtime, told: ServiceChanged) -> None:
    """The record of a service was corrected, cancelled, or the consent to tell of it changed."""
    notices = await amending.told_of_source(tx, told.service_id)
    if told.share_with_home is None:
        return
    if told.given_on is None or told.kind is None:
        await _take_back(tx, runtime, notices, WithdrawalReason.NEVER_HAPPENED)
    elif not told.share_with_home:
        await _take_back(tx, runtime, notices, WithdrawalReason.CONSENT_WITHDRAWN)
    elif told.kind not in _SHAREABLE:
        await _take_back(tx, runtime, notices, WithdrawalReason.RECORDED_IN_ERROR)
    elif notices:
        await _make_anew(tx, runtime, notices, service=told.kind, given_on=told.given_on.isoformat())
    else:
        await automatic.tell_service(tx, runtime, told.person_ref, told.service_id, told.kind, told.given_on)


async def on_childbirth_changed(tx: Transaction, runtime: Runtime, told: ChildbirthChanged) -> None:
    """A childbirth registration was withdrawn by the person; other changes are not told anyway."""
    if told.state == "withdrawn":
        notices = await amending.told_of_source(tx, told.registration_id)
        await _take_back(tx, runtime, notices, WithdrawalReason.WITHDRAWN_BY_PERSON)


async def _follow_birth(tx: Transaction, runtime: Runtime, told: PersonEvent, parity: int | None) -> None:
    notices = await amending.told_of_source(tx, told.person_ref)
    await _make_anew(tx, runtime, notices, **({} if parity is None else {"parity": parity}))


async def _follow_stay(tx: Transaction, runtime: Runtime, stay: Arrival) -> None:
    """Bring what was told of a stay in line with it."""
    found = await amending.told_of_arrival(tx, stay.id, sorted(NOTICES))
    if stay.retracted:
        await _take_back(tx, runtime, found, WithdrawalReason.NEVER_HAPPENED)
        return
    for notice in found:
        if notice.message.kind is MessageKind.ARRIVAL_NOTICE:
            await _make_anew(tx, runtime, [notice], arrived_on=stay.arrived_on.isoformat())
        if notice.message.kind is MessageKind.DEPARTURE_NOTICE:
            if stay.left_on is None:
                await _take_back(tx, runtime, [notice], WithdrawalReason.NEVER_HAPPENED)
            else:
                await _make_anew(
                    tx,
                    runtime,
                    [notice],
                    departed_on=stay.left_on.isoformat(),
                    destination_district=stay.destination_district,
                )


async def _follow_home(tx: Transaction, runtime: Runtime, told: EventCorrected) -> None:
    """The registered area was recorded wrongly: another district may be the one to tell."""
    for stay in await arrivals.follow_registered_area(
        tx, runtime, told.person_ref, int(told.registered_area)
    ):
        for notice in await amending.told_of_arrival(tx, stay.id, sorted(NOTICES)):
            if notice.source is None or notice.message.partner == stay.workplace_district:
                continue
            if notice.message.partner == stay.home_office:
                await _make_anew(tx, runtime, [notice], home_area=told.registered_area)
                continue
            await take_back(tx, runtime, notice, WithdrawalReason.NOT_YOURS)
            await _tell_instead(tx, runtime, stay, notice, told.registered_area)


async def _tell_instead(
    tx: Transaction, runtime: Runtime, stay: Arrival, notice: StoredMessage, home_area: str
) -> None:
    assert notice.source is not None
    await raise_wanted_notice(
        tx,
        runtime,
        kind=notice.message.kind,
        home_district=stay.home_office,
        person_ref=stay.person_ref,
        arrival_id=stay.id,
        area=stay.area,
        occurred_on=notice.message.occurred_on,
        wanted=notice.source | {"home_area": home_area},
        source_id=notice.source_id,
    )


async def _about_person(tx: Transaction, told: PersonEvent) -> list[StoredMessage]:
    return await amending.told_of_person(tx, told.person_ref, sorted(NOTICES))


async def _make_anew(
    tx: Transaction, runtime: Runtime, notices: Iterable[StoredMessage], **changes: object
) -> None:
    """Have notices made anew; those drafted before sources were kept stay as they are."""
    for notice in notices:
        if notice.source is not None:
            await revise(tx, runtime, notice, notice.source | changes)


async def _take_back(
    tx: Transaction, runtime: Runtime, notices: Iterable[StoredMessage], reason: WithdrawalReason
) -> None:
    for notice in notices:
        await take_back(tx, runtime, notice, reason)
