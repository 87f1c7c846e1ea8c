"""What a generated register holds agrees with itself: by the rules of the services that would have written it."""

import asyncio
import os
import sys

import asyncpg
import pytest

from renkou_common.scope import AreaScope
from renkou_local.postgres import EmbeddedPostgres
from renkou_registry.generator.kinds import kinds
from renkou_registry.metadata import metadata

from ..support import Registry

pytestmark = pytest.mark.endurance

PERSONS = 3_000
LEFT_EMPTY = {
    *("applied_event", "feed_counter", "feed_incident", "feed_position", "held_event", "idempotency_record"),
    "rate_budget",
    *(
        "key_rotation",
        "unmask_use",
        "consent_change",
        "purpose_version",
        "retention_change",
        "retention_hold",
        "erasure",
        "erasure_step",
        "calendar_day",
        "privacy_request",
        "privacy_request_step",
        "processing_restriction",
    ),
    *("retention_run", "sign_in_session", "sign_in_event", "refresh_token", "second_factor", "recovery_code"),
    *("staff_identity", "provider_nonce"),
    *("approval", "break_glass", "substitution", "substitution_duty"),
    *("export_job", "export_log", "export_part", "card_opening", "person_account", "service_client"),
    *("external_list", "external_list_file", "external_list_row", "external_profile"),
    *("import_applied", "import_block", "import_cells", "import_error", "import_file", "import_job"),
    *("duplicate_candidate", "duplicate_merge", "duplicate_moved", "duplicate_run", "duplicate_todo"),
    *(
        "audit_entry",
        "audit_seal",
        "audit_root",
        "petition_reading",
        "record_change",
        "visit_batch",
        "visit_batch_item",
    ),
    *("area_unsettled", "benefit_export_file", "benefit_export_copy"),
    *("person_detail", "household_detail", "service_change", "prepregnancy_step", "correction_request"),
    *(
        "benefit_batch",
        "benefit_due",
        "benefit_enrolment",
        "benefit_export",
        "benefit_line",
        "benefit_notice",
    ),
    *("benefit_notice_entry", "benefit_objection", "benefit_overpayment", "benefit_scheme", "benefit_step"),
    *(
        "benefit_scheme_version",
        "area_change",
        "area_former_name",
        "area_successor",
        "method_count",
        "method_count_day",
    ),
}
"""What jobs, readings, accounts and later work of staff leave behind: empty in a register just begun."""

