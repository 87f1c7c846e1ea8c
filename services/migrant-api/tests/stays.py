"""Stays of a test, and the register's events about who stays."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from pydantic import BaseModel

from renkou_common.contracts.registry import BirthRecorded, EventCorrected, EventRetracted, RegistryEventType
from renkou_common.messaging.envelope import Event
from renkou_common.scope import AreaScope
from renkou_migrant.consumers import registry_handler

from .support import Node

RESIDENCE_AREA, HOME_AREA = "310115005001", "340103002003"
MOTHER = {
    "name": "李静",
    "resident_id": "340103199203045528",
    "sex": 2,
    "birth_date": "1992-03-04",
    "registered_area": HOME_AREA,
    "present_area": RESIDENCE_AREA,
    "present_since": "2025-11-01",
}
CHILD = {"name": "王一诺", "sex": 1, "birth_date": "2026-02-11", "registered_area": HOME_AREA}


async def happened(node: Node, kind: RegistryEventType, payload: BaseModel) -> None:
    """Let the node take in an event of its register, as the worker does."""
    data = payload.model_dump(mode="json")
    event = Event(1, uuid4(), kind, "renkou:310115/registry-api", "x", datetime.now(UTC), data, b"")
    async with node.runtime.database.transaction(AreaScope.everything()) as tx:
        await registry_handler(node.runtime)(tx, [event])


async def somebody_stays(
    node: Node, *, home: str = HOME_AREA, workplace: str | None = None
) -> tuple[UUID, UUID]:
    """A woman registered elsewhere lives here; returns the person's reference and the stay's id."""
    ref, arrival_id = uuid4(), uuid4()
    await node.rows(
        """
        INSERT INTO arrival (id, person_id, person_ref, home_area, area, arrived_on, birth_month, sex,
            check_applies, due_on, workplace_district, recorded_at, recorded_by)
        VALUES ($1, $2, $2, $3, 310115005001, '2025-11-01', '1992-03', 2, true, '2025-12-01', $4, now(), $2)
        """,
        arrival_id,
        ref,
        int(home),
        workplace,
    )
    node.register.registers(ref, **MOTHER | {"registered_area": home})
    return ref, arrival_id


def about(person: UUID, **changes: Any) -> dict[str, Any]:
    """The members that every event about a person has."""
    fields: dict[str, Any] = {
        "person_ref": person,
        "life_event_id": uuid4(),
        "happened_on": date(2026, 2, 11),
        "sex": 1,
        "birth_month": "2026-02",
        "alive": True,
        "marital_status": "10",
        "registered_area": HOME_AREA,
        "present_area": RESIDENCE_AREA,
        "present_since": date(2026, 2, 11),
    }
    return fields | changes


async def born(node: Node, mother: UUID) -> UUID:
    """A child of ``mother`` was born; returns the child's reference."""
    child = uuid4()
    node.register.registers(child, **CHILD)
    payload = BirthRecorded(**about(child), mother_ref=mother, parity=2)
    await happened(node, RegistryEventType.BIRTH_RECORDED, payload)
    return child


async def corrected(node: Node, person: UUID, kind: str = "birth", **changes: Any) -> None:
    """An event of a person's history was corrected."""
    payload = EventCorrected(**about(person, **changes), corrected_event_id=uuid4(), corrected_kind=kind)
    await happened(node, RegistryEventType.EVENT_CORRECTED, payload)


async def retracted(node: Node, person: UUID, kind: str = "birth", **changes: Any) -> None:
    """An event of a person's history was taken back."""
    event_id = changes.pop("retracted_event_id", uuid4())
    payload = EventRetracted(**about(person, **changes), retracted_event_id=event_id, retracted_kind=kind)
    await happened(node, RegistryEventType.EVENT_RETRACTED, payload)
