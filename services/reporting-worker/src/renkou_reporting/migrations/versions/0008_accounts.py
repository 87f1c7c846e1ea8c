"""Checks of population accounts and what they found; assumptions of forecasts."""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = ("account_check", "account_incident", "forecast_scenario")


def upgrade() -> None:
    create_checks()
    create_incidents()
    create_scenarios()
    app_role = os.environ.get("RENKOU_APP_ROLE")
    if app_role:
        op.execute(f'GRANT SELECT, INSERT, UPDATE ON {", ".join(TABLES)} TO "{app_role}"')
        op.execute(f'REVOKE UPDATE ON forecast_scenario FROM "{app_role}"')


def create_checks() -> None:
    op.create_table(
        "account_check",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("through", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("found", sa.Integer(), nullable=True),
        sa.CheckConstraint("reason IN ('month', 'rebuild', 'asked')", name="account_check_reason"),
    )
    op.create_index(
        "account_check_one_at_a_time",
        "account_check",
        ["active"],
        unique=True,
        postgresql_where=sa.text("active"),
    )


def create_incidents() -> None:
    op.create_table(
        "account_incident",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("sex", sa.SmallInteger(), nullable=False),
        sa.Column("birth_month", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("expected", sa.BigInteger(), nullable=False),
        sa.Column("found", sa.BigInteger(), nullable=False),
        sa.Column("cells", JSONB(), nullable=False),
        sa.Column("events", JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("explained_by", sa.Uuid(), nullable=True),
        sa.Column("explained_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.Column("solved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('open', 'explained', 'solved')", name="account_incident_state"),
    )
    op.create_index(
        "account_incident_once",
        "account_incident",
        ["kind", "area", "population", "measure", "sex", "birth_month"],
        unique=True,
        postgresql_where=sa.text("state <> 'solved'"),
    )


def create_scenarios() -> None:
    op.create_table(
        "forecast_scenario",
        sa.Column("code", sa.Text(), primary_key=True),
        sa.Column("id", sa.Uuid(), nullable=False, unique=True),
        sa.Column("definition", JSONB(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