NOTHING_TO_FIND = {
    "stock that is not the sum of its entries": """
        SELECT FROM supply_stock s FULL JOIN (
            SELECT point_id, batch_id, sum(quantity) AS quantity, max(happened_on) AS last_on
            FROM supply_entry GROUP BY 1, 2
        ) e USING (point_id, batch_id)
        WHERE s.quantity IS DISTINCT FROM e.quantity OR s.last_on IS DISTINCT FROM e.last_on""",
    "stock below zero on some day": """
        SELECT FROM (
            SELECT sum(quantity) OVER (PARTITION BY point_id, batch_id ORDER BY happened_on, position) AS held
            FROM supply_entry
        ) each WHERE held < 0""",
    "a ledger that was not written forward": """
        SELECT FROM (
            SELECT happened_on, lag(happened_on) OVER (PARTITION BY point_id, batch_id ORDER BY position)
                AS before FROM supply_entry
        ) each WHERE happened_on < before""",
    "an expired batch that was issued": """
        SELECT FROM supply_entry e JOIN supply_batch b ON b.id = e.batch_id
        WHERE e.kind = 'issue' AND b.expires_on < e.happened_on""",
    "a transfer that arrived otherwise than it left": """
        SELECT FROM supply_transfer t
        JOIN LATERAL (SELECT sum(quantity) AS n FROM supply_entry WHERE document_id = t.out_document) o ON true
        JOIN LATERAL (SELECT sum(quantity) AS n FROM supply_entry WHERE document_id = t.in_document) i ON true
        JOIN LATERAL (SELECT sum(quantity) AS n FROM supply_transfer_line WHERE transfer_id = t.id) l ON true
        WHERE o.n <> -i.n OR i.n <> l.n""",
    "a stocktaking that was booked otherwise": """
        SELECT FROM supply_count c
        JOIN LATERAL (SELECT sum(counted - expected) AS n FROM supply_count_line WHERE count_id = c.id) l ON true
        LEFT JOIN LATERAL (SELECT sum(quantity) AS n FROM supply_entry WHERE document_id = c.document_id) e
            ON true WHERE l.n <> coalesce(e.n, 0)""",
    "a user reached on another day than the first issue": """
        SELECT FROM supply_user u LEFT JOIN LATERAL (
            SELECT min(d.happened_on) AS first FROM supply_recipient r JOIN supply_document d
                ON d.id = r.document_id
            WHERE r.person_index = u.person_index AND extract(year FROM d.happened_on) = u.year
        ) i ON true WHERE u.reached_on IS DISTINCT FROM i.first OR u.confirmed_on < u.since""",
    "a point outside its area": """
        SELECT FROM supply_document d JOIN supply_point p ON p.id = d.point_id WHERE d.area <> p.area""",
    "a spouse who is not the spouse's spouse": """
        SELECT FROM person p LEFT JOIN person s ON s.id = p.spouse_id
        WHERE p.spouse_id IS NOT NULL AND (s.spouse_id IS DISTINCT FROM p.id OR NOT s.alive OR NOT p.alive)""",
    "a spouse link without its person or the other way round": """
        SELECT FROM (SELECT least(id, spouse_id) AS a, greatest(id, spouse_id) AS b FROM person
            WHERE spouse_id IS NOT NULL GROUP BY 1, 2) p
        FULL JOIN (SELECT person_id AS a, kin_id AS b FROM kin_link
            WHERE kind = 'spouse' AND known_until IS NULL) k USING (a, b)
        WHERE p.a IS NULL OR k.a IS NULL OR (p IS NULL) <> (k IS NULL)""",
    "a parent without a link": """
        SELECT FROM person p
        WHERE (mother_id IS NOT NULL AND NOT EXISTS (SELECT FROM kin_link k WHERE k.kind = 'mother'
                AND k.person_id = p.id AND k.kin_id = p.mother_id AND k.known_until IS NULL))
           OR (father_id IS NOT NULL AND NOT EXISTS (SELECT FROM kin_link k WHERE k.kind = 'father'
                AND k.person_id = p.id AND k.kin_id = p.father_id AND k.known_until IS NULL))""",
    "a link without a parent": """
        SELECT FROM kin_link k JOIN person p ON p.id = k.person_id
        WHERE k.known_until IS NULL AND ((k.kind = 'mother' AND p.mother_id IS DISTINCT FROM k.kin_id)
           OR (k.kind = 'father' AND p.father_id IS DISTINCT FROM k.kin_id))""",
    "a parent with fewer children than are known": """
        SELECT FROM person p JOIN (
            SELECT kin_id, count(*) AS n FROM kin_link
            WHERE kind IN ('mother', 'father') AND known_until IS NULL GROUP BY 1
        ) k ON k.kin_id = p.id WHERE p.children_count < k.n""",
    "an event of two whose counterpart is not there": """
        SELECT FROM life_event e LEFT JOIN life_event o ON o.id = (e.data->>'counterpart')::uuid
        WHERE e.data ? 'counterpart' AND (o.id IS NULL OR o.happened_on <> e.happened_on
           OR o.person_id <> (e.data->>'spouse_id')::uuid OR (o.data->>'counterpart')::uuid <> e.id)""",
    "a household without exactly one head": """
        SELECT FROM household h WHERE 1 <> (SELECT count(*) FROM household_member m WHERE m.household_id = h.id
            AND m.relation = '02' AND m.until IS NULL AND m.known_until IS NULL)""",
    "a card of a woman who is not between 15 and 50": """
        SELECT FROM card c JOIN person p ON p.id = c.person_id
        WHERE p.sex <> 2 OR c.opened_on < p.birth_date + interval '15 years'
           OR (c.state = 'open' AND (NOT p.alive OR now() > p.birth_date + interval '50 years 1 month'))""",
    "a visit without its card's told method": """
        SELECT FROM visit v LEFT JOIN card_fact f ON f.id = v.basis
        WHERE f.card_id IS DISTINCT FROM v.card_id OR f.person_id <> v.person_id""",
    "what is kept of a woman's health without her consent": """
        SELECT FROM card_fact f WHERE NOT EXISTS (SELECT FROM consent c WHERE c.person_id = f.person_id
            AND c.purpose = 'card_health_data' AND c.withdrawn_at IS NULL)""",
    "a service outside its states": """
        SELECT FROM service_given WHERE (state <> 'given' AND offered_on IS NULL)
           OR (state = 'declined' AND booked_for IS NOT NULL) OR given_on < offered_on
           OR (state = 'accepted') <> (booked_for IS NOT NULL)""",
    "a service before birth or to the dead": """
        SELECT FROM service_given s JOIN person p ON p.id = s.person_id
        WHERE listed_on < p.birth_date OR NOT p.alive""",
    "a childbirth registration that names others": """
        SELECT FROM childbirth_birth b JOIN childbirth_registration r ON r.id = b.registration_id
        JOIN person c ON c.id = b.child_id
        WHERE c.mother_id <> r.person_id OR b.born_on <> c.birth_date OR r.registered_on > b.born_on""",
    "an honour certificate for others or after 2015": """
        SELECT FROM honour_certificate h JOIN person c ON c.id = h.child_id
        WHERE c.birth_date > '2015-12-31' OR h.issued_on < c.birth_date
           OR h.first_holder_id NOT IN (c.mother_id, c.father_id)
           OR h.second_holder_id NOT IN (c.mother_id, c.father_id)""",
    "findings of a couple that declined": """
        SELECT FROM prepregnancy_consent n JOIN prepregnancy_check c ON c.id = n.check_id
        WHERE c.state = 'declined' OR n.person_id NOT IN (c.first_person_id, c.second_person_id)""",
    "a tenant who lives elsewhere": """
        SELECT FROM rental_tenant t JOIN rental r ON r.id = t.rental_id JOIN person p ON p.id = t.person_id
        WHERE p.present_area <> r.area OR p.present_street <> r.street OR t.since < r.since""",
    "a landlord who rents from himself": """
        SELECT FROM rental r JOIN rental_tenant t ON t.rental_id = r.id WHERE t.person_id = r.landlord_id""",
    "a benefit paid otherwise than it was due, twice, or to somebody without a certificate": """
        SELECT FROM benefit_line l JOIN benefit_due d ON d.id = l.due_id
        JOIN benefit_enrolment e ON e.id = l.enrolment_id
        WHERE l.amount <> d.amount OR l.period <> d.period OR e.person_id <> d.subject_id
           OR NOT EXISTS (SELECT FROM honour_certificate h WHERE h.state = 'valid'
                AND e.person_id IN (h.first_holder_id, h.second_holder_id))""",
    "a payment batch whose file tells another sum": """
        SELECT FROM benefit_export x JOIN LATERAL (
            SELECT count(*) AS n, sum(amount) AS total FROM benefit_line WHERE batch_id = x.batch_id
        ) l ON true WHERE (x.line_count, x.total) <> (l.n, l.total)""",
    "a case that one person took through two desks": """
        SELECT FROM benefit_step GROUP BY enrolment_id, taken_by HAVING count(*) > 1""",
    "spending that is not the sum of a line's": """
        SELECT FROM budget_line b WHERE spent <> (SELECT sum(amount) FROM budget_spending WHERE line_id = b.id)""",
    "a petition whose clock stands wrong": """
        SELECT FROM petition p WHERE (state IN ('received', 'replied')) <> (next_due IS NOT NULL)
           OR first_due <> received_on + 15 OR close_due <> received_on + 60
           OR (state = 'closed') <> EXISTS (SELECT FROM petition_reply r WHERE r.petition_id = p.id AND closing)""",
}
"""Rows that a sound register does not have."""


