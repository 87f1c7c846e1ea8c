"""registry.area.changed.v1 to the dated tree: divisions begin, end and take others' place from a day on."""

from collections.abc import Sequence
from datetime import timedelta

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_time import AreaChanged
from renkou_common.database import Transaction
from renkou_common.messaging.envelope import Event
from renkou_reporting.areas import repository
from renkou_reporting.areas.domain import Division, Succession


async def apply_area_changes(tx: Transaction, events: Sequence[Event]) -> None:
    """Take in changes of divisions in the feed's order; one that is known changes nothing."""
    for event in events:
        if event.type == RegistryEventType.AREA_CHANGED:
            await _apply(tx, AreaChanged.model_validate(event.data))


async def _apply(tx: Transaction, change: AreaChanged) -> None:
    since = change.effective_on
    for each in change.successors:
        code = AreaCode.from_key(int(each.area))
        await repository.found(tx, Division(code.key, int(code.level), each.title, since))
    for ended in change.ended:
        code = AreaCode.from_key(int(ended))
        await repository.end(tx, code.key, int(code.level), since - timedelta(days=1))
    everything = [each.area for each in change.successors]
    heirs = {each.area: each.successors for each in change.heirs} or dict.fromkeys(change.sources, everything)
    await repository.succeed(
        tx,
        change.change_id,
        change.kind,
        [Succession(since, int(area), int(to)) for area, found in heirs.items() for to in found],
    )
