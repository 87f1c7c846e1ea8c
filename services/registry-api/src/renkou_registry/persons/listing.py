"""Which persons a list shows: for each population the area columns that are searched. No I/O.

Conditions may use ``$1, $2`` (the list's area interval), ``$3, $4`` (the district's) and ``$5`` (today).
"""

from dataclasses import dataclass
from datetime import date

from renkou_common.codes.lists import Population

_USUAL_NOW = "p.usual_next_on IS NULL OR p.usual_next_on > $5"
_USUAL_SINCE = "p.usual_next_on <= $5"
_REGISTERED_HERE = "p.registered_area BETWEEN $3 AND $4"
_PRESENT_HERE = "p.present_area BETWEEN $3 AND $4"
_SEPARATED = "p.present_area <> p.registered_area"  # lets the planner use the partial index


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What narrows a list; None does not matter. Born from ``born_from`` on, before ``born_before``."""

    name: str = ""
    sex: int | None = None
    marital_status: str | None = None
    born_from: date | None = None
    born_before: date | None = None


BRANCHES: dict[Population | None, tuple[tuple[str, str], ...]] = {
    None: (
        ("present_area", "true"),
        ("registered_area", f"{_SEPARATED} AND NOT p.present_area BETWEEN $1 AND $2"),
    ),
    Population.REGISTERED: (("registered_area", "p.alive"),),
    Population.RESIDENT: (
        ("usual_area", f"p.alive AND ({_USUAL_NOW})"),
        ("usual_next_area", f"p.alive AND {_USUAL_SINCE}"),
    ),
    Population.MIGRANT_IN: (("present_area", f"p.alive AND NOT {_REGISTERED_HERE}"),),
    Population.MIGRANT_OUT: (("registered_area", f"p.alive AND {_SEPARATED} AND NOT {_PRESENT_HERE}"),),
}
