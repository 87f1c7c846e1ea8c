"""Kin (亲属): who may be linked to whom, and what a link changes on both sides. No I/O.

``mother_id``, ``father_id`` and ``spouse_id`` are the state; a child is whoever names the parent. A parent's
``children_count`` also counts children who are not in the register, so it is never below the number of linked
ones: a child newly linked is taken for one of those counted before, unless there is none left or the worker
says that it comes in addition.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from renkou_common.codes.lists import KinKind, MaritalStatus, Sex
from renkou_common.errors import Conflict, InvalidInput

_UNWED = (str(MaritalStatus.UNMARRIED), str(MaritalStatus.DIVORCED))


@dataclass(frozen=True, slots=True)
class Relative:
    """What the rules need of a person; ``linked`` is how many children in the register name this parent."""

    id: UUID
    sex: int
    birth_date: date
    alive: bool
    marital_status: str
    mother_id: UUID | None = None
    father_id: UUID | None = None
    spouse_id: UUID | None = None
    children_count: int = 0
    linked: int = 0


type People = Mapping[UUID, Relative]


@dataclass(frozen=True, slots=True)
class Link:
    """``kin_id`` is ``person_id``'s mother, father or spouse; spouses stand with the smaller id first."""

    kind: KinKind
    person_id: UUID
    kin_id: UUID
    counted: bool = False

    @classmethod
    def of(cls, kind: KinKind, person_id: UUID, kin_id: UUID, *, counted: bool = False) -> "Link":
        """Return the link in its one form."""
        if kind is KinKind.SPOUSE and kin_id < person_id:
            person_id, kin_id = kin_id, person_id
        return cls(kind, person_id, kin_id, counted)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The persons as they are after it, and the links that begin and end."""

    people: dict[UUID, Relative] = field(default_factory=dict)
    opened: tuple[Link, ...] = ()
    closed: tuple[Link, ...] = ()


def as_parent_link(
    people: People, kind: KinKind, person_id: UUID, kin_id: UUID
) -> tuple[KinKind, UUID, UUID]:
    """Return a relation as it is stored: "child" becomes the child's mother or father."""
    if kind is not KinKind.CHILD:
        return kind, person_id, kin_id
    sex = people[person_id].sex
    if sex not in (Sex.MALE, Sex.FEMALE):
        raise InvalidInput.field(
            "/relation",
            "parent_sex_unknown",
            "本人性别不明, 请在子女一方登记父亲或母亲",
            "the person's sex is not known; enter this as the child's mother or father",
        )
    return KinKind.MOTHER if sex == Sex.FEMALE else KinKind.FATHER, kin_id, person_id


def link(
    people: People, kind: KinKind, person_id: UUID, kin_id: UUID, *, additional: bool = False
) -> Outcome:
    """Link two persons; ``people`` has both with their ancestors, and their present spouses.

    Raises InvalidInput (oneself, a father recorded as female) and Conflict for what cannot be:
    ``has_mother``, ``has_father``, ``has_spouse``, ``both_parents``, ``parent_younger``, ``own_ancestor``,
    ``direct_line``, ``not_married``, ``linked_already``.
    """
    if person_id == kin_id:
        raise InvalidInput.field("/person_id", "same_person", "亲属不能是本人", "must be another person")
    kind, person_id, kin_id = as_parent_link(people, kind, person_id, kin_id)
    if kind is KinKind.SPOUSE:
        return _wed(people, people[person_id], people[kin_id])
    return _adopt(people, kind, people[person_id], people[kin_id], additional=additional)


def unlink(people: People, kind: KinKind, person_id: UUID, kin_id: UUID, *, counted: bool) -> Outcome:
    """Take a link away; ``counted`` says that it had added one to the parent's children.

    Raises Conflict ``not_linked``.
    """
    kind, person_id, kin_id = as_parent_link(people, kind, person_id, kin_id)
    person, kin = people[person_id], people[kin_id]
    closed = (Link.of(kind, person_id, kin_id),)
    if kind is KinKind.SPOUSE:
        if person.spouse_id != kin_id and kin.spouse_id != person_id:
            raise _not_linked()
        return Outcome(dict(_parted(person, kin)), closed=closed)
    if _parent_of(person, kind) != kin_id:
        raise _not_linked()
    child = replace(person, mother_id=None) if kind is KinKind.MOTHER else replace(person, father_id=None)
    linked = max(kin.linked - 1, 0)
    children = max(kin.children_count - counted, linked)
    return Outcome(
        {person_id: child, kin_id: replace(kin, linked=linked, children_count=children)}, closed=closed
    )


