"""Signing in by an OpenID provider: which account its name for somebody stands for, and nonces that were used"""

import os

import sqlalchemy as sa
from alembic import op

from renkou_common.audit.triggers import Captured, capture
from renkou_common.migration import guard

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

TABLES = ("provider_nonce", "staff_identity")


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
    )


def upgrade() -> None:
    op.create_table(
        "staff_identity",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("linked_by", sa.Uuid(), nullable=False),
        _moment("linked_at"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("staff_id", "issuer"),
    )
    op.create_index("staff_identity_issuer_subject", "staff_identity", ["issuer", "subject"], unique=True)
    op.create_table(
        "provider_nonce",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        _moment("used_at"),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_index("provider_nonce_used_at", "provider_nonce", ["used_at"])
    for statement in capture("staff_identity", Captured(key=("staff_id", "issuer"))):
        op.execute(statement)
    for statement in guard(os.environ["RENKOU_APP_ROLE"], TABLES, {}):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
