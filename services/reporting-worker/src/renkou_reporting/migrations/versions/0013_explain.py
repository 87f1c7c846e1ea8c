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
SHADOWS = ("fact_shadow", "cell_shadow", "area_cell_shadow", "cohort_cell_shadow")
KEYS = {
    "cell": "population, measure, area, month, sex, parity, detail",
    "area_cell": "level, population, measure, area, month, sex, parity, detail",
    "cohort_cell": "population, area, month, birth_month, measure, sex",
}
BY_MEASURE = "CREATE INDEX IF NOT EXISTS fact_shadow_by_measure ON fact_shadow (measure, area, month);"


def upgrade() -> None:
    create_events()
    for table in ("fact", "fact_shadow"):
        op.create_index(f"{table}_by_measure", table, ["measure", "area", "month"])
    change_rebuilds()


def create_events() -> None:
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
    app_role = os.environ.get("RENKOU_APP_ROLE")
    if app_role:
        op.execute(f'GRANT SELECT, INSERT ON fact_event TO "{app_role}"')


def change_rebuilds() -> None:
    """A rebuild fills the shadow's facts without the index, makes it with the first sums, and swaps it with them."""
    swaps = " ".join(
        f"ALTER {kind} {live} RENAME TO {live}_swapping; ALTER {kind} {shadow} RENAME TO {live};"
        f" ALTER {kind} {live}_swapping RENAME TO {shadow};"
        for kind, live, shadow in SWAPPED
    )
    adds = "".join(
        f" WHEN '{name}' THEN ALTER TABLE {name}_shadow ADD CONSTRAINT {name}_shadow_pkey PRIMARY KEY ({key});"
        f" {BY_MEASURE if name == 'cell' else ''}"
        for name, key in KEYS.items()
    )
    bodies = {
        "renkou_swap_shadow()": swaps,
        "renkou_empty_shadow()": f"TRUNCATE {', '.join(SHADOWS)}; DROP INDEX IF EXISTS fact_shadow_by_measure;",
        "renkou_key_sums(sums text)": f"CASE sums{adds} END CASE;",
    }
    for name, body in bodies.items():
        op.execute(
            f"CREATE OR REPLACE FUNCTION {name} RETURNS void LANGUAGE plpgsql SECURITY DEFINER"
            f" SET search_path = public, pg_temp AS $body$ BEGIN {body} END $body$"
        )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