def check_parent(kind: KinKind, sex: int, parent_born: date, child_born: date, pointer: str) -> None:
    """Raise InvalidInput or Conflict unless somebody can be a child's mother or father."""
    if kind is KinKind.MOTHER and sex == Sex.MALE:
        raise InvalidInput.field(
            pointer, "mother_sex", "母亲的登记性别为男", "the mother is recorded as male"
        )
    if kind is KinKind.FATHER and sex == Sex.FEMALE:
        raise InvalidInput.field(
            pointer, "father_sex", "父亲的登记性别为女", "the father is recorded as female"
        )
    if parent_born >= child_born:
        raise Conflict("parent_younger", "父母的出生日期不早于子女", "a parent is not older than the child")


def is_unwed(marital_status: str) -> bool:
    """Say whether somebody of this marital status has no spouse."""
    return marital_status in _UNWED


def has_spouse() -> Conflict:
    """Return the error for somebody who has another spouse."""
    return Conflict("has_spouse", "登记中该人已有配偶", "the person has a spouse in the register already")


def ancestors(people: People, of: UUID) -> Iterator[UUID]:
    """Yield everyone above a person, as far as ``people`` knows them."""
    seen: set[UUID] = set()
    waiting = [of]
    while waiting:
        person = people.get(waiting.pop())
        for each in (person.mother_id, person.father_id) if person else ():
            if each is not None and each not in seen:
                seen.add(each)
                waiting.append(each)
                yield each


def take_in(children_count: int, linked: int, *, additional: bool = False) -> tuple[int, bool]:
    """Return the number of children after one more is linked, and whether it was added to the number."""
    counted = additional or children_count <= linked
    return max(children_count + counted, linked + 1), counted


def _adopt(people: People, kind: KinKind, child: Relative, parent: Relative, *, additional: bool) -> Outcome:
    present = _parent_of(child, kind)
    if present == parent.id:
        raise _linked_already()
    if present is not None:
        zh, en = ("母亲", "mother") if kind is KinKind.MOTHER else ("父亲", "father")
        raise Conflict(
            f"has_{kind}",
            f"登记中该人已有{zh}; 如有误请先解除",
            f"the person has a {en} in the register already; remove that link first if it is wrong",
        )
    if parent.id in (child.mother_id, child.father_id):
        raise Conflict("both_parents", "不能既是父亲又是母亲", "one person cannot be both father and mother")
    if child.id in ancestors(people, parent.id):
        raise Conflict("own_ancestor", "该人是其祖辈", "the person is an ancestor of that one")
    check_parent(kind, parent.sex, parent.birth_date, child.birth_date, "/person_id")
    children, counted = take_in(parent.children_count, parent.linked, additional=additional)
    after = (
        replace(child, mother_id=parent.id) if kind is KinKind.MOTHER else replace(child, father_id=parent.id)
    )
    return Outcome(
        {child.id: after, parent.id: replace(parent, linked=parent.linked + 1, children_count=children)},
        opened=(Link.of(kind, child.id, parent.id, counted=counted),),
    )


def _wed(people: People, one: Relative, other: Relative) -> Outcome:
    if one.spouse_id == other.id and other.spouse_id == one.id:
        raise _linked_already()
    for each in (one, other):
        if is_unwed(each.marital_status):
            raise Conflict(
                "not_married",
                "婚姻状况为未婚或离婚; 请先登记结婚",
                "the record says unmarried or divorced; record the marriage first",
            )
    if one.id in ancestors(people, other.id) or other.id in ancestors(people, one.id):
        raise Conflict("direct_line", "直系血亲不能为配偶", "an ancestor or descendant cannot be the spouse")
    changed: dict[UUID, Relative] = {}
    closed: list[Link] = []
    for each, partner in ((one, other), (other, one)):
        former = people.get(each.spouse_id) if each.spouse_id and each.spouse_id != partner.id else None
        if former is None:
            continue
        if former.alive and each.alive:
            raise has_spouse()
        if former.spouse_id == each.id:
            changed[former.id] = replace(former, spouse_id=None)
        closed.append(Link.of(KinKind.SPOUSE, each.id, former.id))
    changed |= {one.id: replace(one, spouse_id=other.id), other.id: replace(other, spouse_id=one.id)}
    return Outcome(changed, opened=(Link.of(KinKind.SPOUSE, one.id, other.id),), closed=tuple(closed))


def _parted(*pair: Relative) -> Iterator[tuple[UUID, Relative]]:
    for each, other in (pair, pair[::-1]):
        yield each.id, replace(each, spouse_id=None) if each.spouse_id == other.id else each


def _parent_of(child: Relative, kind: KinKind) -> UUID | None:
    return child.mother_id if kind is KinKind.MOTHER else child.father_id


def _linked_already() -> Conflict:
    return Conflict("linked_already", "该亲属关系已登记", "they are linked so already")


def _not_linked() -> Conflict:
    return Conflict("not_linked", "登记中没有该亲属关系", "they are not linked so")
