"""The newest root of the register's audit log is found among the entries of the message log"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "message_log_audit_root",
        "message_log",
        ["position"],
        unique=True,
        postgresql_where=sa.text("kind = 'audit_root'"),
    )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
