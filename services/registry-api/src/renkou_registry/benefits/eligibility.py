"""Who may be entitled: one person explained, an area's candidates page by page. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.codes.lists import Population
from renkou_common.database import Transaction
from renkou_common.errors import Conflict
from renkou_common.scope import AreaScope
from renkou_registry.benefits.facts import Declared, Known, known_of
from renkou_registry.benefits.schemes import service as schemes
from renkou_registry.benefits.schemes.conditions import Finding, evaluate
from renkou_registry.benefits.schemes.domain import Answer, Version
from renkou_registry.persons import service as persons
from renkou_registry.persons.listing import Narrowing
from renkou_registry.runtime import Runtime

SCANNED_PER_PAGE = 500
NOTHING_DECLARED = Declared()


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who meets the conditions as far as the record can tell."""

    person: asyncpg.Record
    finding: Finding


def finding_on(version: Version, known: Known, on: date, declared: Declared) -> Finding:
    """Return the explained result for a person on a day."""
    return evaluate(version.definition.conditions, known.facts_on(on, declared), on)


async def of_person(
    runtime: Runtime, tx: Transaction, scope: AreaScope, scheme_id: UUID, person_id: UUID, on: date
) -> tuple[Version, Finding]:
    """Explain one person in scope; raises NotFound, Conflict ``not_in_force``, ``not_alive``."""
    version = schemes.version_needed(await schemes.find(tx, scheme_id), on)
    await persons.find(tx, person_id, scope)
    known = (await known_of(tx, scope, runtime.district.interval(), [person_id], on))[person_id]
    state = known.state_on(on)
    if not state.alive or state.birth_date > on:
        raise Conflict("not_alive", "该日期不在其生存期间", "the person was not alive on that day")
    return version, finding_on(version, known, on, NOTHING_DECLARED)


async def candidates(
    runtime: Runtime,
    tx: Transaction,
    scope: AreaScope,
    scheme_id: UUID,
    area: AreaCode,
    on: date,
    after: tuple[int, int, UUID] | None,
    limit: int,
) -> tuple[list[Candidate], tuple[int, int, UUID] | None]:
    """Look through up to 500 persons of an area; returns those who may be entitled and where to go on.

    A page may be empty while more follow: the work of one request stays bounded whatever the area's size.
    """
    version = schemes.version_needed(await schemes.find(tx, scheme_id), on)
    by_registration = version.definition.by_registration
    population = Population.REGISTERED if by_registration else Population.RESIDENT
    rows = await persons.page(runtime, tx, scope, area, population, Narrowing(), after, SCANNED_PER_PAGE)
    living = [row for row in rows if row["alive"]]
    known = await known_of(tx, scope, runtime.district.interval(), [row["id"] for row in living], on)
    found: list[Candidate] = []
    for row in rows:
        if row["id"] in known and row["alive"]:
            finding = finding_on(version, known[row["id"]], on, NOTHING_DECLARED)
            if finding.answer is not Answer.NOT_MET:
                found.append(Candidate(row, finding))
                if len(found) == limit:
                    return found, _position(row)
    following = _position(rows[-1]) if len(rows) == SCANNED_PER_PAGE else None
    return found, following


def _position(row: asyncpg.Record) -> tuple[int, int, UUID]:
    return row["part"], row["listed_area"], row["id"]


def not_met(finding: Finding) -> Sequence[Finding]:
    """Return the single conditions that were not met or not known, for a short reason."""
    if not finding.parts:
        return [] if finding.answer is Answer.MET else [finding]
    return [one for part in finding.parts if part.answer is not Answer.MET for one in not_met(part)]
