"""Every acknowledged write is there once, and nothing is there that nobody was told of."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from tests.chaos.checker.check import Check
from tests.chaos.checker.evidence import Evidence


@dataclass(frozen=True)
class Kept:
    """Where creations under a path stand. ``where`` leaves out rows that have another origin than a request."""

    service: str
    step: str
    table: str
    where: str = "true"


KEPT = (
    Kept("registry", "/staff", "staff_account", "username <> 'administrator'"),
    Kept("registry", "/life-events/births", "life_event", "kind = 'birth' AND cause IS NULL"),
    Kept("registry", "/life-events/deaths", "life_event", "kind = 'death' AND cause IS NULL"),
    Kept("registry", "/life-events/moves", "life_event", "kind = 'move' AND cause IS NULL"),
    Kept("registry", "/persons/{id}/services", "service_given"),
    Kept("registry", "/corrections", "correction_request"),
    Kept("registry", "/supply-products", "supply_product"),
    Kept("registry", "/supply-products/{id}/specifications", "supply_specification"),
    Kept("registry", "/supply-points", "supply_point"),
    Kept("registry", "/supply-points/{id}/receipts", "supply_document", "kind = 'receipt'"),
    Kept("registry", "/supply-points/{id}/issues", "supply_document", "kind = 'issue'"),
    Kept("registry", "/benefit-schemes", "benefit_scheme"),
    Kept("registry", "/benefit-enrolments", "benefit_enrolment"),
    Kept("registry", "/benefit-notices", "benefit_notice"),
    Kept("registry", "/benefit-batches", "benefit_batch"),
    Kept("migrant", "/departures", "departure"),
    Kept("migrant", "/certificate-applications", "certificate_application"),
    Kept("migrant", "/certificates", "certificate"),
    Kept("migrant", "/arrivals", "arrival"),
)
# An import's job is not among them: retention removes it while the calendar goes by. Its people stand in the figures.
BORN_BY_NOTICE = "SELECT life_event_id::text FROM message WHERE life_event_id IS NOT NULL"
"""Births that the register entered by itself when a notice of one was confirmed."""


async def nothing_lost(evidence: Evidence) -> Check:
    """Look for the row of each acknowledged creation."""
    check = Check("已应答的写入均在", "every acknowledged write is there")
    async for kept, district, told, found in _sets(evidence):
        check.looked_at += len(told)
        check.wrong += [f"{district} {kept.table} {each} is lost" for each in sorted(told - found)]
    return check


async def nothing_doubled(evidence: Evidence) -> Check:
    """Look for rows beyond those that somebody was told of: a second one of a request, or a half of a lost one."""
    check = Check("无重复, 无无主记录", "nothing is there twice, or without an answer")
    async for kept, district, told, found in _sets(evidence):
        check.looked_at += len(found)
        check.wrong += [f"{district} {kept.table} {each} was told to nobody" for each in sorted(found - told)]
    check.wrong += evidence.acknowledged.contradicted
    return check


async def _sets(evidence: Evidence) -> AsyncIterator[tuple[Kept, str, set[str], set[str]]]:
    """Each kind of creation in each district: what clients were told of, and what stands there."""
    for district in evidence.districts:
        async with evidence.database(district, "migrant") as connection:
            by_notice = {row[0] for row in await connection.fetch(BORN_BY_NOTICE)}
        for kept in KEPT:
            async with evidence.database(district, kept.service) as connection:
                rows = await connection.fetch(f"SELECT id::text FROM {kept.table} WHERE {kept.where}")
            told = evidence.acknowledged.created(district, kept.service, kept.step)
            found = {row["id"] for row in rows} - by_notice
            yield kept, district, told, found
