"""Whatever is posted in whatever order: stock is never below zero, sums agree, first expiry goes first."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renkou_common.codes.offices import SupplyDocumentKind as Kind
from renkou_common.contracts.lines import Measure, Population
from renkou_common.errors import Conflict
from renkou_registry.supplies.domain import (
    Stock,
    Taken,
    UserYear,
    Wanted,
    apply,
    choose,
    issue_lines,
    month_rows,
    user_lines,
)

START = date(2025, 1, 1)
PILLS, CONDOMS = UUID(int=1), UUID(int=2)
# batch -> (specification, last day on which it may be issued)
BATCHES = {
    UUID(int=10 + n): (specification, START + timedelta(days=days))
    for n, (specification, days) in enumerate(
        [(PILLS, 20), (PILLS, 60), (PILLS, 60), (PILLS, 400), (CONDOMS, 10), (CONDOMS, 300)]
    )
}


@dataclass
class Book:
    """A point's stock and all that was posted, as the ledger keeps it."""

    stocks: list[Stock] = field(default_factory=list)
    entries: list[tuple[Kind, date, Taken]] = field(default_factory=list)

    def post(self, kind: Kind, on: date, entries: list[Taken]) -> None:
        self.stocks = apply(self.stocks, entries, on)
        self.entries += [(kind, on, entry) for entry in entries]

    def held(self) -> dict[UUID, int]:
        return {stock.batch_id: stock.quantity for stock in self.stocks}


def entry(batch_id: UUID, quantity: int) -> Taken:
    specification, expires_on = BATCHES[batch_id]
    return Taken(batch_id, specification, expires_on, quantity)


@dataclass(frozen=True)
class Step:
    kind: Kind
    days: int
    batch_id: UUID
    quantity: int
    explicit: bool


STEPS = st.builds(
    Step,
    kind=st.sampled_from([Kind.RECEIPT, Kind.RECEIPT, Kind.ISSUE, Kind.ISSUE, Kind.LOSS, Kind.STOCKTAKING]),
    days=st.integers(0, 9),
    batch_id=st.sampled_from(sorted(BATCHES)),
    quantity=st.integers(1, 30),
    explicit=st.booleans(),
)


