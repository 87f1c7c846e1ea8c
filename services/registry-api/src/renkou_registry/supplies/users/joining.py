"""Users of supplies whose record joins another. Callers hold the transaction and let it reach everywhere.

Who received is append-only and stays sealed as it was written; :func:`.service.held_about` reads it for the
record that is kept. A registration of a year is sealed anew for that record; where it has one of the same
year, the other is withdrawn, so that one person counts once.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from renkou_registry.field_keys import uniqueness
from renkou_registry.records import Desk
from renkou_registry.supplies.users import repository
from renkou_registry.supplies.users.repository import USERS
from renkou_registry.supplies.users.service import changed, indexes_of, sealed_person


async def take_over(desk: Desk, gone_id: UUID, kept_id: UUID) -> dict[str, list[str]]:
    """Let the registrations of ``gone_id`` be those of ``kept_id``; returns what :func:`give_back` needs."""
    done: dict[str, list[str]] = {"sealed": [], "withdrawn": []}
    await uniqueness.serialise(desk.runtime.cipher, desk.tx)
    for row in await repository.of_person(desk.tx, indexes_of(desk.runtime, gone_id)):
        sealed, index = sealed_person(desk.runtime, kept_id)
        if await repository.of_year(desk.tx, indexes_of(desk.runtime, kept_id), row["year"]) is None:
            await USERS.update(desk.tx, row["id"], {"person_sealed": sealed, "person_index": index})
            done["sealed"].append(str(row["id"]))
        else:
            after = await USERS.update(desk.tx, row["id"], {"withdrawn": True})
            await changed(desk, after, "withdrawn", desk.today, row)
            done["withdrawn"].append(str(row["id"]))
    return done


async def give_back(desk: Desk, gone_id: UUID, told: Mapping[str, Any]) -> None:
    """Undo :func:`take_over`."""
    for each in told["sealed"]:
        sealed, index = sealed_person(desk.runtime, gone_id)
        await USERS.update(desk.tx, UUID(each), {"person_sealed": sealed, "person_index": index})
    for each in told["withdrawn"]:
        before = await USERS.find(desk.tx, UUID(each), desk.scope)
        after = await USERS.update(desk.tx, UUID(each), {"withdrawn": False})
        await changed(desk, after, "registered", desk.today, before)
