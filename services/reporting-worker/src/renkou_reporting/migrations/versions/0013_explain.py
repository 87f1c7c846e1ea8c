"""With which event facts came: its type, and when it was recorded. Facts are found by what they count."""

import os

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SWAPPED = (
    ("TABLE", "fact", "fact_shadow"),
    ("INDEX", "fact_pkey", "fact_shadow_pkey"),
    ("INDEX", "fact_by_measure", "fact_shadow_by_measure"),
    ("TABLE", "cell", "cell_shadow"),
    ("INDEX", "cell_pkey", "cell_shadow_pkey"),
    ("TABLE", "area_cell", "area_cell_shadow"),
    ("INDEX", "area_cell_pkey", "area_cell_shadow_pkey"),
    ("TABLE", "cohort_cell", "cohort_cell_shadow"),
    ("INDEX", "cohort_cell_pkey", "cohort_cell_shadow_pkey"),
)


def upgrade() -> None:
    op.create_table(
        "fact_event",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("feed", "seq"),
    )
    op.execute(
        "INSERT INTO fact_event (feed, seq, type, recorded_at) SELECT 'returns', e.seq,"
        " CASE WHEN r.replaces IS NOT NULL OR r.state = 'corrected' AND e.sign < 0 THEN 'return.corrected'"
        " WHEN e.sign < 0 THEN 'return.withdrawn' ELSE 'return.signed' END, e.recorded_at"
        " FROM return_entry e JOIN aggregate_return r ON r.id = e.return_id"
    )
    for table in ("fact", "fact_shadow"):
        op.create_index(f"{table}_by_measure", table, ["measure", "area", "month"])
    swaps = "\n".join(
        f"ALTER {kind} {live} RENAME TO {live}_swapping; ALTER {kind} {shadow} RENAME TO {live};"
        f" ALTER {kind} {live}_swapping RENAME TO {shadow};"
        for kind, live, shadow in SWAPPED
    )
    op.execute(
        "CREATE OR REPLACE FUNCTION renkou_swap_shadow() RETURNS void LANGUAGE plpgsql SECURITY DEFINER"
        f" SET search_path = public, pg_temp AS $body$ BEGIN {swaps} END $body$"
    )
    app_role = os.environ.get("RENKOU_APP_ROLE")
    if app_role:
        op.execute(f'GRANT SELECT, INSERT ON fact_event TO "{app_role}"')


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
