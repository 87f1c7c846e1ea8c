"""The register after it: people stand as the ledger has them, and what belongs together is together."""

import asyncio
import time

from tests.chaos.checker.check import Check
from tests.chaos.checker.evidence import Evidence

PERSON = """
SELECT id::text, sex, birth_date, died_on, registered_area, present_area FROM person WHERE id = ANY($1::uuid[])
"""
OUTBOX = "SELECT count(*) AS n, count(*) FILTER (WHERE published_at IS NULL) AS waiting FROM outbox"
FEED = """
SELECT count(feed_seq) AS n, count(DISTINCT feed_seq) AS different, COALESCE(max(feed_seq), 0) AS last FROM outbox
"""
PUBLISHED_WITHIN = 60.0
HALVES = {
    "a correction of an event that is not there": """
        SELECT id::text FROM life_event e WHERE corrects IS NOT NULL
        AND NOT EXISTS (SELECT FROM life_event o WHERE o.id = e.corrects)""",
    "a retraction of an event that is not there": """
        SELECT id::text FROM life_event e WHERE retracts IS NOT NULL
        AND NOT EXISTS (SELECT FROM life_event o WHERE o.id = e.retracts)""",
    "an event of nobody": """
        SELECT id::text FROM life_event e WHERE NOT EXISTS (SELECT FROM person p WHERE p.id = e.person_id)""",
    "a person without a history": """
        SELECT id::text FROM person p WHERE NOT EXISTS (SELECT FROM life_event e WHERE e.person_id = p.id)""",
    "a supply document without entries": """
        SELECT id::text FROM supply_document d
        WHERE NOT EXISTS (SELECT FROM supply_entry e WHERE e.document_id = d.id)""",
    "an import that never came to its end": """
        SELECT id::text FROM import_job WHERE state NOT IN ('done', 'cancelled')""",
}


async def histories(evidence: Evidence) -> Check:
    """Lay each person whom the journey dealt with beside the ledger: sex, birth, death, and both areas."""
    check = Check("人员履历与台账一致", "people stand as the ledger has them")
    for desk in (evidence.journey.home, evidence.journey.residence):
        district = desk.ledger.district
        known = {person: desk.ledger.persons[who] for who, person in desk.ids.items()}
        async with evidence.database(district, "registry") as connection:
            rows = {row["id"]: row for row in await connection.fetch(PERSON, list(known))}
        check.looked_at += len(known)
        for person, told in known.items():
            last = told.stays[-1]
            wanted = (told.sex, told.birth, told.died, last.registered, last.area)
            found = tuple(rows[person].values())[1:] if person in rows else None
            if found != wanted:
                check.wrong.append(f"{district} person {person}: {found} instead of {wanted}")
    return check


async def no_halves(evidence: Evidence) -> Check:
    """Look for what only an interrupted write could leave behind."""
    check = Check("无半途状态", "no half-state is left")
    for district in evidence.districts:
        async with evidence.database(district, "registry") as connection:
            for what, query in HALVES.items():
                check.wrong += [f"{district} {what}: {row[0]}" for row in await connection.fetch(query)]
            check.looked_at += int(await connection.fetchval("SELECT count(*) FROM life_event"))
    return check


async def all_published(evidence: Evidence) -> Check:
    """Everything that happened was given to the feeds, under numbers without a gap."""
    check = Check("事件均已发布且序号连续", "every event is out, numbered without a gap")
    deadline = time.monotonic() + PUBLISHED_WITHIN
    while True:
        check.looked_at, check.wrong = 0, []
        await _look_at_outboxes(evidence, check)
        if not check.wrong or time.monotonic() > deadline:
            return check
        await asyncio.sleep(0.5)


async def _look_at_outboxes(evidence: Evidence, check: Check) -> None:
    for district in evidence.districts:
        for service in ("registry", "migrant"):
            async with evidence.database(district, service) as connection:
                count = await connection.fetchrow(OUTBOX)
                feed = await connection.fetchrow(FEED)
            assert count is not None and feed is not None  # noqa: PT018 - counts always have a row
            check.looked_at += count["n"]
            if count["waiting"]:
                check.wrong.append(f"{district} {service}: {count['waiting']} events wait")
            if not feed["n"] == feed["different"] == feed["last"]:
                check.wrong.append(f"{district} {service}: {dict(feed)} is no feed without gaps")