async def start(registry: Registry, processes: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "renkou_registry.generate", "--persons", str(PERSONS), "--seed", "3"),
        *("--processes", str(processes)),
        env=os.environ | registry.environment,
    )


async def generate(registry: Registry, processes: int) -> None:
    assert await (await start(registry, processes)).wait() == 0


async def test_a_generated_register_agrees_with_itself_and_has_every_record(fresh_registry: Registry) -> None:
    await generate(fresh_registry, 2)
    async with fresh_registry.runtime.database.transaction(AreaScope.everything()) as tx:
        found = {what: len(await tx.fetch(query)) for what, query in NOTHING_TO_FIND.items()}
        assert {what: number for what, number in found.items() if number} == {}
        kinds_of_events = {row[0] for row in await tx.fetch("SELECT DISTINCT kind FROM life_event")}
        assert kinds_of_events >= {
            "opening",
            "arrival",
            "birth",
            "death",
            "marriage",
            "divorce",
            "widowhood",
            "move",
        }
        states = {row[0] for row in await tx.fetch("SELECT DISTINCT state FROM service_given")}
        assert states == {"offered", "accepted", "declined", "given", "cancelled"}
        states = {row[0] for row in await tx.fetch("SELECT DISTINCT state FROM visit")}
        assert states >= {"offered", "kept", "declined", "missed"}
        filled = [
            each for each in metadata.tables if await tx.fetchval(f'SELECT EXISTS (SELECT FROM "{each}")')
        ]
        assert set(metadata.tables) - set(filled) <= LEFT_EMPTY


