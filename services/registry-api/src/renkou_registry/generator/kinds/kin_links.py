"""Who is whose mother, father and spouse; children whose birth is not in the register were counted before."""

from collections.abc import Iterator
from typing import Any

from renkou_common.codes.lists import KinKind
from renkou_registry.generator.drawn import RECORDED_BY, Context, Drawn, Kind
from renkou_registry.kin.domain import Link
from renkou_registry.persons.domain import EntryKind


def rows(drawn: Drawn, context: Context) -> Iterator[tuple[Any, ...]]:
    """Return a row for each link, of spouses one; those whom death has parted are linked no more."""
    for each in drawn.people:
        entry = each.entry
        relatives = (
            (KinKind.MOTHER, entry.mother_id),
            (KinKind.FATHER, entry.father_id),
            (KinKind.SPOUSE, entry.spouse_id),
        )
        for kind, kin_id in relatives:
            if kin_id is None or (kind is KinKind.SPOUSE and kin_id < entry.id):
                continue
            born_here = each.first.kind is EntryKind.BIRTH and kind is not KinKind.SPOUSE
            link = Link.of(kind, entry.id, kin_id, counted=born_here)
            yield _row(drawn, context, link)
        lost = each.first.spouse_id if each.entry.spouse_id is None else None
        if lost is not None and each.entry.id < lost:
            yield _row(drawn, context, Link.of(KinKind.SPOUSE, each.entry.id, lost), ended=True)


def _row(drawn: Drawn, context: Context, link: Link, *, ended: bool = False) -> tuple[Any, ...]:
    whose = drawn.chunk.new_id(), link.kind.value, link.person_id, link.kin_id, link.counted
    until = (context.now, RECORDED_BY) if ended else (None, None)
    return *whose, context.now, RECORDED_BY, *until


KIND = Kind(
    "kin_link",
    (
        *("id", "kind", "person_id", "kin_id", "counted", "known_from", "recorded_by"),
        *("known_until", "ended_by"),
    ),
    rows,
)
