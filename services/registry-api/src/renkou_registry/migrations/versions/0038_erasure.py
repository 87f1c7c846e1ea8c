"""Deletion on request, and the narrow doors through which what is append-only can go

A row of an append-only table is deleted by a function of the owner and in no other way: for the records of a deletion
that two people have ordered and approved (`renkou_erase`), and sign-ins that have had their time
(`renkou_trim_sign_ins`).

Revision: 0038, after 0037
"""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from renkou_common.migration import guard

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

TABLES = ("erasure", "erasure_step")
FLOOR = {
    "erasure": "EXISTS (SELECT FROM person p WHERE p.id = erasure.person_id OFFSET 0)",
    "erasure_step": "EXISTS (SELECT FROM erasure e WHERE e.id = erasure_step.erasure_id OFFSET 0)",
}
REFUSE_ALL_BUT_ERASING = """
CREATE FUNCTION refuse_all_but_erasing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('renkou.erasing', true) IS DISTINCT FROM TG_TABLE_NAME::text OR current_user = session_user
        OR current_user <> (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)
    THEN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$
"""
ERASED = ("person_detail", "service_change", "supply_recipient", "sign_in_event")
ERASE = """
CREATE FUNCTION renkou_erase(wanted uuid, what text, indexes bytea[], on_day date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    records uuid[] := (
        SELECT e.record_ids FROM erasure e WHERE e.id = wanted AND e.state = 'running'
            AND (e.approved_by IS NOT NULL OR (SELECT p.withdrawn FROM person p WHERE p.id = e.person_id))
    );
    gone bigint;
BEGIN
    IF records IS NULL THEN
        RAISE EXCEPTION 'no deletion is running';
    END IF;
    PERFORM set_config('renkou.erasing', what, true);
    IF what = 'person_detail' THEN
        DELETE FROM person_detail d WHERE d.person_id = ANY (records) AND d.field IN ('phone', 'employer');
    ELSIF what = 'service_change' THEN
        DELETE FROM service_change c USING service_given s
        WHERE s.id = c.service_id AND s.person_id = ANY (records) AND s.state IN ('offered', 'declined', 'cancelled')
            AND NOT EXISTS (SELECT FROM retention_hold h WHERE h.record_id = s.id AND h.lifted_at IS NULL
                AND (h.until IS NULL OR h.until > on_day));
    ELSIF what = 'supply_recipient' THEN
        DELETE FROM supply_recipient r WHERE r.person_index = ANY (indexes);
    ELSIF what = 'sign_in_event' THEN
        DELETE FROM sign_in_event i USING person_account a
        WHERE i.kind = 'person' AND i.subject = a.id AND a.person_id = ANY (records);
    ELSE
        RAISE EXCEPTION 'nothing is deleted of %', what;
    END IF;
    GET DIAGNOSTICS gone = ROW_COUNT;
    PERFORM set_config('renkou.erasing', '', true);
    RETURN gone;
END $$
"""
"""Deletes what the records of a deletion that runs name: one that two people stand behind, or, by the clock, of
a person whose entry was taken back. The indexes are the caller's: the database has no key."""


TRIM_SIGN_INS = """
CREATE FUNCTION renkou_trim_sign_ins(ids bigint[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    PERFORM set_config('renkou.erasing', 'sign_in_event', true);
    DELETE FROM sign_in_event WHERE id = ANY (ids) AND happened_at < clock_timestamp() - interval '30 days';
    GET DIAGNOSTICS gone = ROW_COUNT;
    PERFORM set_config('renkou.erasing', '', true);
    RETURN gone;
END $$
"""
"""Never what happened within a month, whatever day the caller thinks it is."""


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("record_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("ordered_by", sa.Uuid(), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("carried_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("account_due_on", sa.Date(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.CheckConstraint("(ordered_by IS NULL) = (approved_by IS NULL)", name="erasure_by_clock"),
        sa.CheckConstraint("(state = 'finished') = (finished_at IS NOT NULL)", name="erasure_finished"),
        sa.CheckConstraint("ordered_by <> approved_by", name="erasure_four_eyes"),
        sa.CheckConstraint("state IN ('running', 'finished')", name="erasure_state"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("erasure_person", "erasure", ["person_id", "ordered_at"])
    op.create_index(
        "erasure_running",
        "erasure",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "erasure_step",
        sa.Column("erasure_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("counts", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="erasure_step_done"),
        sa.CheckConstraint("(state = 'held') = (cause IS NOT NULL)", name="erasure_step_cause"),
        sa.CheckConstraint("state IN ('waiting', 'held', 'done')", name="erasure_step_state"),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasure.id"]),
        sa.PrimaryKeyConstraint("erasure_id", "code"),
    )
    op.create_index(
        "sign_in_event_unknown",
        "sign_in_event",
        ["id"],
        postgresql_where=sa.text("subject IS NULL AND name IS NULL"),
    )
    role = os.environ["RENKOU_APP_ROLE"]
    for statement in guard(role, TABLES, FLOOR):
        op.execute(statement)
    op.execute(f'REVOKE DELETE, TRUNCATE ON TABLE erasure, erasure_step FROM "{role}"')
    op.execute(REFUSE_ALL_BUT_ERASING)
    for table in ERASED:
        others = "TRUNCATE" if table in ("person_detail", "supply_recipient") else "UPDATE OR TRUNCATE"
        op.execute(f"DROP TRIGGER append_only ON {table}")
        op.execute(
            f"CREATE TRIGGER append_only BEFORE {others} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER erasing_only BEFORE DELETE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_all_but_erasing()"
        )
    op.execute(ERASE)
    op.execute(TRIM_SIGN_INS)
    for function in ("renkou_erase(uuid, text, bytea[], date)", "renkou_trim_sign_ins(bigint[])"):
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f'GRANT EXECUTE ON FUNCTION {function} TO "{role}"')


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
