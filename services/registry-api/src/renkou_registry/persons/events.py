"""From a person's state to the published contract."""

from datetime import date
from typing import Any
from uuid import UUID

from renkou_common.contracts.lines import Line
from renkou_registry.life_events.domain import PersonState


def person_event_fields(
    ref: UUID,
    life_event_id: UUID,
    happened_on: date,
    state: PersonState,
    children_count: int,
    lines: list[Line],
) -> dict[str, Any]:
    """Return the members that every event about a person has; no name, number, phone or street."""
    return {
        "person_ref": ref,
        "life_event_id": life_event_id,
        "happened_on": happened_on,
        "sex": state.sex,
        "birth_month": state.birth_date.isoformat()[:7],
        "alive": state.alive,
        "marital_status": state.marital_status,
        "children_count": children_count,
        "registered_area": area_text(state.registered_area),
        "present_area": area_text(state.present_area),
        "present_since": state.present_since,
        "lines": lines,
    }


def area_text(key: int) -> str:
    """Return the 12-digit form that events carry."""
    return f"{key:012d}"
