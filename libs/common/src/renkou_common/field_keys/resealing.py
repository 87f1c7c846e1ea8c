"""Statements that let sealed values be sealed anew in tables whose rows are otherwise never changed."""

FUNCTION = """
CREATE FUNCTION refuse_all_but_resealing() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before jsonb := to_jsonb(OLD);
    after jsonb := to_jsonb(NEW);
    name text;
    was bytea;
    becomes bytea;
BEGIN
    IF (after - TG_ARGV) IS DISTINCT FROM (before - TG_ARGV) THEN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
    END IF;
    FOREACH name IN ARRAY TG_ARGV LOOP
        was := (before ->> name)::bytea;
        becomes := (after ->> name)::bytea;
        CONTINUE WHEN becomes IS NOT DISTINCT FROM was;
        IF was IS NULL OR becomes IS NULL
            OR abs(octet_length(becomes) - octet_length(was)) > (name LIKE '%\\_index')::int
            OR get_byte(becomes, 0) = get_byte(was, 0) AND octet_length(becomes) = octet_length(was)
        THEN
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
        END IF;
    END LOOP;
    RETURN NEW;
END $$
"""
"""Lets an UPDATE change the columns it is told of, from one key version to another and to the same length, and nothing
else. An index under the first key has no byte for its version, so it may become a byte longer.
"""


def but_for_updates(table: str) -> list[str]:
    """Return the statements that leave a table's trigger ``append_only`` to deletions."""
    return [
        f"DROP TRIGGER append_only ON {table}",
        f"CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ]


def let_reseal(table: str, app_role: str, *columns: str) -> list[str]:
    """Return the statements that let columns of a table without UPDATE go from one key version to another."""
    names = ", ".join(f"'{column}'" for column in columns)
    return [
        f"CREATE TRIGGER resealing_only BEFORE UPDATE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION refuse_all_but_resealing({names})",
        f'GRANT UPDATE ({", ".join(columns)}) ON TABLE {table} TO "{app_role}"',
    ]
