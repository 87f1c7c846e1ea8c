"""Entering one person: whose area it is, who the relatives are, whose document it is."""

from uuid import UUID

from renkou_common.codes.lists import DocumentKind, KinKind
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_common.scope import AreaScope
from renkou_registry.floor import reaching_everywhere
from renkou_registry.kin.domain import check_parent, has_spouse
from renkou_registry.persons import registration, relatives_repository, repository, service, taken
from renkou_registry.persons.domain import PersonEntry
from renkou_registry.runtime import Runtime


async def register(
    runtime: Runtime, tx: Transaction, scope: AreaScope, entry: PersonEntry, *, recorded_by: UUID
) -> UUID:
    """Enter one person; raises Conflict ``person_exists``, naming the other only to those who see them."""
    check_own_area(scope, entry.registered_area, entry.present_area)
    await check_kin(tx, scope, entry)
    await taken.check_may_ask(runtime, tx, recorded_by)
    found = await registration.register_many(runtime, tx, [entry], recorded_by=recorded_by)
    if found[0] is None:
        raise await document_taken(runtime, tx, scope, entry)
    return found[0]


def check_own_area(scope: AreaScope, registered_area: int, present_area: int) -> None:
    """Raise NotFound unless a record with these areas belongs to the caller's area."""
    if not scope.contains(registered_area) and not scope.contains(present_area):
        raise NotFound.of("区划 (户籍地或现居住地须在您的辖区)", "area within your own")


async def check_kin(tx: Transaction, scope: AreaScope, entry: PersonEntry) -> None:
    """Raise NotFound for a mother, father or spouse whom the caller does not see, InvalidInput or Conflict
    for one who cannot be."""
    kin = {each for each in (entry.mother_id, entry.father_id, entry.spouse_id) if each is not None}
    if not kin:
        return
    known = {row["id"]: row for row in await repository.find_many(tx, sorted(kin), scope)}
    if len(known) < len(kin):
        raise NotFound.of("亲属", "relative")
    for kind, parent_id in ((KinKind.MOTHER, entry.mother_id), (KinKind.FATHER, entry.father_id)):
        if parent_id is not None:
            parent = known[parent_id]
            pointer = f"/{kind}_id"
            check_parent(kind, parent["sex"], parent["birth_date"], entry.birth_date, pointer)
    if entry.spouse_id is not None:
        await service.lock(tx, [entry.spouse_id], scope)
        if (await relatives_repository.kin_columns(tx, [entry.spouse_id]))[entry.spouse_id][2] is not None:
            raise has_spouse()


async def document_taken(
    runtime: Runtime, tx: Transaction, scope: AreaScope, entry: PersonEntry, pointer: str = ""
) -> Conflict:
    """Return the conflict for the document of an entry that is taken; ``pointer`` is where the entry stands.

    It names the other person only to those who see them.
    """
    kind, field = entry.document_kind, "document_number"
    if entry.resident_id is not None:
        kind, field = DocumentKind.RESIDENT_ID.value, "resident_id"

    async def holder(within: AreaScope) -> UUID | None:
        if entry.resident_id is not None:
            row = await service.find_by_resident_id(runtime, tx, entry.resident_id, within)
        else:
            row = await service.find_by_document(runtime, tx, kind, entry.document_number or "", within)
        return row["id"] if row else None

    seen = await holder(scope)
    async with reaching_everywhere(tx, scope):
        elsewhere = await holder(AreaScope.everything()) if seen is None else None
    return taken.document_taken(kind, f"{pointer}/{field}", seen, elsewhere)
