"""From rows to answers: what was told about health stays out unless it was asked for with a purpose."""

from collections.abc import Mapping

import asyncpg

from renkou_common.codes.cards import VISIT_EFFECTS, VISIT_PROBLEMS, VISIT_STATES
from renkou_common.codes.masking import mask_phone
from renkou_registry.cards.repository import Row
from renkou_registry.fields import area_code
from renkou_registry.persons.reading import open_phone
from renkou_registry.runtime import Runtime
from renkou_registry.visits import service
from renkou_registry.visits.schemas import VisitOut, WorkItem

_SAME = (
    "id",
    "card_id",
    "person_id",
    "name",
    "state",
    "due_on",
    "planned_on",
    "worker_id",
    "accepted_on",
    "settled_on",
    "settled_by",
    "next_due_on",
    "version",
)


def visit(row: Row, told: Mapping[str, str | None] | None = None) -> VisitOut:
    """Return a visit; ``told`` is the outcome in the clear, where it may be shown."""
    told = told or {}
    effect, problem = told.get("effect"), told.get("problem")
    return VisitOut(
        **{name: row[name] for name in _SAME},
        state_label=VISIT_STATES.entry(row["state"]).zh,
        place=area_code(row["place"]),
        street=row["present_street"],
        outcome="told" if row["outcome_sealed"] is not None else "not_told",
        effect=effect,
        effect_label=VISIT_EFFECTS.entry(effect).zh if effect else None,
        problem=problem,
        problem_label=VISIT_PROBLEMS.entry(problem).zh if problem else None,
        note=told.get("note"),
    )


def visit_in_the_clear(runtime: Runtime, row: Row) -> VisitOut:
    """Return a visit with what was told at it; the caller logs the reading."""
    return visit(row, service.open_outcome(runtime, row))


def work_item(runtime: Runtime, row: asyncpg.Record) -> WorkItem:
    """Return a visit as worklists show it."""
    phone = open_phone(runtime, row)
    return WorkItem(
        id=row["id"],
        card_id=row["card_id"],
        person_id=row["person_id"],
        name=row["name"],
        phone=mask_phone(phone) if phone else None,
        place=area_code(row["place"]),
        street=row["present_street"],
        state=row["state"],
        state_label=VISIT_STATES.entry(row["state"]).zh,
        due_on=row["due_on"],
        planned_on=row["planned_on"],
        worker_id=row["worker_id"],
        version=row["version"],
    )
