"""Names of populations."""

from renkou_common.contracts.lines import Population

POPULATION_NAMES: dict[Population, tuple[str, str]] = {
    Population.REGISTERED: ("户籍人口", "registered population"),
    Population.RESIDENT: ("常住人口", "usual residents"),
    Population.MIGRANT_IN: ("流入人口", "migrants in"),
    Population.MIGRANT_OUT: ("流出人口", "migrants out"),
    Population.MIGRANT_OUT_CERTIFIED: ("持有效证明的流出人口", "migrants out with a valid certificate"),
    Population.OFFICE: ("工作量", "work of offices"),
}
