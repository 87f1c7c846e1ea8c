"""Stocks of methods by month, numbers of papers that came with supplies, lost payment files

Stocks of methods are published by month, so that what is told late restates the months it speaks of. What was
published until now stood on the day of each count; the first count after this takes it back on those days,
which are read from the events themselves. Events are kept for some months only: what older ones had published
is the rest of each sum, and stands on the last day of a count before the events that are left.
"""

import os

import sqlalchemy as sa
from alembic import op

from renkou_common.migration import guard

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLES = ("benefit_export_file", "benefit_export_copy")
FLOOR = {
    "benefit_export_file": (
        "EXISTS (SELECT FROM benefit_batch b WHERE b.id = benefit_export_file.batch_id"
        " AND renkou_in_scope(b.area))"
    )
}
APPEND_ONLY = ("benefit_export_copy",)


BY_DAY = """
INSERT INTO method_count (population, area, on_day, measure, value)
SELECT l->>'population', (l->>'area')::bigint, (l->>'on')::date, l->>'measure', sum((l->>'value')::int)
FROM outbox o, jsonb_array_elements(o.body::jsonb->'data'->'lines') l
WHERE o.type = 'registry.method-use.counted.v1' AND l->>'measure' <> 'method_supplies_confirmed'
GROUP BY 1, 2, 3, 4 HAVING sum((l->>'value')::int) <> 0
"""
REST = """
WITH left_over AS (
    SELECT population, area, measure, sum(value) AS value FROM (
        SELECT population, area, measure, value FROM method_sum
        UNION ALL SELECT population, area, measure, -value FROM method_count) each
    WHERE measure <> 'method_supplies_confirmed' GROUP BY 1, 2, 3 HAVING sum(value) <> 0
), day AS (
    SELECT coalesce(
        (SELECT max(counted_on) FROM method_count_day
         WHERE counted_on < (SELECT min(on_day) FROM method_count)),
        (SELECT min(counted_on) FROM method_count_day), current_date) AS on_day
)
INSERT INTO method_count AS m (population, area, on_day, measure, value)
SELECT population, area, on_day, measure, value FROM left_over, day
ON CONFLICT (population, area, on_day, measure) DO UPDATE SET value = m.value + excluded.value
"""


def upgrade() -> None:
    op.execute("CREATE TEMPORARY TABLE method_sum ON COMMIT DROP AS TABLE method_count")
    op.execute("DELETE FROM method_count")
    op.drop_constraint("method_count_pkey", "method_count", type_="primary")
    op.add_column("method_count", sa.Column("on_day", sa.Date(), nullable=False))
    op.create_primary_key("method_count_pkey", "method_count", ["population", "area", "on_day", "measure"])
    op.execute(BY_DAY)
    op.execute(REST)
    op.execute("DELETE FROM method_count WHERE value = 0")
    op.add_column("supply_document", sa.Column("paper_number", sa.Text(), nullable=True))

    op.create_table(
        "benefit_export_file",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["benefit_export.batch_id"]),
        sa.PrimaryKeyConstraint("batch_id"),
    )
    op.create_table(
        "benefit_export_copy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("exported_by", sa.Uuid(), nullable=False),
        sa.Column("exported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["benefit_export.batch_id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("benefit_export_copy_batch", "benefit_export_copy", ["batch_id", "id"])
    for statement in guard(os.environ["RENKOU_APP_ROLE"], TABLES, FLOOR, APPEND_ONLY):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
