"""Rules of the supplies ledger: what is chosen, what may not happen, how a month adds up. No I/O.

Quantities are whole units of a specification. A batch may be issued up to and on the day it expires.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from renkou_common.codes.offices import SupplyDocumentKind as Kind
from renkou_common.contracts.lines import LineKey, Measure, Population
from renkou_common.errors import Conflict

MONTH_COLUMNS: tuple[Kind, ...] = (
    Kind.RECEIPT,
    Kind.RETURN,
    Kind.TRANSFER_IN,
    Kind.ISSUE,
    Kind.LOSS,
    Kind.TRANSFER_OUT,
    Kind.STOCKTAKING,
    Kind.REVERSAL,
)


@dataclass(frozen=True, slots=True)
class Stock:
    """What a point holds of a batch; ``last_on`` is the day of its last entry."""

    batch_id: UUID
    specification_id: UUID
    expires_on: date
    quantity: int
    last_on: date


@dataclass(frozen=True, slots=True)
class Taken:
    """A signed quantity of a batch to post."""

    batch_id: UUID
    specification_id: UUID
    expires_on: date
    quantity: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A quantity of a specification to take out, of the batch named or of the one that expires first."""

    specification_id: UUID
    quantity: int
    batch_id: UUID | None = None


def choose(stocks: Iterable[Stock], wanted: Sequence[Wanted], on: date, today: date) -> list[Taken]:
    """Return what to take for each line, first expiry first out, nothing expired on the day ``on``.

    Where a batch is not named, what has expired by ``today`` is left out too: an issue that is entered late from
    a batch that has expired since has to name it.
    Named batches are served first, so that the choice for the other lines knows what is left. Raises Conflict
    ``stock_short`` (with what there is), ``batch_expired`` or ``batch_not_here``.
    """
    held = {stock.batch_id: stock for stock in stocks}
    left = {batch_id: stock.quantity for batch_id, stock in held.items()}
    taken: Counter[UUID] = Counter()
    for line in sorted(wanted, key=lambda each: each.batch_id is None):
        if line.batch_id is None:
            batches = _first_expiring(held.values(), line.specification_id, max(on, today))
        else:
            batches = [_named(held, line, on)]
        available = sum(left[each.batch_id] for each in batches)
        if available < line.quantity:
            raise stock_short(available, line.quantity)
        still = line.quantity
        for batch in batches:
            part = min(still, left[batch.batch_id])
            left[batch.batch_id] -= part
            taken[batch.batch_id] += part
            still -= part
    return [
        Taken(batch_id, held[batch_id].specification_id, held[batch_id].expires_on, -quantity)
        for batch_id, quantity in sorted(taken.items())
        if quantity
    ]


def _first_expiring(stocks: Iterable[Stock], specification_id: UUID, on: date) -> list[Stock]:
    usable = [s for s in stocks if s.specification_id == specification_id and s.expires_on >= on]
    return sorted(usable, key=lambda stock: (stock.expires_on, stock.batch_id))


def _named(held: dict[UUID, Stock], line: Wanted, on: date) -> Stock:
    stock = held.get(line.batch_id) if line.batch_id else None
    if stock is None or stock.specification_id != line.specification_id:
        raise batch_not_here()
    if stock.expires_on < on:
        raise Conflict(
            "batch_expired",
            f"该批次已于 {stock.expires_on} 到期, 不得发放",
            f"this batch expired on {stock.expires_on} and is not issued",
        )
    return stock


def batch_not_here() -> Conflict:
    """Return the error for a batch that the point never held."""
    return Conflict("batch_not_here", "该发放点没有此批次", "this point does not hold that batch")


def stock_short(available: int, wanted: int) -> Conflict:
    """Return the error for more than there is."""
    return Conflict(
        "stock_short",
        f"可用库存 {available}, 少于所需 {wanted}",
        f"{available} in usable stock, fewer than the {wanted} wanted",
    )


def apply(stocks: Sequence[Stock], entries: Sequence[Taken], on: date) -> list[Stock]:
    """Return the stocks after posting; raises Conflict where one fell below zero or the book ran backwards.

    A ledger is written forward: an entry is never dated before the last one of the same batch at the point,
    so that the stock was never below zero on any past day either.
    """
    held = {stock.batch_id: stock for stock in stocks}
    for entry in entries:
        old = held.get(entry.batch_id)
        before = old.quantity if old else 0
        if old is not None and on < old.last_on:
            raise Conflict(
                "before_last_entry",
                f"该批次最近一笔账为 {old.last_on}, 日期不能更早",
                f"the last entry of this batch is of {old.last_on}; the day cannot be earlier",
            )
        if before + entry.quantity < 0:
            raise stock_short(before, -entry.quantity)
        held[entry.batch_id] = Stock(
            entry.batch_id, entry.specification_id, entry.expires_on, before + entry.quantity, on
        )
    return sorted(held.values(), key=lambda stock: stock.batch_id)


def issue_lines(area: int, on: date, people: int) -> Counter[LineKey]:
    """Return what an issue counts as: how many times somebody received something, and no more."""
    key = LineKey(Population.OFFICE, f"{area:012d}", on, Measure.SUPPLY_ISSUED)
    return Counter({key: people}) if people else Counter()


@dataclass(frozen=True, slots=True)
class UserYear:
    """A year's registration of a user as far as it counts."""

    area: int
    population: str
    since: date
    reached: bool
    confirmed: bool
    withdrawn: bool


def user_lines(user: UserYear) -> Counter[LineKey]:
    """Return the lines of a user's year, all dated at the day of asking; a withdrawn entry counts nowhere."""
    if user.withdrawn:
        return Counter()
    measures = [Measure.SUPPLY_USER_REGISTERED]
    if user.reached:
        measures.append(Measure.SUPPLY_USER_REACHED)
    if user.confirmed:
        measures.append(Measure.SUPPLY_USER_CONFIRMED)
    population = Population(user.population)
    return Counter({LineKey(population, f"{user.area:012d}", user.since, each): 1 for each in measures})


@dataclass(frozen=True, slots=True)
class MonthRow:
    """A specification's month at a point: opening + what came in - what went out = closing."""

    specification_id: UUID
    opening: int
    moved: dict[Kind, int]

    @property
    def incoming(self) -> int:
        """All that came in, differences and reversals that added included."""
        return sum(value for value in self.moved.values() if value > 0)

    @property
    def outgoing(self) -> int:
        """All that went out, as a positive number."""
        return -sum(value for value in self.moved.values() if value < 0)

    @property
    def closing(self) -> int:
        return self.opening + sum(self.moved.values())


def month_rows(
    stock_now: dict[UUID, int], later: dict[UUID, int], within: dict[tuple[UUID, Kind], int]
) -> list[MonthRow]:
    """Return the month of each specification that was held or moved.

    ``stock_now`` is the present stock, ``later`` the sum of entries after the month, ``within`` the sums of
    the month by kind. Reckoning backwards from the stock reads only the entries since the month began.
    """
    specifications = sorted({*stock_now, *later, *(each for each, _ in within)})
    rows = []
    for specification_id in specifications:
        moved = {kind: within.get((specification_id, kind), 0) for kind in MONTH_COLUMNS}
        closing = stock_now.get(specification_id, 0) - later.get(specification_id, 0)
        opening = closing - sum(moved.values())
        if opening or closing or any(moved.values()):
            rows.append(MonthRow(specification_id, opening, moved))
    return rows
