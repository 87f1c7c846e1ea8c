"""Database triggers that write down every change of a table that holds people, in the change's own transaction.

A change of one to twenty rows makes an entry for each; a larger one (an import, a boundary that moves) an entry for
each 500 rows, which names all their persons: an import stays as fast as its statements. Names of fields only, never
a value. Who acts is what the transaction was begun with (:mod:`.acting`); nobody is the database's own user then.
"""

from dataclasses import dataclass

SINGLE, BLOCK = 20, 500

NOTE_FUNCTION = """
CREATE FUNCTION renkou_audit_note(
    action text, what text, persons uuid[], record text, version bigint, records bigint, fields text[],
    held_for text DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    given text := nullif(current_setting('renkou.acting', true), '');
    who jsonb := coalesce(given::jsonb, jsonb_build_object('kind', 'database', 'name', session_user));
BEGIN
    INSERT INTO audit_entry (actor_id, actor_kind, actor_name, acting_for, session, address, agent, trace_id,
        purpose, reason, action, what, person_ids, record_id, version, records, fields)
    VALUES ((who->>'id')::uuid, who->>'kind', coalesce(who->>'name', ''), (who->>'acting_for')::uuid,
        who->>'session', who->>'address', who->>'agent', who->>'trace_id', coalesce(who->>'purpose', held_for),
        who->>'reason',
        action, what, coalesce(persons, '{}'), record, version, records, coalesce(fields, '{}'));
END $$
"""
"""Writes one entry in the name of whoever acts in the transaction, for what it is done or, where nothing narrower was
said, for what the table is kept (``held_for``)."""

FIELDS_FUNCTION = r"""
CREATE FUNCTION renkou_audit_fields(old jsonb, new jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(array_agg(DISTINCT regexp_replace(n.key, '_(sealed|index|hash)$', '')), '{}')
    FROM jsonb_each(new) n WHERE n.value IS DISTINCT FROM old -> n.key
        AND n.key NOT IN ('version', 'changed_in', 'changed_at', 'updated_at')
$$
"""
"""The names of what became different; counters that go with every change are none."""


@dataclass(frozen=True, slots=True)
class Captured:
    """A table whose changes are written down.

    ``persons`` are SQL expressions over a row called ``r`` that name the persons whom it is about, ``only`` is a
    condition over it. Columns in ``besides`` say nothing of anybody: a change of them alone is none.
    """

    persons: tuple[str, ...] = ()
    key: tuple[str, ...] = ("id",)
    version: bool = False
    only: str | None = None
    besides: tuple[str, ...] = ()


def capture(table: str, captured: Captured, held_for: str | None = None) -> list[str]:
    """Return the statements that have every change of a table written down. ``held_for``: its purpose."""
    return [
        function_of(table, captured, held_for),
        *(
            f"CREATE TRIGGER audit_{event.lower()} AFTER {event} ON {table} REFERENCING {transition}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {_name(table)}()"
            for event, transition in (
                ("INSERT", "NEW TABLE AS new_rows"),
                ("UPDATE", "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
                ("DELETE", "OLD TABLE AS old_rows"),
            )
        ),
    ]


def _name(table: str) -> str:
    return f"renkou_audit_{table}"


def function_of(table: str, captured: Captured, held_for: str | None = None) -> str:
    """Return the statement that makes the function of a table's triggers, or makes it anew."""
    # Without nested loops: a plan made for one row would compare each old row of thousands with each new one.
    same = " AND ".join(f"o.{name} = r.{name}" for name in captured.key)
    before = tuple(each.replace("r.", "o.") for each in captured.persons)
    differs = "o IS DISTINCT FROM r"
    if captured.besides:
        besides = "'{" + ",".join(captured.besides) + "}'::text[]"
        differs += f" AND to_jsonb(o) - {besides} IS DISTINCT FROM to_jsonb(r) - {besides}"
    only = f" AND ({captured.only})" if captured.only else ""
    where = f" WHERE {captured.only}" if captured.only else ""
    changed = (
        f"new_rows r LEFT JOIN old_rows o ON {same} WHERE {differs}{only}",
        "renkou_audit_fields(to_jsonb(o), to_jsonb(r))",
    )
    return f"""
CREATE OR REPLACE FUNCTION {_name(table)}() RETURNS trigger LANGUAGE plpgsql
SET enable_nestloop = off SET jit = off AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        {_noted("create", table, captured, held_for, captured.persons, f"new_rows r{where}", "'{}'::text[]")}
    ELSIF TG_OP = 'UPDATE' THEN
        {_noted("change", table, captured, held_for, (*captured.persons, *before), *changed)}
    ELSE
        {_noted("delete", table, captured, held_for, captured.persons, f"old_rows r{where}", "'{}'::text[]")}
    END IF;
    RETURN NULL;
END $$
"""


def _noted(
    action: str,
    table: str,
    captured: Captured,
    held_for: str | None,
    persons: tuple[str, ...],
    rows: str,
    fields: str,
) -> str:
    purpose = f", '{held_for}'" if held_for else ""
    record = " || '/' || ".join(f"r.{name}::text" for name in captured.key)
    version = "r.version::bigint" if captured.version else "NULL::bigint"
    return f"""
        PERFORM renkou_audit_note('{action}', '{table}', b.persons,
            CASE WHEN b.records = 1 THEN b.record END, CASE WHEN b.records = 1 THEN b.version END, b.records,
            b.fields{purpose})
        FROM (
            SELECT array_agg(DISTINCT u.person) FILTER (WHERE u.person IS NOT NULL) AS persons,
                array_agg(DISTINCT u.field) FILTER (WHERE u.field IS NOT NULL) AS fields,
                min(e.record) AS record, max(e.version) AS version, count(DISTINCT e.record) AS records
            FROM (
                SELECT {record} AS record, {version} AS version,
                    ARRAY[{", ".join(persons)}]::uuid[] AS persons, {fields} AS fields,
                    row_number() OVER () - 1 AS place, count(*) OVER () AS total
                FROM {rows}
            ) e LEFT JOIN LATERAL (
                SELECT unnest(e.persons) AS person, unnest(e.fields) AS field
            ) u ON true
            GROUP BY CASE WHEN e.total <= {SINGLE} THEN e.place ELSE e.place / {BLOCK} END
        ) b;"""
