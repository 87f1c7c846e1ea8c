"""Finding persons: the sharpest of what is given leads, the rest narrows."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.codes.resident_id import ResidentId
from renkou_common.database import Reader
from renkou_common.errors import NotFound
from renkou_common.scope import AreaScope
from renkou_registry.persons.documents import OTHER_KINDS, blind_indexes
from renkou_registry.persons.registration import PHONE, RESIDENT_ID
from renkou_registry.runtime import Runtime
from renkou_registry.search import repository
from renkou_registry.search.criteria import Criteria, in_scope
from renkou_registry.search.domain import Match, looks_for_name, looks_for_street
from renkou_registry.search.repository import Conditions, Ring


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for: at least one of the first six, and what narrows it. who lives ``near`` comes first."""

    criteria: Criteria
    resident_id: ResidentId | None = None
    document_number: str | None = None
    phone: str | None = None
    household_number: str | None = None
    name: str | None = None
    address: str | None = None
    near: AreaCode | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A person found, with how well they fit."""

    row: asyncpg.Record
    match: Match


type Position = tuple[int, str, UUID]
"""Branch, key and id of the last person of a page."""


async def find(
    runtime: Runtime, reader: Reader, scope: AreaScope, question: Question, after: Position | None, limit: int
) -> list[Found]:
    """Return up to ``limit`` persons by rank; raises NotFound for an area that is not the caller's."""
    area = question.criteria.area
    if area is not None and not scope.covers(*area.interval()):
        raise NotFound.of("区划", "area")
    today = runtime.clock.today()
    if question.resident_id or question.document_number or question.phone:
        return await _by_number(runtime, reader, scope, question, after, limit, today)
    if question.household_number is not None:
        conditions = _narrowed(runtime, scope, question, today, household=False)
        rows = await repository.find_in_household(
            reader, question.household_number, conditions, after[2] if after else None, limit
        )
        return [Found(row, Match.EXACT) for row in rows]
    return await _by_keys(runtime, reader, scope, question, after, limit, today)


async def _by_number(
    runtime: Runtime,
    reader: Reader,
    scope: AreaScope,
    question: Question,
    after: Position | None,
    limit: int,
    today: date,
) -> list[Found]:
    conditions = _narrowed(runtime, scope, question, today)
    (column, indexes), *others = _numbers(runtime, question)
    for other, wanted in others:
        conditions.add(f"p.{other} = ANY({{}}::bytea[])", wanted)
    rows = await repository.find_by(reader, column, indexes, conditions, after[2] if after else None, limit)
    return [Found(row, Match.EXACT) for row in rows]


def _numbers(runtime: Runtime, question: Question) -> list[tuple[str, list[bytes]]]:
    """Return the columns of blind indexes that numbers lead to, with what stands there, the sharpest first."""
    cipher, found = runtime.cipher, []
    if question.resident_id is not None:
        found.append(("resident_id_index", cipher.blind_indexes(question.resident_id.value, RESIDENT_ID)))
    if question.document_number is not None:
        indexes = [
            index for kind in OTHER_KINDS for index in blind_indexes(cipher, kind, question.document_number)
        ]
        found.append(("other_document_index", indexes))
    if question.phone is not None:
        found.append(("phone_index", cipher.blind_indexes(question.phone, PHONE)))
    return found


async def _by_keys(
    runtime: Runtime,
    reader: Reader,
    scope: AreaScope,
    question: Question,
    after: Position | None,
    limit: int,
    today: date,
) -> list[Found]:
    conditions = Conditions()
    question.criteria.add_to(conditions, runtime.district, today)
    if question.name is not None:
        looks = looks_for_name(question.name)
        if question.address is not None:
            repository.key_condition(looks_for_street(question.address), conditions)
    else:
        looks = looks_for_street(question.address or "")
    rings = rings_of(question.near or question.criteria.area)
    rows = await repository.find_by_keys(reader, looks, rings, scope.multirange, conditions, after, limit)
    return [Found(row, looks[row["branch"] // len(rings)].match_of(row["key"])) for row in rows]


def _narrowed(
    runtime: Runtime, scope: AreaScope, question: Question, today: date, *, household: bool = True
) -> Conditions:
    """Return the scope and everything that narrows what a number or a household leads to."""
    conditions = Conditions()
    in_scope(scope, conditions)
    question.criteria.add_to(conditions, runtime.district, today)
    if household and question.household_number is not None:
        repository.household_condition(question.household_number, conditions)
    if question.name is not None:
        repository.key_condition(looks_for_name(question.name), conditions)
    if question.address is not None:
        repository.key_condition(looks_for_street(question.address), conditions)
    return conditions


def rings_of(near: AreaCode | None) -> list[Ring]:
    """Return the rings around an area: itself, then everywhere else; no rings where none is given."""
    return [Ring(near.interval()), Ring(None, near.interval())] if near else [Ring(None)]
