"""A hold on a single record says whose it is: who does not reach the person sees, places and lifts none

Revision: 0043, after 0042
"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

ABOUT = """
DO $$
DECLARE name text;
BEGIN
    FOR name IN
        SELECT i.table_name FROM information_schema.columns i
        JOIN information_schema.columns p USING (table_schema, table_name)
        WHERE i.table_schema = 'public' AND i.column_name = 'id' AND i.data_type = 'uuid'
            AND p.column_name = 'person_id' AND p.data_type = 'uuid' AND i.table_name <> 'retention_hold'
    LOOP
        EXECUTE format('UPDATE retention_hold h SET about_id = t.person_id FROM %I t WHERE t.id = h.record_id', name);
    END LOOP;
    UPDATE retention_hold h SET about_id = p.id FROM person p WHERE p.id = h.record_id;
END $$
"""
SEEN = (
    "coalesce(retention_hold.person_id, retention_hold.about_id) IS NULL OR EXISTS (SELECT FROM person p"
    " WHERE p.id = coalesce(retention_hold.person_id, retention_hold.about_id) OFFSET 0)"
)


def upgrade() -> None:
    op.add_column("retention_hold", sa.Column("about_id", sa.Uuid(), nullable=True))
    op.execute("SELECT set_config('renkou.areas', '{[0,999999999999]}', true)")
    op.execute(ABOUT)
    op.execute("SELECT set_config('renkou.areas', '', true)")
    op.execute(f"ALTER POLICY area_floor ON retention_hold USING ({SEEN}) WITH CHECK ({SEEN})")


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
