"""What of a check is counted, and its publication: sums without identity."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from renkou_common.contracts.lines import Population, difference
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_maternal import PrepregnancyChanged
from renkou_common.database import Transaction
from renkou_registry.persons.events import area_text
from renkou_registry.prepregnancy import findings
from renkou_registry.prepregnancy.domain import Counted, State, lines_of
from renkou_registry.prepregnancy.forms import HIGH, RISK, Step
from renkou_registry.runtime import Runtime


def counted(runtime: Runtime, row: asyncpg.Record, steps: Sequence[asyncpg.Record]) -> Counted:
    """Return what a check counts as; how many were found at high risk leaves here as a number only."""
    risks = [findings.opened(runtime, each)[RISK] for each in steps if each["step"] == Step.ASSESSMENT]
    return Counted(
        row["area"],
        Population(row["population"]),
        State(row["state"]),
        row["registered_on"],
        persons=2 if row["second_person_id"] else 1,
        high_risk=risks.count(HIGH),
    )


async def publish(
    runtime: Runtime, tx: Transaction, check_id: UUID, before: Counted | None, after: Counted
) -> None:
    """Publish the difference; nothing where nothing counted changes."""
    lines = difference(lines_of(after), lines_of(before))
    if not lines:
        return
    payload = PrepregnancyChanged(
        check_id=check_id, area=area_text(after.area), changed_on=runtime.clock.today(), lines=lines
    )
    await runtime.outbox.append(tx, RegistryEventType.PREPREGNANCY_CHANGED, check_id, payload)
