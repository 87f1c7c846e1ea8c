"""Targets and scorecards."""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("target", "target_version", "scorecard", "scorecard_version")


def upgrade() -> None:
    create_targets()
    create_scorecards()
    app_role = os.environ.get("RENKOU_APP_ROLE")
    if app_role:
        op.execute(f'GRANT SELECT, INSERT, UPDATE ON {", ".join(TABLES)} TO "{app_role}"')


def text(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable)


def moment(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def number(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer(), autoincrement=False, nullable=False)


def uuid(name: str) -> sa.Column:
    return sa.Column(name, sa.Uuid(), nullable=True)


def create_targets() -> None:
    op.create_table(
        "target",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("indicator", sa.Text(), sa.ForeignKey("indicator.code"), nullable=False),
        text("population"),
        sa.Column("area", sa.BigInteger(), nullable=False),
        *(text(name) for name in ("period", "sex", "parity", "ages", "detail")),
        number("version"),
        sa.UniqueConstraint(
            "indicator", "population", "area", "period", "sex", "parity", "ages", "detail", name="target_of"
        ),
    )
    op.create_index("target_by_period", "target", ["period", "area"])
    op.create_table(
        "target_version",
        sa.Column("target_id", sa.Uuid(), sa.ForeignKey("target.id"), nullable=False),
        number("number"),
        text("state"),
        text("comparison"),
        sa.Column("low", sa.Numeric(18, 6), nullable=True),
        sa.Column("high", sa.Numeric(18, 6), nullable=True),
        sa.Column("below", sa.Boolean(), nullable=False),
        *made_and_approved(),
        sa.CheckConstraint(
            "state IN ('draft', 'active', 'superseded', 'withdrawn')", name="target_version_state"
        ),
        sa.CheckConstraint("made_by <> approved_by", name="target_version_four_eyes"),
        sa.CheckConstraint(
            "comparison IN ('at_least', 'at_most', 'between')", name="target_version_comparison"
        ),
        sa.PrimaryKeyConstraint("target_id", "number"),
    )
    one_of_each("target_version", "target_id")


def create_scorecards() -> None:
    op.create_table(
        "scorecard",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("area", sa.BigInteger(), nullable=False),
        text("period"),
        number("version"),
    )
    op.create_index("scorecard_by_period", "scorecard", ["period", "area"])
    op.create_table(
        "scorecard_version",
        sa.Column("scorecard_id", sa.Uuid(), sa.ForeignKey("scorecard.id"), nullable=False),
        number("number"),
        text("state"),
        sa.Column("rules", JSONB(), nullable=False),
        *made_and_approved(),
        sa.CheckConstraint(
            "state IN ('draft', 'active', 'superseded', 'withdrawn')", name="scorecard_version_state"
        ),
        sa.CheckConstraint("made_by <> approved_by", name="scorecard_version_four_eyes"),
        sa.PrimaryKeyConstraint("scorecard_id", "number"),
    )
    one_of_each("scorecard_version", "scorecard_id")


def made_and_approved() -> tuple[sa.Column, ...]:
    return (
        text("reason"),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        moment("made_at"),
        uuid("approved_by"),
        moment("approved_at", nullable=True),
        uuid("withdrawn_by"),
        moment("withdrawn_at", nullable=True),
        text("withdrawal_reason", nullable=True),
    )


def one_of_each(table: str, owner: str) -> None:
    """One draft and one version in force at a time."""
    for state, name in (("draft", "draft"), ("active", "active")):
        op.create_index(
            f"{table}_{name}", table, [owner], unique=True, postgresql_where=sa.text(f"state = '{state}'")
        )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
