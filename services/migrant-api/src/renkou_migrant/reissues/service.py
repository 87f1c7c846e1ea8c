"""Asking for a reissue, approving it by a second person, and carrying it out certificate by certificate."""

from uuid import UUID

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.migrant import MigrantEventType, ReissueChanged
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound, RenkouError, Unauthenticated, Unavailable
from renkou_common.http.conditions import check_version
from renkou_common.ids import new_id
from renkou_common.scope import AreaScope
from renkou_migrant.certificates import service as certificates
from renkou_migrant.certificates.domain import CertificateState, Kind
from renkou_migrant.certificates.reasons import ReplacementReason
from renkou_migrant.certificates.records import Actor, ActorKind
from renkou_migrant.certificates.service import Order
from renkou_migrant.fields import area_text
from renkou_migrant.reissues import repository
from renkou_migrant.reissues.repository import FailedItem, Item, Reissue
from renkou_migrant.runtime import Runtime
from renkou_migrant.status_lists import service as status_lists

_EVERYWHERE = AreaScope.everything()
_BATCH = 50
_FAILURES_SHOWN = 200


async def request(
    tx: Transaction, runtime: Runtime, scope: AreaScope, actor: Actor, kid: str, area: AreaCode
) -> UUID:
    """List what ``kid`` signed in ``area`` and stands today; nothing happens before the approval.

    Raises NotFound for an area outside ``scope``, Conflict for the key that signs now, for one that signed
    nothing that stands, and where a reissue of it is open.
    """
    low, high = area.interval()
    if not (scope.contains(low) and scope.contains(high)):
        raise NotFound.of("区划", "area")
    signing = await status_lists.current_key(tx, runtime)
    if signing is not None and kid == signing.kid:
        raise Conflict(
            "key_in_use",
            "该密钥仍在用于签发, 请先更换签发密钥",
            "This key still signs; put another one first before issuing anew",
        )
    reissue_id = new_id()
    assert actor.id is not None
    now = runtime.clock.now()
    if not await repository.insert(tx, reissue_id, area.key, kid, now, actor.id):
        raise Conflict("reissue_open", "该密钥的批量换发已在办理", "A reissue of this key is open already")
    if not await repository.list_standing(tx, reissue_id, kid, low, high, now.date()):
        raise Conflict("nothing_to_reissue", "没有该密钥签发的有效证明", "No certificate of this key stands")
    await _publish(tx, runtime, await get(tx, scope, reissue_id))
    return reissue_id


async def approve(
    tx: Transaction, runtime: Runtime, scope: AreaScope, actor: Actor, reissue_id: UUID, version: int
) -> Reissue:
    """Let it run; raises Conflict ``same_person`` for the one who asked for it."""
    found = await _locked(tx, scope, reissue_id, version)
    assert actor.id is not None
    if actor.id == found.requested_by:
        raise Conflict("same_person", "须由另一人办理", "another person has to do this")
    await repository.approve(tx, reissue_id, runtime.clock.now(), actor.id)
    found = await get(tx, scope, reissue_id)
    await _publish(tx, runtime, found)
    return found


async def withdraw(
    tx: Transaction, runtime: Runtime, scope: AreaScope, reissue_id: UUID, version: int
) -> Reissue:
    """Take back what was asked for and not approved."""
    await _locked(tx, scope, reissue_id, version)
    await repository.finish(tx, reissue_id, "withdrawn", runtime.clock.now())
    found = await get(tx, scope, reissue_id)
    await _publish(tx, runtime, found)
    return found


async def _locked(tx: Transaction, scope: AreaScope, reissue_id: UUID, version: int) -> Reissue:
    found = await repository.find(tx, scope, reissue_id, lock=True)
    if found is None:
        raise NotFound.of("批量换发", "reissue")
    check_version(version, found.version)
    if found.state != "requested":
        raise Conflict("reissue_state", "该批量换发已批准或结束", f"The reissue is {found.state}")
    return found


async def get(tx: Transaction, scope: AreaScope, reissue_id: UUID) -> Reissue:
    """Return a reissue in scope with its progress; raises NotFound."""
    found = await repository.find(tx, scope, reissue_id)
    if found is None:
        raise NotFound.of("批量换发", "reissue")
    return found


async def page(tx: Transaction, scope: AreaScope, before: int | None, limit: int) -> list[Reissue]:
    """Return reissues in scope, the last first."""
    return await repository.page(tx, scope, before, limit)


async def failures(tx: Transaction, reissue_id: UUID) -> list[FailedItem]:
    """Return the first certificates that could not be issued anew, and why."""
    return await repository.failed(tx, reissue_id, _FAILURES_SHOWN)


async def step(runtime: Runtime) -> bool:
    """Work on what runs; returns whether there was something. Can stop anywhere and be called again.

    Raises Unavailable where the register can't be reached: what waits, waits on.
    """
    async with runtime.database.transaction(_EVERYWHERE, read_only=True) as tx:
        found = await repository.running(tx)
        items = await repository.waiting(tx, found[0].id, _BATCH) if found else []
    for item in items:
        await _reissue(runtime, item)
    if found and not items:
        async with runtime.database.transaction(_EVERYWHERE) as tx:
            await repository.finish(tx, found[0].id, "done", runtime.clock.now())
            await _publish(tx, runtime, await get(tx, _EVERYWHERE, found[0].id))
    return bool(found)


async def _reissue(runtime: Runtime, item: Item) -> None:
    """Issue one anew in a transaction of its own; what speaks against it is kept as its code."""
    try:
        facts = await runtime.registry.facts_by_ref(item.person_ref, certificates.FACTS_PURPOSE)
        async with runtime.database.transaction(_EVERYWHERE) as tx:
            if not await repository.take(tx, item.reissue_id, item.certificate_id):
                return
            old = await certificates.get(tx, _EVERYWHERE, item.certificate_id)
            if old.state(runtime.clock.today()) is not CertificateState.VALID:
                raise Conflict("certificate_not_standing", "该证明已不再有效", "It no longer stands")
            order = Order(
                person_id=item.person_id,
                groups=item.groups,
                kind=Kind.REPLACEMENT,
                reason=ReplacementReason.KEY_COMPROMISED,
                actor=Actor(ActorKind.SYSTEM, item.approved_by),
                holder_key=item.holder_key,
            )
            new = await certificates.issue(tx, runtime, order, facts)
            await repository.settle(tx, item.reissue_id, item.certificate_id, None, new)
    except (Unavailable, Unauthenticated):
        raise
    except RenkouError as error:
        async with runtime.database.transaction(_EVERYWHERE) as tx:
            await repository.settle(tx, item.reissue_id, item.certificate_id, error.code, None)


async def _publish(tx: Transaction, runtime: Runtime, found: Reissue) -> None:
    event = ReissueChanged(reissue_id=found.id, area=area_text(found.area), kid=found.kid, state=found.state)
    await runtime.outbox.append(tx, MigrantEventType.REISSUE_CHANGED, found.id, event)
