"""Cells without birth months, cohort cells with them, area cells; measures and definitions as data.

The sums are made anew from the facts, which stay as they are. A rebuild that is underway fills shadows of the
old form and so ends; it can be asked for again.
"""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SWAPPED = (
    ("TABLE", "fact", "fact_shadow"),
    ("INDEX", "fact_pkey", "fact_shadow_pkey"),
    ("TABLE", "cell", "cell_shadow"),
    ("INDEX", "cell_pkey", "cell_shadow_pkey"),
    ("TABLE", "area_cell", "area_cell_shadow"),
    ("INDEX", "area_cell_pkey", "area_cell_shadow_pkey"),
    ("TABLE", "cohort_cell", "cohort_cell_shadow"),
    ("INDEX", "cohort_cell_pkey", "cohort_cell_shadow_pkey"),
)
SHADOWS = ("fact_shadow", "cell_shadow", "area_cell_shadow", "cohort_cell_shadow")
RESET_COHORTS = """
TRUNCATE cohort_recent, cohort_stock;
INSERT INTO cohort_stock (level, population, area, month, birth_month, sex, value)
SELECT level, population, of_area, of_month, birth_month, sex,
    sum(CASE WHEN measure IN ('death', 'out') THEN -value ELSE value END)::bigint
FROM cohort_cell CROSS JOIN LATERAL (VALUES (4, area / 1000 * 1000, month), (3, area / 1000000 * 1000000, month),
    (5, area, month / 100), (4, area / 1000 * 1000, month / 100), (3, area / 1000000 * 1000000, month / 100)
) AS v(level, of_area, of_month)
GROUP BY 1, 2, 3, 4, 5, 6
HAVING sum(CASE WHEN measure IN ('death', 'out') THEN -value ELSE value END) <> 0
ORDER BY 1, 2, 3, 4, 5, 6;
"""
SUMS = ("cell", "cell_shadow", "area_cell", "area_cell_shadow", "cohort_cell", "cohort_cell_shadow")
OTHERS = ("measure", "indicator", "indicator_version", "definition_revision")


def upgrade() -> None:
    op.execute(
        "UPDATE rebuild SET state = 'failed', active = false, finished_at = now(),"
        " reason = 'the database was migrated; ask again' WHERE active"
    )
    op.drop_table("cell")
    op.drop_table("cell_shadow")
    op.execute("TRUNCATE fact_shadow")
    for suffix in ("", "_shadow"):
        create_sums(suffix)
    op.add_column("rebuild_difference", sa.Column("kind", sa.Text(), nullable=False, server_default="cell"))
    create_cohort_stock()
    create_functions()
    fill_sums()
    create_measures()
    create_definitions()
    grant_rights()


def number(name: str, kind: type[sa.types.TypeEngine] = sa.Integer, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, kind(), autoincrement=False, nullable=nullable)


def text(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable)


def create_sums(suffix: str) -> None:
    """Keys begin with what figures look for, and are the only index: a new sum costs one entry.

    Room on each page lets PostgreSQL update a sum in place, without touching the index.
    """
    for table in ("cell", "area_cell"):
        name = f"{table}{suffix}"
        level = [number("level", sa.SmallInteger)] if table == "area_cell" else []
        op.create_table(
            name,
            *level,
            number("area", sa.BigInteger),
            number("month"),
            text("population"),
            text("measure"),
            number("sex", sa.SmallInteger),
            number("parity", sa.SmallInteger),
            sa.Column("detail", sa.Text(), nullable=False, server_default=""),
            number("value", sa.BigInteger),
            sa.PrimaryKeyConstraint(
                *("level" for _ in level),
                *("population", "measure", "area", "month", "sex", "parity", "detail"),
                name=f"{name}_pkey",
            ),
            postgresql_with={"fillfactor": "70"},
        )
    name = f"cohort_cell{suffix}"
    op.create_table(
        name,
        number("area", sa.BigInteger),
        number("month"),
        text("population"),
        text("measure"),
        number("sex", sa.SmallInteger),
        number("birth_month"),
        number("value", sa.BigInteger),
        sa.PrimaryKeyConstraint(
            "population", "area", "month", "birth_month", "measure", "sex", name=f"{name}_pkey"
        ),
        postgresql_with={"fillfactor": "90"},
    )


