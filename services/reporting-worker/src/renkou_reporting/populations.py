"""Names of populations and measures, and which of them go together in what is handed in or counted."""

from renkou_common.contracts.lines import Measure, Population

POPULATION_NAMES: dict[Population, tuple[str, str]] = {
    Population.REGISTERED: ("户籍人口", "registered population"),
    Population.RESIDENT: ("常住人口", "usual residents"),
    Population.MIGRANT_IN: ("流入人口", "migrants in"),
    Population.MIGRANT_OUT: ("流出人口", "migrants out"),
    Population.MIGRANT_OUT_CERTIFIED: ("持有效证明的流出人口", "migrants out with a valid certificate"),
}
STOCK_SIGNS: dict[Measure, int] = {
    Measure.OPENING: 1,
    Measure.BIRTH: 1,
    Measure.IN: 1,
    Measure.DEATH: -1,
    Measure.OUT: -1,
}
_BENEFITS = frozenset(
    {Measure.BENEFIT_DUE, Measure.BENEFIT_PAID, Measure.BENEFIT_DUE_FEN, Measure.BENEFIT_PAID_FEN}
)
_TASKS = frozenset(Measure) - STOCK_SIGNS.keys() - _BENEFITS
MEASURES_OF: dict[Population, frozenset[Measure]] = {
    Population.REGISTERED: frozenset(STOCK_SIGNS) | _BENEFITS,
    Population.RESIDENT: frozenset(STOCK_SIGNS) | _BENEFITS,
    Population.MIGRANT_IN: frozenset(STOCK_SIGNS) | _TASKS,
    Population.MIGRANT_OUT: frozenset(STOCK_SIGNS),
    Population.MIGRANT_OUT_CERTIFIED: frozenset({Measure.OPENING, Measure.IN, Measure.OUT}),
}
