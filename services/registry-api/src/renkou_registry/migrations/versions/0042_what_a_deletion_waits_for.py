"""A hold on the record of a person keeps the history of its contact details too; a deletion that waits is left alone
for a while, and is answered

Revision: 0042, after 0041
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

TOLD = """
UPDATE erasure e SET told_kinds = ARRAY(
    SELECT s.code FROM erasure_step s WHERE s.erasure_id = e.id AND s.code NOT IN ('closing', 'account')
    ORDER BY s.place
) WHERE e.carried_out_at IS NOT NULL
"""
ERASE = """
CREATE OR REPLACE FUNCTION renkou_erase(wanted uuid, what text, indexes bytea[], on_day date) RETURNS bigint
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
        DELETE FROM person_detail d WHERE d.person_id = ANY (records) AND d.field IN ('phone', 'employer')
            AND NOT EXISTS (SELECT FROM retention_hold h WHERE h.record_id = d.person_id AND h.lifted_at IS NULL
                AND (h.until IS NULL OR h.until > on_day));
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


def upgrade() -> None:
    op.add_column("erasure", sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("erasure", sa.Column("told_kinds", postgresql.ARRAY(sa.Text()), nullable=True))
    op.execute("SELECT set_config('renkou.areas', '{[0,999999999999]}', true)")
    op.execute(TOLD)
    op.execute("SELECT set_config('renkou.areas', '', true)")
    op.execute(ERASE)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
