"""What was found, sealed and unsealed; each reading in the clear has a purpose and is logged."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from renkou_common.database import Transaction
from renkou_common.identity.principal import Access
from renkou_registry.persons.domain import new_id
from renkou_registry.persons.reading import log_health
from renkou_registry.prepregnancy.domain import ReadPurpose
from renkou_registry.prepregnancy.forms import Step
from renkou_registry.prepregnancy.repository import NewStep
from renkou_registry.runtime import Runtime

VALUES = "prepregnancy_step.values"


def seal(
    runtime: Runtime,
    check_id: UUID,
    person_id: UUID,
    step: Step,
    revision: int,
    done_on: date,
    form_version: str,
    values: Mapping[str, Any],
    reason: str | None = None,
) -> NewStep:
    """Return the row of a finding; what was found is readable with the field keys only."""
    sealed = runtime.cipher.seal(orjson.dumps(values), VALUES)
    return NewStep(new_id(), check_id, person_id, step, revision, done_on, form_version, sealed, reason)


def opened(runtime: Runtime, row: asyncpg.Record) -> dict[str, Any]:
    """Return the values of a row in the clear. The caller has logged the reading or counts only."""
    values: dict[str, Any] = orjson.loads(runtime.cipher.unseal(row["values_sealed"], VALUES))
    return values


def opened_by_person(
    runtime: Runtime, steps: Sequence[asyncpg.Record]
) -> dict[UUID, dict[Step, dict[str, Any]]]:
    """Return the values of rows in the clear, by person and step; for what shows them to nobody."""
    found: dict[UUID, dict[Step, dict[str, Any]]] = {}
    for row in steps:
        found.setdefault(row["person_id"], {})[Step(row["step"])] = opened(runtime, row)
    return found


async def read(
    runtime: Runtime,
    tx: Transaction,
    access: Access,
    steps: Sequence[asyncpg.Record],
    purpose: ReadPurpose,
) -> dict[UUID, dict[Step, dict[str, Any]]]:
    """Return what was found, by person and step, and log for each person what was read and what for."""
    found = opened_by_person(runtime, steps)
    for person_id, by_step in found.items():
        names = [f"prepregnancy.{step}" for step in by_step]
        await log_health(runtime, tx, access.subject, person_id, names, purpose)
    return found
