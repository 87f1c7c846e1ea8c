"""Emptying how a person is reached, at that one's wish. Callers hold the transaction and have locked the persons."""

from collections.abc import Sequence
from uuid import UUID

from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_people import DetailsChanged
from renkou_common.database import Transaction
from renkou_registry.persons import repository
from renkou_registry.persons.events import area_text
from renkou_registry.runtime import Runtime

_EMPTY = {"phone_sealed": None, "phone_index": None, "employer": None}


async def empty_contact(runtime: Runtime, tx: Transaction, person_ids: Sequence[UUID]) -> int:
    """Empty phone and employer of those persons who have one; returns how many. Their history is not written: it
    goes as well."""
    rows = await repository.with_contact(tx, person_ids)
    for row in rows:
        names = [name for name in ("phone", "employer") if row[name]]
        await repository.update(tx, row["id"], _EMPTY, names)
        if row["withdrawn"]:
            continue
        payload = DetailsChanged(
            person_ref=row["ref"],
            on=None,
            fields=sorted(names),
            present_area=area_text(row["present_area"]),
            registered_area=area_text(row["registered_area"]),
        )
        await runtime.outbox.append(tx, RegistryEventType.DETAILS_CHANGED, row["ref"], payload)
    return len(rows)
