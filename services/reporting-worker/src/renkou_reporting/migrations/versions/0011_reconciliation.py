"""Reconciliations, and rebuilds in more steps: facts, then their sums, compared in one snapshot and swapped.

A fact that a reconciliation takes out stands in its log first: the function that does so reads the log.
"""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MAINTAINED = ("fact", "cell", "area_cell", "cohort_cell")
KEYS = {
    "cell": "population, measure, area, month, sex, parity, detail",
    "area_cell": "level, population, measure, area, month, sex, parity, detail",
    "cohort_cell": "population, area, month, birth_month, measure, sex",
}
STATES = ("queued", "reading", "summing", "comparing", "swapping", "done", "failed")
REMOVE_FACTS = """
DELETE FROM fact f USING unnest(seqs, line_nos) AS wrong (seq, line_no)
WHERE f.feed = of_feed AND f.seq = wrong.seq AND f.line_no = wrong.line_no AND EXISTS (
    SELECT FROM reconciliation_difference d WHERE d.reconciliation_id = run AND d.healed
        AND d.kind IN ('fact_changed', 'fact_added') AND d.feed = of_feed AND d.seq = f.seq AND d.line_no = f.line_no);
"""


def upgrade() -> None:
    change_rebuilds()
    create_reconciliations()
    signature = "run uuid, of_feed text, seqs bigint[], line_nos int[]"
    function(f"renkou_remove_facts({signature})", REMOVE_FACTS)
    app_role = os.environ.get("RENKOU_APP_ROLE")
    if app_role:
        op.execute(f'GRANT SELECT, INSERT, UPDATE ON reconciliation, fact_seal TO "{app_role}"')
        op.execute(f'GRANT SELECT, INSERT ON reconciliation_difference TO "{app_role}"')


def create_reconciliations() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "reconciliation",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("requested_at", instant, nullable=False),
        sa.Column("finished_at", instant, nullable=True),
        sa.Column("feeds", JSONB(), nullable=False),
        sa.Column("stock", JSONB(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("healed", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'done', 'failed')", name="reconciliation_state"),
    )
    op.create_index(
        "reconciliation_one_at_a_time",
        "reconciliation",
        ["active"],
        unique=True,
        postgresql_where=sa.text("active"),
    )
    op.create_table(
        "reconciliation_difference",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column(
            "reconciliation_id", sa.Uuid(), sa.ForeignKey("reconciliation.id"), nullable=False, index=True
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("line_no", sa.Integer(), nullable=True),
        sa.Column("area", sa.BigInteger(), nullable=True),
        sa.Column("population", sa.Text(), nullable=True),
        sa.Column("stored", JSONB(), nullable=True),
        sa.Column("expected", JSONB(), nullable=True),
        sa.Column("healed", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
    )
    op.create_table(
        "fact_seal",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Numeric(), nullable=False),
        sa.PrimaryKeyConstraint("feed", "block"),
    )


def change_rebuilds() -> None:
    op.drop_constraint("rebuild_state", "rebuild")
    states = ", ".join(f"'{state}'" for state in STATES)
    op.create_check_constraint("rebuild_state", "rebuild", f"state IN ({states})")
    drops = "".join(
        f"ALTER TABLE {name}_shadow DROP CONSTRAINT IF EXISTS {name}_shadow_pkey; " for name in KEYS
    )
    truncate = f"TRUNCATE {', '.join(f'{name}_shadow' for name in KEYS)};"
    function("renkou_empty_sums()", drops + truncate)
    adds = "".join(
        f" WHEN '{name}' THEN ALTER TABLE {name}_shadow ADD CONSTRAINT {name}_shadow_pkey PRIMARY KEY ({key});"
        for name, key in KEYS.items()
    )
    function("renkou_key_sums(sums text)", f"CASE sums{adds} END CASE;")
    app_role = os.environ.get("RENKOU_APP_ROLE")
    if app_role:
        # to vacuum what a rebuild made, and to keep the automatic vacuum from the swap
        tables = ", ".join(f"{name}, {name}_shadow" for name in MAINTAINED)
        op.execute(f'GRANT MAINTAIN ON {tables} TO "{app_role}"')


def function(name: str, body: str) -> None:
    """Make what only the owner can do, by its name and parameters; it runs as the owner whoever calls it."""
    op.execute(
        f"CREATE FUNCTION {name} RETURNS void LANGUAGE plpgsql SECURITY DEFINER"
        f" SET search_path = public, pg_temp AS $body$ BEGIN {body} END $body$"
    )
    op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
    app_role = os.environ.get("RENKOU_APP_ROLE")
    if app_role:
        op.execute(f'GRANT EXECUTE ON FUNCTION {name} TO "{app_role}"')


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
