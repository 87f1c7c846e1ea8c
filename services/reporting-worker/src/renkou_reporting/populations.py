"""Names of populations and measures, and which of them go together in what is handed in or counted."""

from renkou_common.contracts.lines import Measure, Population
from renkou_reporting.facts.domain import BALANCE_SIGNS

POPULATION_NAMES: dict[Population, tuple[str, str]] = {
    Population.REGISTERED: ("户籍人口", "registered population"),
    Population.RESIDENT: ("常住人口", "usual residents"),
    Population.MIGRANT_IN: ("流入人口", "migrants in"),
    Population.MIGRANT_OUT: ("流出人口", "migrants out"),
    Population.MIGRANT_OUT_CERTIFIED: ("持有效证明的流出人口", "migrants out with a valid certificate"),
    Population.OFFICE: ("工作量", "work of offices"),
}
STOCK_SIGNS = {Measure(code): sign for code, sign in BALANCE_SIGNS.items()}
# Counts that belong to no population: what offices handed out, agreed, held, answered and spent.
_OFFICE = frozenset(
    {
        Measure.SUPPLY_ISSUED,
        Measure.EMPLOYER_STATEMENT_DUE,
        Measure.EMPLOYER_STATEMENT_SIGNED,
        Measure.RENTAL_AGREEMENT_DUE,
        Measure.RENTAL_AGREEMENT_SIGNED,
        Measure.ACTIVITY_HELD,
        Measure.ACTIVITY_REACHED,
        Measure.ACTIVITY_MATERIAL,
        Measure.PETITION_RECEIVED,
        Measure.PETITION_ON_TIME,
        Measure.SATISFACTION_VALID,
        Measure.SATISFACTION_SATISFIED,
        Measure.AWARENESS_VALID,
        Measure.AWARENESS_CORRECT,
        Measure.BUDGET_PLANNED,
        Measure.BUDGET_SPENT,
        Measure.REPLY_DUE,
        Measure.REPLY_ON_TIME,
    }
)
_EXCHANGE = frozenset(
    {
        Measure.CHECK_DUE,
        Measure.CHECK_MADE,
        Measure.NOTICE_DUE,
        Measure.NOTICE_SENT,
        Measure.NOTICE_CONFIRMABLE,
        Measure.NOTICE_CONFIRMED,
    }
)
_FIRSTS = frozenset(
    {
        Measure.FIRST_MARRIAGE,
        Measure.LATE_FIRST_MARRIAGE,
        Measure.FIRST_BIRTH,
        Measure.LATE_FIRST_BIRTH,
    }
)
# Cards, visits, services, supplies, benefits: for residents and migrants side by side.
_GONE = frozenset({Measure.METHOD_SUPPLIES_CONFIRMED})
_SERVICES = frozenset(Measure) - STOCK_SIGNS.keys() - _OFFICE - _EXCHANGE - _FIRSTS - _GONE
MEASURES_OF: dict[Population, frozenset[Measure]] = {
    Population.REGISTERED: frozenset(STOCK_SIGNS) | _SERVICES | _FIRSTS,
    Population.RESIDENT: frozenset(STOCK_SIGNS) | _SERVICES | _FIRSTS,
    Population.MIGRANT_IN: frozenset(STOCK_SIGNS) | _SERVICES | _EXCHANGE,
    Population.MIGRANT_OUT: frozenset(STOCK_SIGNS),
    Population.MIGRANT_OUT_CERTIFIED: frozenset({Measure.OPENING, Measure.IN, Measure.OUT}),
    Population.OFFICE: _OFFICE,
}
