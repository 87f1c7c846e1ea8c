"""Retention: periods, what was removed, holds; when an account was closed

The first periods are added by `migrate` after the tables. Of accounts that are closed already nobody knows when; their
time runs from now.
"""

import os

import sqlalchemy as sa
from alembic import op

from renkou_common.migration import guard

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

TABLES = ("retention_rule", "retention_change", "retention_run", "retention_hold")
FLOOR = {
    "retention_hold": (
        "retention_hold.person_id IS NULL"
        " OR EXISTS (SELECT FROM person p WHERE p.id = retention_hold.person_id OFFSET 0)"
    )
}
APPEND_ONLY = ("retention_change", "retention_run")


def upgrade() -> None:
    op.create_table(
        "retention_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("days BETWEEN 30 AND 36500", name="retention_rule_days"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_table(
        "retention_change",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_table(
        "retention_run",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("ran_on", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.Column("ran_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index(
        "retention_run_day",
        "retention_run",
        ["code", "ran_on"],
        unique=True,
        postgresql_where=sa.text("finished"),
    )
    op.create_table(
        "retention_hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_by", sa.Uuid(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "cause IN ('dispute', 'correction', 'petition', 'audit')", name="retention_hold_cause"
        ),
        sa.CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="retention_hold_lifted"),
        sa.CheckConstraint("(person_id IS NULL) <> (record_id IS NULL)", name="retention_hold_subject"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("person", "record"):
        op.create_index(
            f"retention_hold_{column}",
            "retention_hold",
            [f"{column}_id"],
            postgresql_where=sa.text("lifted_at IS NULL"),
        )
    op.add_column("person_account", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("SELECT set_config('renkou.areas', '{[0,999999999999]}', true)")
    op.execute("UPDATE person_account SET closed_at = now() WHERE NOT active")
    op.execute("SELECT set_config('renkou.areas', '', true)")
    op.execute(
        "CREATE TRIGGER note_change AFTER UPDATE ON retention_rule FOR EACH ROW"
        " WHEN (OLD.version IS DISTINCT FROM NEW.version) EXECUTE FUNCTION renkou_note_change('days')"
    )
    for statement in guard(os.environ["RENKOU_APP_ROLE"], TABLES, FLOOR, APPEND_ONLY):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
