"""Random histories of facts, left in the database for the time of a check."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import uuid4

from hypothesis import strategies as st

from renkou_common.contracts.lines import Line
from renkou_common.contracts.migrant import CertificateCoverageChanged, MigrantEventType, StayCorrected
from renkou_common.database import Transaction
from renkou_common.messaging.envelope import build_body, parse_body
from renkou_common.scope import AreaScope
from renkou_reporting.facts.service import fold_cohorts
from renkou_reporting.subscriptions import apply_migrant, apply_registry

from ..support import Reporting, make_line

EVERYWHERE = AreaScope.everything()
APPLY = {"registry": apply_registry, "migrant": apply_migrant}
COMMUNITIES = ["340103001001", "340103001002", "340103002001", "340103002200", "340103001000"]
MONTHS = [f"{year}-{month:02d}" for year in (1976, 1977, 1990, 2007, 2008, 2009) for month in (1, 6, 12)]
MEASURES = ["opening", "birth", "death", "in", "out"] * 2 + [
    "check_due", "check_made", "card_due", "card_open", "benefit_due", "benefit_paid", "benefit_due_fen",
]  # fmt: skip


class Told(NamedTuple):
    """An event: which feed brought it, whether it corrects another, when it was recorded, its lines."""

    feed: str
    correcting: bool
    recorded_on: date
    lines: list[Line]


type History = list[Told]
type Check = Callable[[Transaction], Awaitable[None]]
type GivenHistory = Callable[[History, Check], Awaitable[None]]

_lines = st.builds(
    lambda population, area, on, measure, sex, birth_month, parity, value, detail: Line.model_validate(
        {
            "population": population,
            "area": area,
            "on": on,
            "measure": measure,
            "sex": sex,
            "birth_month": birth_month,
            "parity": parity if measure == "birth" else 0,
            "value": value,
            "detail": detail,
        }
    ),
    st.sampled_from(["registered", "resident", "migrant_in", "migrant_out", "migrant_out_certified"]),
    st.sampled_from(COMMUNITIES),
    st.dates(date(2024, 6, 1), date(2027, 3, 31)),
    st.sampled_from(MEASURES),
    st.sampled_from([0, 1, 2]),
    st.sampled_from([None, *MONTHS]),
    st.integers(0, 4),
    st.sampled_from([-2, -1, 1, 1, 2, 9]),
    st.sampled_from(["", "", "area_change", "iud"]),
)
_spending = st.builds(
    lambda area, on, value, detail: Line.model_validate(
        {"population": "office", "area": area, "on": on, "measure": "budget_spent", "sex": 0, "parity": 0,
         "value": value, "detail": detail}
    ),
    st.sampled_from(COMMUNITIES[:3]),
    st.dates(date(2024, 10, 1), date(2026, 12, 31)),
    st.sampled_from([-5_000, 1_250, 40_000, 100_000]),
    st.sampled_from(["", "staff", "area_change"]),
)  # fmt: skip


def _histories(lines: st.SearchStrategy[Line], most: int) -> st.SearchStrategy[History]:
    return st.lists(
        st.builds(
            Told,
            st.sampled_from(["registry", "migrant"]),
            st.booleans(),
            st.dates(date(2024, 6, 1), date(2027, 6, 30)),
            st.lists(lines, max_size=most),
        ),
        min_size=1,
        max_size=12,
    )


histories = _histories(_lines, 6)
_every_month = Told(
    "registry",
    False,
    date(2024, 10, 1),
    [
        make_line(population, measure, f"{year}-{month:02d}-01", value, area="340103001002", detail=detail)
        for year, month in ((2024, 10), (2025, 1), (2025, 10), (2025, 12), (2026, 1), (2026, 4))
        for population, measure, value, detail in (
            ("office", "budget_spent", 80_000 + 1_000 * month, "staff"),
            ("resident", "in", 100 * month, ""),
        )
    ],
)
histories_of_offices = _histories(st.one_of(_spending, _spending, _lines), 8).map(
    lambda history: [_every_month, *history]
)
"""Histories in which offices spend money, in every period some."""


async def left_behind(reporting: Reporting, history: History, check: Check) -> None:
    """Run a check on what a history leaves, in a transaction that is rolled back."""
    with suppress(_RolledBack):
        async with reporting.database.transaction(EVERYWHERE) as tx:
            numbers = dict.fromkeys(APPLY, 0)
            for place, told in enumerate(history):
                numbers[told.feed] += 1
                body, _ = build_body(
                    event_id=uuid4(),
                    event_type=_type(told),
                    source="renkou:340103/test",
                    subject=str(uuid4()),
                    time=datetime(*told.recorded_on.timetuple()[:3], 4, tzinfo=UTC),
                    data=_data(told),
                )
                await APPLY[told.feed](tx, [parse_body(body, numbers[told.feed])])
                if place % 3 == 0:  # some of the changes are in the cohort stock, the last ones are not
                    await fold_cohorts(tx)
            await check(tx)
            raise _RolledBack


class _RolledBack(Exception):
    """Ends a transaction without leaving anything."""


def _type(told: Told) -> str:
    return (
        MigrantEventType.STAY_CORRECTED if told.correcting else MigrantEventType.CERTIFICATE_COVERAGE_CHANGED
    )


def _data(told: Told) -> StayCorrected | CertificateCoverageChanged:
    if told.correcting:
        return StayCorrected(
            arrival_id=uuid4(), person_ref=uuid4(), arrived_on=told.recorded_on, lines=told.lines
        )
    return CertificateCoverageChanged(certificate_id=uuid4(), person_ref=uuid4(), lines=told.lines)
