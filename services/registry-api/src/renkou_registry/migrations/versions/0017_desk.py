"""Stocks of methods by month, the numbers of papers that came with supplies

Stocks of methods are published by month, so that what is told late restates the months it speaks of. What was
published until now stood on the day of each count; the first count after this takes it back on those days,
which are read from the events themselves.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM method_count")
    op.drop_constraint("method_count_pkey", "method_count", type_="primary")
    op.add_column("method_count", sa.Column("on_day", sa.Date(), nullable=False))
    op.create_primary_key("method_count_pkey", "method_count", ["population", "area", "on_day", "measure"])
    op.execute(
        """
        INSERT INTO method_count (population, area, on_day, measure, value)
        SELECT l->>'population', (l->>'area')::bigint, (l->>'on')::date, l->>'measure', sum((l->>'value')::int)
        FROM outbox o, jsonb_array_elements(o.body::jsonb->'data'->'lines') l
        WHERE o.type = 'registry.method-use.counted.v1' AND l->>'measure' <> 'method_supplies_confirmed'
        GROUP BY 1, 2, 3, 4 HAVING sum((l->>'value')::int) <> 0
        """
    )
    op.add_column("supply_document", sa.Column("paper_number", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("supply_document", "paper_number")
    op.execute("DELETE FROM method_count")
    op.drop_constraint("method_count_pkey", "method_count", type_="primary")
    op.drop_column("method_count", "on_day")
    op.create_primary_key("method_count_pkey", "method_count", ["population", "area", "measure"])