def entries_of(book: Book, step: Step, on: date) -> list[Taken]:
    """What a step posts; raises Conflict where it may not be."""
    specification, _ = BATCHES[step.batch_id]
    if step.kind is Kind.RECEIPT:
        return [entry(step.batch_id, step.quantity)]
    if step.kind is Kind.ISSUE:
        named = step.batch_id if step.explicit else None
        return choose(book.stocks, [Wanted(specification, step.quantity, named)], on, on)
    if step.kind is Kind.STOCKTAKING:
        difference = step.quantity - book.held().get(step.batch_id, 0)
        return [entry(step.batch_id, difference)] if difference else []
    return [entry(step.batch_id, -step.quantity)]


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, max_size=40), st.integers(0, 39))
def test_any_sequence_keeps_stock_at_zero_or_above_and_equal_to_the_sum_of_its_entries(
    steps: list[Step], reversed_step: int
) -> None:
    book, on = Book(), START
    refusals: list[str] = []
    for number, step in enumerate(steps):
        on += timedelta(days=step.days)
        try:
            entries = entries_of(book, step, on)
            book.post(step.kind, on, entries)
            if number == reversed_step:
                opposite = [Taken(e.batch_id, e.specification_id, e.expires_on, -e.quantity) for e in entries]
                book.post(Kind.REVERSAL, on, opposite)
        except Conflict as refusal:
            refusals.append(refusal.code)
        sums: Counter[UUID] = Counter()
        for _, _, each in book.entries:
            sums[each.batch_id] += each.quantity
        assert all(quantity >= 0 for quantity in book.held().values())
        assert {b: q for b, q in book.held().items() if q} == {b: q for b, q in sums.items() if q}
    assert set(refusals) <= {"stock_short", "batch_expired", "batch_not_here"}


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_an_issue_takes_what_expires_first_and_nothing_that_has_expired(steps: list[Step]) -> None:
    book, on = Book(), START
    for step in steps:
        on += timedelta(days=step.days)
        before = book.held()
        try:
            entries = entries_of(book, step, on)
            book.post(step.kind, on, entries)
        except Conflict:
            continue
        if step.kind is not Kind.ISSUE:
            continue
        assert all(each.expires_on >= on for each in entries)
        assert -sum(each.quantity for each in entries) == step.quantity
        if step.explicit:
            assert [each.batch_id for each in entries] == [step.batch_id]
            continue
        left = book.held()
        latest = max((each.expires_on, each.batch_id) for each in entries)
        earlier = [
            batch_id
            for batch_id, (specification, expires_on) in BATCHES.items()
            if specification == BATCHES[step.batch_id][0]
            and on <= expires_on
            and (expires_on, batch_id) < latest
            and before.get(batch_id, 0)
        ]
        assert all(left[batch_id] == 0 for batch_id in earlier)


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=40), st.integers(1, 12))
def test_every_month_adds_up_and_opens_with_what_the_month_before_closed_with(
    steps: list[Step], months: int
) -> None:
    book, on = Book(), START
    for step in steps:
        on += timedelta(days=step.days)
        try:
            book.post(step.kind, on, entries_of(book, step, on))
        except Conflict:
            continue
    closings: dict[UUID, int] = {}
    for month in range(1, months + 1):
        first, following = date(2025, month, 1), date(2025 + month // 12, month % 12 + 1, 1)
        now: Counter[UUID] = Counter()
        for stock in book.stocks:
            now[stock.specification_id] += stock.quantity
        later: Counter[UUID] = Counter()
        within: Counter[tuple[UUID, Kind]] = Counter()
        for kind, day, each in book.entries:
            if day >= following:
                later[each.specification_id] += each.quantity
            elif day >= first:
                within[each.specification_id, kind] += each.quantity
        rows = {row.specification_id: row for row in month_rows(dict(now), dict(later), dict(within))}
        for specification_id, row in rows.items():
            assert row.opening == closings.get(specification_id, 0) >= 0
            assert row.opening + row.incoming - row.outgoing == row.closing >= 0
        assert all(specification_id in rows for specification_id, n in closings.items() if n)
        closings = {specification_id: row.closing for specification_id, row in rows.items()}


def test_a_batch_may_be_issued_on_its_last_day_and_not_the_day_after() -> None:
    batch = UUID(int=10)
    stocks = [Stock(batch, PILLS, START, 5, START)]
    assert choose(stocks, [Wanted(PILLS, 2)], START, START)[0].quantity == -2
    following = START + timedelta(days=1)
    with pytest.raises(Conflict, match="stock_short"):
        choose(stocks, [Wanted(PILLS, 2)], following, following)
    with pytest.raises(Conflict, match="batch_expired"):
        choose(stocks, [Wanted(PILLS, 2, batch)], following, following)


def test_an_issue_entered_late_takes_what_has_expired_since_only_by_name() -> None:
    batch, following = UUID(int=10), START + timedelta(days=1)
    stocks = [Stock(batch, PILLS, START, 5, START)]
    with pytest.raises(Conflict, match="stock_short"):
        choose(stocks, [Wanted(PILLS, 2)], START, following)
    assert choose(stocks, [Wanted(PILLS, 2, batch)], START, following)[0].quantity == -2


def test_a_batch_named_in_one_line_is_not_given_away_again_in_another() -> None:
    early, late = UUID(int=10), UUID(int=13)
    stocks = [
        Stock(early, PILLS, BATCHES[early][1], 5, START),
        Stock(late, PILLS, BATCHES[late][1], 5, START),
    ]
    taken = choose(stocks, [Wanted(PILLS, 4), Wanted(PILLS, 3, early)], START, START)
    assert {each.batch_id: -each.quantity for each in taken} == {early: 5, late: 2}


def test_the_book_is_written_forward() -> None:
    batch = UUID(int=10)
    stocks = [Stock(batch, PILLS, BATCHES[batch][1], 5, START + timedelta(days=3))]
    with pytest.raises(Conflict, match="before_last_entry"):
        apply(stocks, [entry(batch, -1)], START)


def test_an_issue_counts_how_often_somebody_received_and_nothing_else() -> None:
    [(key, value)] = issue_lines(340103001001, START, 12).items()
    assert (key.measure, key.area, key.on, value) == (Measure.SUPPLY_ISSUED, "340103001001", START, 12)
    assert (key.population, key.sex, key.birth_month) == (Population.OFFICE, 0, "")


@given(st.booleans(), st.booleans(), st.booleans())
def test_nobody_is_reached_or_confirmed_without_being_registered(
    reached: bool, confirmed: bool, withdrawn: bool
) -> None:
    lines = user_lines(UserYear(340103001001, "migrant_in", START, reached, confirmed, withdrawn))
    counted = Counter({key.measure: value for key, value in lines.items()})
    registered = counted[Measure.SUPPLY_USER_REGISTERED]
    assert registered == (0 if withdrawn else 1)
    assert counted[Measure.SUPPLY_USER_REACHED] == (registered if reached else 0)
    assert counted[Measure.SUPPLY_USER_CONFIRMED] == (registered if confirmed else 0)
