"""Counts of women by method, for the figures: the only form in which methods leave the register.

Once a day the women with an open card are counted by population, community and method, and the difference to
what was published last goes out as one event per community: no person, no birth month, no time of day.
"""

from collections import Counter, defaultdict
from uuid import UUID

from renkou_common.codes.cards import ContraceptiveMethod
from renkou_common.codes.lists import MaritalStatus
from renkou_common.contracts.lines import Line, Measure, Population
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_cards import MethodUseCounted
from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.cards import facts, repository
from renkou_registry.life_events.calendar import add_months
from renkou_registry.persons.events import area_text
from renkou_registry.runtime import Runtime

type Counts = Counter[tuple[str, int, Measure]]
CONFIRMED_WITHIN_MONTHS = 3
_PORTION = 5_000
_MEASURES = {
    ContraceptiveMethod.SUPPLIES: Measure.METHOD_SUPPLIES,
    ContraceptiveMethod.IUD: Measure.METHOD_IUD,
    ContraceptiveMethod.STERILISATION: Measure.METHOD_STERILISATION,
    ContraceptiveMethod.IMPLANT: Measure.METHOD_IMPLANT,
    ContraceptiveMethod.OTHER: Measure.METHOD_OTHER,
}


async def count_methods(runtime: Runtime) -> bool:
    """Count today's stock and publish how it changed; False where it was counted today already."""
    today = runtime.clock.today()
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        if not await repository.begin_count(tx, today, runtime.clock.now()):
            return False
        new = await _count(runtime, tx)
        old: Counts = Counter(
            {
                (row["population"], row["area"], Measure(row["measure"])): row["value"]
                for row in await repository.published_counts(tx)
            }
        )
        lines: dict[int, list[Line]] = defaultdict(list)
        for population, area, measure in sorted(new.keys() | old.keys()):
            value = new[population, area, measure] - old[population, area, measure]
            if value:
                lines[area].append(
                    Line(
                        population=Population(population),
                        area=area_text(area),
                        on=today,
                        measure=measure,
                        value=value,
                    )
                )
        await repository.save_counts(tx, [(*key, new[key]) for key in new.keys() | old.keys()])
        await runtime.outbox.append_many(
            tx,
            [
                (
                    RegistryEventType.METHOD_USE_COUNTED,
                    area_text(area),
                    MethodUseCounted(area=area_text(area), counted_on=today, lines=found),
                )
                for area, found in lines.items()
            ],
        )
    return True


async def _count(runtime: Runtime, tx: Transaction) -> Counts:
    counts: Counts = Counter()
    for row in await repository.married_women(tx):
        counts[row["population"], row["area"], Measure.MARRIED_WOMEN] = row["number"]
    today = runtime.clock.today()
    confirmed_from = add_months(today, -CONFIRMED_WITHIN_MONTHS)
    after = UUID(int=0)
    while rows := await repository.current_methods(tx, after, _PORTION):
        after = rows[-1]["id"]
        for row in rows:
            told = facts.open_method(runtime, row["sealed"])
            if not told.used_on(today):
                continue
            where = row["population"], row["area"]
            counts[*where, _MEASURES[told.method]] += 1
            if MaritalStatus(int(row["marital_status"])).is_married:
                counts[*where, Measure.METHOD_USERS_MARRIED] += 1
            confirmed = row["confirmed_on"] is not None and row["confirmed_on"] >= confirmed_from
            if told.method is ContraceptiveMethod.SUPPLIES and confirmed:
                counts[*where, Measure.METHOD_SUPPLIES_CONFIRMED] += 1
    return counts