async def digests(owner: asyncpg.Connection, tables: list[str]) -> dict[str, str]:
    """Return a digest of each table's rows in any order, without what is sealed anew or numbered by arrival."""
    found = {}
    for table in tables:
        columns = [
            f'"{row["attname"]}"'
            for row in await owner.fetch(
                "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0"
                " AND NOT attisdropped AND attidentity = '' AND atttypid <> 'timestamptz'::regtype"
                " AND attname !~ 'sealed|changed_in|body|content_hash|serial'",
                table,
            )
        ]
        found[table] = await owner.fetchval(
            f"SELECT count(*) || ' ' || sum(hashtextextended(ROW({', '.join(columns)})::text, 0)) FROM {table}"
        )
    return found


async def test_the_same_seed_loads_the_same_rows_whatever_the_number_of_processes(
    fresh_registry: Registry, postgres: EmbeddedPostgres
) -> None:
    tables = sorted({kind.table for kind in kinds(events=False)})
    name = fresh_registry.environment["RENKOU_MIGRATION_DATABASE_URL"].rpartition("/")[2]
    owner = await postgres.connect(name)
    try:
        await generate(fresh_registry, 2)
        first = await digests(owner, tables)
        await owner.execute("SET session_replication_role = replica")
        await owner.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
        await generate(fresh_registry, 1)
        assert await digests(owner, tables) == first
    finally:
        await owner.close()


DECLARED = """
SELECT format('%s %s', indexrelid::regclass, pg_get_indexdef(indexrelid)) AS told
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace
UNION ALL SELECT format('%s %s %s %s', conrelid::regclass, conname, convalidated, pg_get_constraintdef(oid))
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT format('%s %s %s %s %s', relname, relpersistence, relrowsecurity, relforcerowsecurity, reloptions)
FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT format('%s %s %s', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger WHERE NOT tgisinternal
ORDER BY told
"""
"""Indexes, constraints, kind of storage and floor of tables, triggers."""


async def test_a_load_that_was_killed_goes_on_and_leaves_what_migrations_declared(
    fresh_registry: Registry, postgres: EmbeddedPostgres
) -> None:
    owner = await postgres.connect(
        fresh_registry.environment["RENKOU_MIGRATION_DATABASE_URL"].rpartition("/")[2]
    )
    try:
        declared = await owner.fetch(DECLARED)
        process = await start(fresh_registry, 1)
        while not await owner.fetchval("SELECT to_regclass('generator.chunk') IS NOT NULL"):
            assert process.returncode is None
            await asyncio.sleep(0.05)
        while not await owner.fetchval("SELECT count(*) FROM generator.chunk"):
            assert process.returncode is None
            await asyncio.sleep(0.05)
        process.kill()
        await process.wait()
        await generate(fresh_registry, 2)
        assert await owner.fetch(DECLARED) == declared
        assert await owner.fetchval("SELECT count(*) FROM person WHERE alive") == PERSONS
    finally:
        await owner.close()