def create_cohort_stock() -> None:
    op.create_table(
        "cohort_stock",
        number("level", sa.SmallInteger),
        text("population"),
        number("area", sa.BigInteger),
        number("month"),
        number("birth_month"),
        number("sex", sa.SmallInteger),
        number("value", sa.BigInteger),
        sa.PrimaryKeyConstraint("level", "population", "area", "month", "birth_month", "sex"),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_table(
        "cohort_recent",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        number("area", sa.BigInteger),
        number("month"),
        text("population"),
        number("sex", sa.SmallInteger),
        number("birth_month"),
        number("value", sa.BigInteger),
    )


def fill_sums() -> None:
    op.execute(
        "INSERT INTO cell SELECT area, month, population, measure, sex, parity, detail, sum(value)::bigint"
        " FROM fact GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 3, 4, 1, 2"
    )
    op.execute(
        "INSERT INTO area_cell SELECT level, of_area, of_month, population, measure, sex, parity, detail,"
        " sum(value)::bigint FROM cell CROSS JOIN LATERAL (VALUES (4, area / 1000 * 1000, month),"
        " (3, area / 1000000 * 1000000, month), (5, area, month / 100),"
        " (4, area / 1000 * 1000, month / 100), (3, area / 1000000 * 1000000, month / 100))"
        " AS v(level, of_area, of_month) WHERE of_month > 9999 OR measure IN ('opening', 'birth', 'death',"
        " 'in', 'out', 'card_due', 'card_open', 'married_women', 'method_users_married', 'method_supplies',"
        " 'method_iud', 'method_sterilisation', 'method_implant', 'method_other')"
        " GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 4, 5, 2, 3"
    )
    op.execute(
        "INSERT INTO cohort_cell SELECT area, month, population, measure, sex, birth_month, sum(value)::bigint"
        " FROM fact WHERE measure IN ('opening', 'birth', 'death', 'in', 'out')"
        " GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 3, 1, 2, 6"
    )
    op.execute("SELECT renkou_reset_cohorts()")


def create_functions() -> None:
    """What only the owner can do; they run as the owner whoever calls them."""
    swaps = [
        f"ALTER {kind} {live} RENAME TO {live}_swapping; ALTER {kind} {shadow} RENAME TO {live};"
        f" ALTER {kind} {live}_swapping RENAME TO {shadow};"
        for kind, live, shadow in SWAPPED
    ]
    bodies = {
        "renkou_empty_shadow": f"TRUNCATE {', '.join(SHADOWS)};",
        "renkou_swap_shadow": "\n".join(swaps),
        "renkou_reset_cohorts": RESET_COHORTS,
    }
    for name, body in bodies.items():
        op.execute(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS void LANGUAGE plpgsql SECURITY DEFINER"
            f" SET search_path = public, pg_temp AS $body$ BEGIN {body} END $body$"
        )
        op.execute(f"REVOKE ALL ON FUNCTION {name}() FROM PUBLIC")


def create_measures() -> None:
    op.create_table(
        "measure",
        sa.Column("code", sa.Text(), primary_key=True),
        text("zh"),
        text("en"),
        text("kind"),
        text("unit"),
        sa.Column("populations", sa.ARRAY(sa.Text()), nullable=False),
        text("origin"),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('flow', 'stock', 'balance')", name="measure_kind"),
        sa.CheckConstraint("unit IN ('person', 'couple', 'time', 'case', 'fen')", name="measure_unit"),
        sa.CheckConstraint("origin IN ('register', 'migrant', 'return')", name="measure_origin"),
    )


def create_definitions() -> None:
    op.create_table("indicator", sa.Column("code", sa.Text(), primary_key=True), number("position"))
    op.create_table(
        "indicator_version",
        sa.Column("code", sa.Text(), sa.ForeignKey("indicator.code"), nullable=False),
        number("version"),
        sa.Column("id", sa.Uuid(), nullable=False, unique=True),
        text("state"),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("definition", JSONB(), nullable=False),
        sa.Column("packaged", sa.Boolean(), nullable=False),
        text("reason"),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('draft', 'active', 'retired')", name="indicator_version_state"),
        sa.CheckConstraint("made_by <> approved_by", name="indicator_version_four_eyes"),
        sa.PrimaryKeyConstraint("code", "version"),
    )
    op.create_table(
        "definition_revision",
        sa.Column("id", sa.Boolean(), primary_key=True),
        sa.Column("revision", sa.Uuid(), nullable=False),
        sa.CheckConstraint("id", name="definition_revision_one"),
    )
    op.execute("INSERT INTO definition_revision VALUES (true, gen_random_uuid())")


def grant_rights() -> None:
    app_role = os.environ.get("RENKOU_APP_ROLE")
    if not app_role:
        return
    op.execute(f'GRANT SELECT, INSERT, UPDATE ON {", ".join((*SUMS, *OTHERS))} TO "{app_role}"')
    op.execute(f'GRANT SELECT, INSERT, UPDATE ON cohort_stock TO "{app_role}"')
    op.execute(f'GRANT SELECT, INSERT, DELETE ON cohort_recent TO "{app_role}"')
    op.execute(f'GRANT EXECUTE ON FUNCTION renkou_reset_cohorts() TO "{app_role}"')
    op.execute(f'REVOKE UPDATE, DELETE, TRUNCATE ON measure, indicator FROM "{app_role}"')
    op.execute(f'REVOKE INSERT ON definition_revision FROM "{app_role}"')


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
