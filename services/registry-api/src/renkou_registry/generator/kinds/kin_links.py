"""Who is whose mother, father and spouse; children were counted before."""

from collections.abc import Iterator
from typing import Any

from renkou_common.codes.lists import KinKind
from renkou_registry.generator.drawn import RECORDED_BY, Context, Drawn, Kind
from renkou_registry.kin.domain import Link


def rows(drawn: Drawn, context: Context) -> Iterator[tuple[Any, ...]]:
    """Return a row for each link, of spouses one."""
    for entry in drawn.chunk.persons:
        relatives = (
            (KinKind.MOTHER, entry.mother_id),
            (KinKind.FATHER, entry.father_id),
            (KinKind.SPOUSE, entry.spouse_id),
        )
        for kind, kin_id in relatives:
            if kin_id is None or (kind is KinKind.SPOUSE and kin_id < entry.id):
                continue
            link = Link.of(kind, entry.id, kin_id)
            known = context.now, RECORDED_BY
            yield drawn.chunk.new_id(), link.kind.value, link.person_id, link.kin_id, False, *known


KIND = Kind("kin_link", ("id", "kind", "person_id", "kin_id", "counted", "known_from", "recorded_by"), rows)
