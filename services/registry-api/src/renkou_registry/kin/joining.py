"""Kin of two records of one person that become one, and two again. Callers hold the transaction and let it
reach everywhere.

Links are ended and begun, never rewritten; the record that leaves keeps its columns, so that it comes back as
it was.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from renkou_common.codes.lists import KinKind
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_people import KinChanged
from renkou_common.database import Transaction
from renkou_common.errors import Conflict
from renkou_registry.kin import history, repository
from renkou_registry.kin.domain import Link, People, Relative, ancestors, is_unwed
from renkou_registry.kin.history import COLUMNS
from renkou_registry.persons import service as persons
from renkou_registry.persons.events import area_text
from renkou_registry.runtime import Runtime

_PARENTS = (KinKind.MOTHER, KinKind.FATHER)


@dataclass(slots=True)
class Joined:
    """What a join changes: columns (person, column, before, after), numbers of children, links."""

    columns: list[tuple[UUID, str, UUID | None, UUID | None]] = field(default_factory=list)
    counts: Counter[UUID] = field(default_factory=Counter)
    closed: list[Link] = field(default_factory=list)
    opened: list[Link] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return what is stored with the merge."""
        return {
            "columns": [[str(one), name, _text(old), _text(new)] for one, name, old, new in self.columns],
            "counts": {str(each): number for each, number in self.counts.items() if number},
            "closed": [_stored(each) for each in self.closed],
            "opened": [_stored(each) for each in self.opened],
        }

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> "Joined":
        """Return what was stored."""
        return cls(
            [(UUID(one), name, _id(old), _id(new)) for one, name, old, new in told["columns"]],
            Counter({UUID(each): number for each, number in told["counts"].items()}),
            [_link(each) for each in told["closed"]],
            [_link(each) for each in told["opened"]],
        )


def _text(value: UUID | None) -> str | None:
    return str(value) if value is not None else None


def _id(value: str | None) -> UUID | None:
    return UUID(value) if value is not None else None


def _stored(link: Link) -> list[Any]:
    return [link.kind.value, str(link.person_id), str(link.kin_id), link.counted]


def _link(stored: Sequence[Any]) -> Link:
    kind, person_id, kin_id, counted = stored
    return Link(KinKind(kind), UUID(person_id), UUID(kin_id), counted)


def join(
    people: People, gone_id: UUID, kept_id: UUID, naming: Sequence[tuple[KinKind, UUID]], counted: set[Link]
) -> Joined:
    """Return what follows for kin when ``kept_id`` stands for ``gone_id`` as well. No I/O.

    ``naming`` are (kind, person) who name the record that leaves as mother, father or spouse; ``counted`` the
    links that had added one to a parent's number of children. A parent whom both records name has one child
    less; the kept record has the greater number of children, and never fewer than are linked.
    """
    gone, kept = people[gone_id], people[kept_id]
    _check(people, gone, kept)
    done = Joined()
    for kind in _PARENTS:
        _parent(done, kind, gone, kept, counted)
    if gone.spouse_id is not None:
        done.closed.append(Link.of(KinKind.SPOUSE, gone_id, gone.spouse_id))
        if kept.spouse_id is None:
            done.columns.append((kept_id, "spouse_id", None, gone.spouse_id))
            done.opened.append(Link.of(KinKind.SPOUSE, kept_id, gone.spouse_id))
    children = 0
    for kind, other in naming:
        if kind is KinKind.SPOUSE:
            taken = kept_id if kept.spouse_id in (None, other) else None
            done.columns.append((other, "spouse_id", gone_id, taken))
            continue
        children += 1
        was = Link.of(kind, other, gone_id, counted=Link.of(kind, other, gone_id, counted=True) in counted)
        done.columns.append((other, COLUMNS[kind], gone_id, kept_id))
        done.closed.append(was)
        done.opened.append(Link.of(kind, other, kept_id, counted=was.counted))
    number = max(kept.children_count, gone.children_count, kept.linked + children)
    done.counts[kept_id] += number - kept.children_count
    return done


def _parent(done: Joined, kind: KinKind, gone: Relative, kept: Relative, counted: set[Link]) -> None:
    column = COLUMNS[kind]
    parent, present = getattr(gone, column), getattr(kept, column)
    if parent is None:
        return
    had_added = Link.of(kind, gone.id, parent, counted=True) in counted
    done.closed.append(Link.of(kind, gone.id, parent, counted=had_added))
    if present is None:
        done.columns.append((kept.id, column, None, parent))
        done.opened.append(Link.of(kind, kept.id, parent, counted=had_added))
    elif had_added:
        done.counts[parent] -= 1


