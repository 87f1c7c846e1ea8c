"""History of kin for the features that change the state: whoever changes it, the links follow.

Callers hold the transaction, and let it reach relatives who live elsewhere.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from renkou_common.codes.lists import KinKind
from renkou_common.database import Transaction
from renkou_registry.kin import repository
from renkou_registry.kin.domain import Link, Relative, take_in
from renkou_registry.persons.domain import new_id

COLUMNS = {KinKind.MOTHER: "mother_id", KinKind.FATHER: "father_id", KinKind.SPOUSE: "spouse_id"}


async def opened(tx: Transaction, links: Sequence[Link], now: datetime, recorded_by: UUID) -> None:
    """Write links that hold from now on."""
    if links:
        await repository.open_links(tx, [new_id() for _ in links], links, now, recorded_by)


async def closed(
    tx: Transaction, links: Sequence[Link], now: datetime, ended_by: UUID, reason: str | None = None
) -> None:
    """End links that hold no longer."""
    if links:
        await repository.close_links(tx, links, now, ended_by, reason)


async def counted_parents(tx: Transaction, person_id: UUID) -> list[UUID]:
    """Return the parents to whose number of children a person had been added when the link was made."""
    links = await repository.counted_links(tx, person_id)
    return sorted(each.kin_id for each in links if each.person_id == person_id)


async def known(
    tx: Transaction, person_ids: Sequence[UUID], known_at: datetime
) -> dict[UUID, dict[KinKind, UUID]]:
    """Return who was held to be mother, father and spouse of each of the persons at a moment."""
    found: dict[UUID, dict[KinKind, UUID]] = {person_id: {} for person_id in person_ids}
    for row in await repository.known_links(tx, person_ids, known_at):
        found[row["person_id"]][KinKind(row["kind"])] = row["kin_id"]
    return found


async def unlinked(tx: Transaction, person_ids: Sequence[UUID]) -> set[frozenset[UUID]]:
    """Return the couples among persons whose link was taken away by hand, because it was wrong."""
    rows = await repository.unlinked_spouses(tx, person_ids)
    return {frozenset((row["person_id"], row["kin_id"])) for row in rows}


async def left(tx: Transaction, person_id: UUID, now: datetime, ended_by: UUID) -> None:
    """End every link of a person whose entry was taken back."""
    await repository.close_all(tx, person_id, now, ended_by)


async def followed(
    tx: Transaction,
    person_id: UUID,
    before: Mapping[str, UUID | None],
    after: Mapping[str, UUID | None],
    now: datetime,
    recorded_by: UUID,
) -> None:
    """End and begin links by the difference of a person's kin columns."""
    ended, begun = [], []
    for kind, column in COLUMNS.items():
        old, new = before[column], after[column]
        if old == new:
            continue
        if old is not None:
            ended.append(Link.of(kind, person_id, old))
        if new is not None:
            begun.append(Link.of(kind, person_id, new, counted=kind is not KinKind.SPOUSE))
    await closed(tx, ended, now, recorded_by)
    await opened(tx, begun, now, recorded_by)


async def people(tx: Transaction, person_ids: Sequence[UUID]) -> dict[UUID, Relative]:
    """Return persons with their ancestors and spouses as the rules read them."""
    return {row["id"]: Relative(*row) for row in await repository.relatives(tx, person_ids)}


async def taken_in_new(
    tx: Transaction, children: Sequence[tuple[KinKind, UUID, UUID]]
) -> tuple[list[Link], dict[UUID, int]]:
    """Return the links of children who were just entered with their parents' ids, and by how much the number
    of children of each parent grows."""
    known = await people(tx, sorted({parent for _, _, parent in children}))
    counts = {each.id: (each.children_count, each.linked) for each in known.values()}
    for _, _, parent in children:  # they stand in the register by now
        counts[parent] = (counts[parent][0], counts[parent][1] - 1)
    links: list[Link] = []
    grown: dict[UUID, int] = {}
    for kind, child, parent in children:
        count, linked = counts[parent]
        after, counted = take_in(count, linked)
        counts[parent] = (after, linked + 1)
        links.append(Link.of(kind, child, parent, counted=counted))
        if after > count:
            grown[parent] = grown.get(parent, 0) + after - count
    return links, grown
