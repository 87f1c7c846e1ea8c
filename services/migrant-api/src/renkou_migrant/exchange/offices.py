"""Which office a message goes to: another district over the hub, or a subdistrict of this one (人户分离)."""

SUBDISTRICT_DIGITS = 9


def is_local(partner: str) -> bool:
    """Whether a partner is an office of this district, known by the nine digits of its subdistrict."""
    return len(partner) == SUBDISTRICT_DIGITS


def office_of(area: int) -> str:
    """Return the subdistrict that answers for an area (12-digit key) of this district."""
    return f"{area:012d}"[:SUBDISTRICT_DIGITS]


def home_office(home_area: int, present_area: int) -> str:
    """Return the office to tell of somebody registered in one area who lives in another (12-digit keys).

    The six digits of the district of registration; the nine of the subdistrict where that lies in the district
    of the residence.
    """
    home, present = f"{home_area:012d}", f"{present_area:012d}"
    return home[:SUBDISTRICT_DIGITS] if home[:6] == present[:6] else home[:6]
