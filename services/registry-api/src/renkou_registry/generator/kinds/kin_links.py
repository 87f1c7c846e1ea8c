"""Who is whose mother, father and spouse; children whose birth is not in the register were counted before."""

from collections.abc import Iterator
from typing import Any

from renkou_common.codes.lists import KinKind
from renkou_registry.generator.drawn import RECORDED_BY, Context, Drawn, Kind
from renkou_registry.kin.domain import Link
from renkou_registry.persons.domain import EntryKind


def rows(drawn: Drawn, context: Context) -> Iterator[tuple[Any, ...]]:
    """Return a row for each link, of spouses one."""
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
            known = context.now, RECORDED_BY
            yield drawn.chunk.new_id(), link.kind.value, link.person_id, link.kin_id, link.counted, *known


KIND = Kind("kin_link", ("id", "kind", "person_id", "kin_id", "counted", "known_from", "recorded_by"), rows)
