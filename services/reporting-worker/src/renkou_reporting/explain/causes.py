"""Which events correct what was counted before, and which follow a changed division."""

from renkou_common.contracts.lines import AREA_CHANGE
from renkou_common.contracts.migrant import MigrantEventType
from renkou_common.contracts.registry import RegistryEventType
from renkou_reporting.explain.repository import Kinds
from renkou_reporting.measures.domain import MeasureKind, Measures
from renkou_reporting.returns.domain import Entering

CORRECTING: frozenset[str] = frozenset(
    {
        RegistryEventType.EVENT_CORRECTED,
        RegistryEventType.EVENT_RETRACTED,
        RegistryEventType.PERSON_MERGED,
        RegistryEventType.PERSON_SEPARATED,
        MigrantEventType.STAY_CORRECTED,
        MigrantEventType.CERTIFICATE_REASSIGNED,
        Entering.CORRECTED,
        Entering.WITHDRAWN,
    }
)
"""Events that reverse or restate what others said. Of any other event a negative count of a flow is a reversal too."""
DIVIDING: frozenset[str] = frozenset({RegistryEventType.PERSON_REASSIGNED, RegistryEventType.AREA_CHANGED})
"""Events by which records follow a changed division; nobody moved."""


def kinds(measures: Measures) -> Kinds:
    """Return what tells corrections and changed divisions from other facts."""
    stocks = sorted(code for code, entry in measures.items() if entry.kind is MeasureKind.STOCK)
    return Kinds(sorted(CORRECTING), stocks, sorted(DIVIDING), AREA_CHANGE)
