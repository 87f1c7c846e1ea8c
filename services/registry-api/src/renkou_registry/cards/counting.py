"""Counts of women by method, for the figures: the only form in which methods leave the register.

Once a day what all cards add to the stocks (see :mod:`.stocks`) is added up by population, community and
month, and the difference to what was published before goes out, also of months that are over: as events about
a community, without a person, a birth month or a day.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from uuid import UUID

from renkou_common.codes.cards import ContraceptiveMethod
from renkou_common.contracts.lines import Line, LineKey, Measure, Population, difference
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_cards import MethodUseCounted
from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.cards import facts, repository
from renkou_registry.cards.domain import due_periods, open_periods
from renkou_registry.cards.repository import Row
from renkou_registry.cards.stocks import Marriage, Telling, stock_lines
from renkou_registry.life_events import history as histories
from renkou_registry.life_events.domain import LifeEvent, Rules, derive, effective, married_since
from renkou_registry.persons.events import area_text
from renkou_registry.runtime import Runtime

LINES_AT_MOST = 500
"""In one event, far below what a message may weigh."""
_PORTION = 500  # each holds up the worker's other tasks for less than a tenth of a second
_RULES = Rules()


async def count_methods(runtime: Runtime) -> bool:
    """Count the stocks and publish how they changed; False where that was done today already."""
    async with runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        if await repository.counted(tx, runtime.clock.today()):
            return False
    new = await _count(runtime)
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        if not await repository.begin_count(tx, runtime.clock.today(), runtime.clock.now()):
            return False
        old = Counter({_key(row): row["value"] for row in await repository.published_counts(tx)})
        changed = difference(new, old)
        await repository.save_counts(tx, [(each, new[_key_of(each)]) for each in changed])
        await _publish(runtime, tx, changed)
    return True


def _key(row: Row) -> LineKey:
    return LineKey(
        Population(row["population"]), area_text(row["area"]), row["on_day"], Measure(row["measure"])
    )


def _key_of(line: Line) -> LineKey:
    return LineKey(line.population, line.area, line.on, line.measure)


async def _publish(runtime: Runtime, tx: Transaction, changed: Sequence[Line]) -> None:
    by_area: dict[str, list[Line]] = defaultdict(list)
    for line in changed:
        by_area[line.area].append(line)
    today = runtime.clock.today()
    await runtime.outbox.append_many(
        tx,
        [
            (
                RegistryEventType.METHOD_USE_COUNTED,
                area,
                MethodUseCounted(area=area, counted_on=today, lines=lines[first : first + LINES_AT_MOST]),
            )
            for area, lines in by_area.items()
            for first in range(0, len(lines), LINES_AT_MOST)
        ],
    )


async def _count(runtime: Runtime) -> Counter[LineKey]:
    """Add up the lines of all cards, a portion at a time, each as the register stands when it is read."""
    counts: Counter[LineKey] = Counter()
    after = UUID(int=0)
    while True:
        async with runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
            cards = await repository.to_count(tx, after, _PORTION)
            known = await histories.of_many(tx, [card["person_id"] for card in cards])
            told = await repository.methods_told(tx, [card["id"] for card in cards])
        tellings: dict[UUID, list[Telling]] = defaultdict(list)
        for row in told:
            tellings[row["card_id"]].append(_telling(runtime, row))
        for card in cards:
            for key, value in _lines(runtime, card, known[card["person_id"]], tellings[card["id"]]).items():
                counts[key] += value
        if len(cards) < _PORTION:
            return counts
        after = cards[-1]["id"]


def _telling(runtime: Runtime, row: Row) -> Telling:
    if row["sealed"] is None:
        return Telling(row["told_on"])
    told = facts.open_method(runtime, row["sealed"])
    method = None if told.method is ContraceptiveMethod.NONE else told.method
    return Telling(told.started_on or row["told_on"], method, told.ended_on)


def _lines(
    runtime: Runtime, card: Row, history: Sequence[LifeEvent], tellings: Sequence[Telling]
) -> Counter[LineKey]:
    if not effective(history):  # retracted, or joined with another record
        return Counter()
    district = runtime.district.interval()
    opened = open_periods(due_periods(derive(history, district, _RULES), district), card["opened_on"])
    marriages = [Marriage(since, married) for since, married in married_since(history)]
    return stock_lines(opened, marriages, tellings, runtime.clock.today())
