"""Duties in another's hands during leave, and emergency access that the auditors see"""

import os

import sqlalchemy as sa
from alembic import op

from renkou_common.audit.triggers import Captured, capture
from renkou_common.migration import guard

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

CAPTURED = {
    "role": Captured(version=True),
    "role_scope": Captured(key=("role", "scope")),
    "staff_assignment": Captured(key=("staff_id", "role", "area", "area_high")),
    "substitution": Captured(version=True),
    "break_glass": Captured(version=True),
}
TABLES = ("substitution", "substitution_duty", "break_glass")


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _substitutions() -> None:
    op.create_table(
        "substitution",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("substitute_id", sa.Uuid(), nullable=False),
        _moment("valid_from"),
        _moment("valid_to"),
        sa.Column("every_duty", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_by", sa.Uuid(), nullable=False),
        _moment("given_at"),
        _moment("ended_at", nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("valid_from < valid_to", name="substitution_limits"),
        sa.CheckConstraint("holder_id <> substitute_id", name="substitution_two_people"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="substitution_ended"),
        sa.ForeignKeyConstraint(["holder_id"], ["staff_account.id"]),
        sa.ForeignKeyConstraint(["substitute_id"], ["staff_account.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("substitution_holder", "substitution", ["holder_id"])
    op.create_index("substitution_substitute", "substitution", ["substitute_id"])
    op.create_table(
        "substitution_duty",
        sa.Column("substitution_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("area_high", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["role"], ["role.code"]),
        sa.ForeignKeyConstraint(["substitution_id"], ["substitution.id"]),
        sa.PrimaryKeyConstraint("substitution_id", "role", "area", "area_high"),
    )


def _break_glass() -> None:
    op.create_table(
        "break_glass",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("area_high", sa.BigInteger(), nullable=False),
        _moment("granted_at"),
        _moment("expires_at"),
        _moment("ended_at", nullable=True),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        _moment("reviewed_at", nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("finding", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("granted_at < expires_at", name="break_glass_limits"),
        sa.CheckConstraint(
            "num_nonnulls(reviewed_by, reviewed_at, verdict, finding) IN (0, 4)", name="break_glass_reviewed"
        ),
        sa.CheckConstraint("reviewed_by <> staff_id", name="break_glass_two_people"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_account.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("break_glass_staff", "break_glass", ["staff_id", "granted_at"])


def upgrade() -> None:
    _substitutions()
    _break_glass()
    for table in ("substitution", "break_glass"):
        op.execute(
            f"CREATE TRIGGER note_change AFTER UPDATE ON {table} FOR EACH ROW"
            " WHEN (OLD.version IS DISTINCT FROM NEW.version) EXECUTE FUNCTION renkou_note_change('content')"
        )
    for table, captured in CAPTURED.items():
        for statement in capture(table, captured):
            op.execute(statement)
    app_role = os.environ["RENKOU_APP_ROLE"]
    for statement in guard(app_role, TABLES, {}):
        op.execute(statement)
    for table in TABLES:
        op.execute(f'REVOKE DELETE ON TABLE {table} FROM "{app_role}"')


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