def _check(people: People, gone: Relative, kept: Relative) -> None:
    if kept.id in ancestors(people, gone.id) or gone.id in ancestors(people, kept.id):
        raise Conflict("relatives", "两条记录登记为直系亲属, 不能合并", "one is an ancestor of the other")
    if {gone.sex, kept.sex} == {1, 2}:
        raise Conflict(
            "sexes_differ",
            "两条记录的性别不同, 请先更正其中一条",
            "the sexes differ; correct one of them first",
        )
    if gone.spouse_id is None or gone.spouse_id == kept.spouse_id:
        return
    if kept.spouse_id is None:
        if is_unwed(kept.marital_status):
            raise Conflict(
                "not_married",
                "离开的记录有配偶, 保留的记录为未婚或离婚; 请改为保留另一条, 或先登记结婚",
                "the record that leaves has a spouse and the other is unmarried or divorced; keep the other one,"
                " or record the marriage first",
            )
        return
    both = (people.get(gone.spouse_id), people.get(kept.spouse_id))
    if all(each is not None and each.alive for each in both):
        raise Conflict(
            "spouses_differ",
            "两条记录的配偶不同, 请先更正其中一条",
            "the records have different spouses; correct one of them first",
        )


async def take_over(
    runtime: Runtime, tx: Transaction, gone_id: UUID, kept_id: UUID, recorded_by: UUID
) -> dict[str, Any]:
    """Let ``kept_id`` have the kin of ``gone_id``; returns what :func:`give_back` needs. Raises Conflict.

    To be called before the record leaves the register.
    """
    naming = [(KinKind(row["kind"]), row["id"]) for row in await repository.naming(tx, gone_id)]
    people = await history.people(tx, [gone_id, kept_id])
    parents = [people[gone_id].mother_id, people[gone_id].father_id]
    ids = {gone_id, kept_id, *(each for _, each in naming), *(each for each in parents if each is not None)}
    await persons.lock_known(tx, sorted(ids))
    done = join(people, gone_id, kept_id, naming, await repository.counted_links(tx, gone_id))
    await _set_columns(tx, [(one, name, new) for one, name, _, new in done.columns])
    await _add_children(tx, done.counts, 1)
    now = runtime.clock.now()
    await history.closed(tx, done.closed, now, recorded_by, "重复记录合并")
    await history.opened(tx, done.opened, now, recorded_by)
    await _publish(runtime, tx, done.opened, linked=True)
    return done.as_json()


async def give_back(runtime: Runtime, tx: Transaction, told: Mapping[str, Any], recorded_by: UUID) -> None:
    """Undo :func:`take_over`; what was changed since by hand stays. To be called once both stand again."""
    done = Joined.of_json(told)
    await _publish(runtime, tx, done.opened, linked=False)
    now_named = await history.people(tx, sorted({one for one, _, _, _ in done.columns}))
    same = [
        (one, name, old)
        for one, name, old, new in done.columns
        if one in now_named and getattr(now_named[one], name) == new
    ]
    await _set_columns(tx, same)
    await _add_children(tx, done.counts, -1)
    now = runtime.clock.now()
    await history.closed(tx, done.opened, now, recorded_by, "撤销合并")
    known = await history.people(tx, sorted({each.person_id for each in done.closed}))
    standing = [each for each in done.closed if _holds(known, each)]
    await history.opened(tx, standing, now, recorded_by)


def _holds(known: People, link: Link) -> bool:
    if link.kind is KinKind.SPOUSE:
        one, other = known.get(link.person_id), known.get(link.kin_id)
        named = {one.spouse_id if one else None, other.spouse_id if other else None}
        return bool(named & {link.person_id, link.kin_id})
    person = known.get(link.person_id)
    return person is not None and getattr(person, COLUMNS[link.kind]) == link.kin_id


async def _set_columns(tx: Transaction, changes: Sequence[tuple[UUID, str, UUID | None]]) -> None:
    by_person: dict[UUID, dict[str, Any]] = {}
    for person_id, column, value in changes:
        by_person.setdefault(person_id, {})[column] = value
    for person_id in sorted(by_person):
        await persons.set_kin(tx, person_id, by_person[person_id])


async def _add_children(tx: Transaction, counts: Mapping[UUID, int], sign: int) -> None:
    for person_id in sorted(counts):
        if counts[person_id]:
            await persons.add_children(tx, [person_id], sign * counts[person_id])


async def _publish(runtime: Runtime, tx: Transaction, links: Sequence[Link], *, linked: bool) -> None:
    """Tell of links that begin or end with another record; of each the person whose mother, father or spouse
    it is."""
    ids = {each for link in links for each in (link.person_id, link.kin_id)}
    locked = await persons.lock_known(tx, sorted(ids))
    children = await history.people(tx, sorted(ids))
    for link in links:
        person, kin = locked.get(link.person_id), locked.get(link.kin_id)
        if person is None or kin is None:
            continue
        payload = KinChanged(
            person_ref=person.ref,
            kin=link.kind.value,
            kin_ref=kin.ref,
            linked=linked,
            children_count=children[person.id].children_count,
            present_area=area_text(person.present_area),
            registered_area=area_text(person.registered_area),
        )
        await runtime.outbox.append(tx, RegistryEventType.KIN_CHANGED, person.ref, payload)
