"""What a person's word means for notices: taken over from the register, asked before each is drafted and leaves.

Notices by which districts do their duty (arrivals, departures, births, registrations) go on under a restriction, as
the law has it (Personal Information Protection Law, articles 13 and 44); those that rest on consent alone do not. Nor
is the home district told what somebody has withdrawn the consent for. Callers hold the transaction. An event says what
is so since a moment; an older one changes nothing.
"""

from collections.abc import Sequence
from uuid import UUID

import structlog

from renkou_common.contracts.registry_privacy import ConsentChanged, PersonErased, PersonRestricted
from renkou_common.database import Transaction
from renkou_migrant.decisions import repository
from renkou_migrant.exchange import repository as messages
from renkou_migrant.exchange.codes import Refused
from renkou_migrant.exchange.contracts import MessageKind

RESTRICTED = "restricted"
SHARE_SERVICES, SHARE_CHILDBIRTH = "share_services_with_home", "share_childbirth_with_home"
TOPICS: dict[str, tuple[str, ...]] = {
    MessageKind.SERVICE_NOTICE: (RESTRICTED, SHARE_SERVICES),
    MessageKind.CERTIFICATE_CHECKED: (RESTRICTED,),
    MessageKind.REGISTRATION_NOTICE: (SHARE_CHILDBIRTH,),
}
"""By kind the topics on which a person's word stops it."""
_log = structlog.get_logger(__name__)


async def restricted(tx: Transaction, told: PersonRestricted) -> None:
    """Hold that processing of a person's data is restricted, or no longer."""
    await repository.hold(tx, told.person_ref, RESTRICTED, told.at, forbids=told.restricted)


async def consented(tx: Transaction, told: ConsentChanged) -> None:
    """Hold that a person gave or withdrew a consent on which notices rest."""
    if told.purpose in (SHARE_SERVICES, SHARE_CHILDBIRTH):
        await repository.hold(tx, told.person_ref, told.purpose, told.at, forbids=not told.given)


async def erased(tx: Transaction, told: PersonErased) -> None:
    """Empty what was drafted about a person and never told, and keys that no certificate holds.

    What was told stays in the signed log of messages, and certificates that were issued stay: evidence for both
    districts (decision 136). A draft that still waits and may not leave any more is given up at once: whoever seals it
    later would leave its text.
    """
    waiting = await repository.unsent(tx, told.person_ref)
    for message_id, code in (await forbidden(tx, waiting)).items():
        await messages.give_up(tx, message_id, code, told.at)
    emptied = await repository.empty_unsent(tx, told.person_ref)
    keys = await repository.forget_unused_keys(tx, told.person_ref)
    _log.info("what a person had deleted is deleted here too", messages=emptied, keys=keys)


async def forbids(tx: Transaction, person_ref: UUID, kind: MessageKind) -> bool:
    """Say whether the person's word stops notices of a kind; none is drafted then."""
    topics = TOPICS.get(kind)
    found = await repository.forbidding(tx, person_ref, topics) if topics else set()
    if found:
        _log.info("no notice: by the person's word", kind=kind.value, topics=sorted(found))
    return bool(found)


async def forbidden(tx: Transaction, message_ids: Sequence[UUID]) -> dict[UUID, Refused]:
    """Return by message the code under which it is given up instead of leaving; the transaction reaches them all."""
    found = await repository.forbidding_of(tx, message_ids, TOPICS)
    return {
        message_id: Refused.PROCESSING_RESTRICTED if topic == RESTRICTED else Refused.CONSENT_ENDED
        for message_id, topic in found.items()
    }
