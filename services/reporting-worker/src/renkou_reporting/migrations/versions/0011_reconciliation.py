"""Rebuilds in more steps: facts first, then their sums, compared in one snapshot and swapped."""

import os

from alembic import op

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


def upgrade() -> None:
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
