"""Sign-in sessions with refresh tokens, and the record of sign-ins"""

import os

import sqlalchemy as sa
from alembic import op

from renkou_common.migration import guard

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TABLES = ("refresh_token", "sign_in_event", "sign_in_session")
APPEND_ONLY = ("sign_in_event",)


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    now = sa.text("clock_timestamp()")
    op.create_table(
        "sign_in_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", moment, server_default=now, nullable=False),
        sa.Column("last_used_at", moment, server_default=now, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("ended_why", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('staff', 'person')", name="sign_in_session_kind"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", name="sign_in_session_end"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("sign_in_session_subject", "sign_in_session", ["subject", "created_at"])
    op.create_table(
        "refresh_token",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("issued_at", moment, server_default=now, nullable=False),
        sa.Column("used_at", moment, nullable=True),
        sa.Column("attempt_hash", sa.LargeBinary(), nullable=True),
        sa.Column("successor", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["session_id"], ["sign_in_session.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_index("refresh_token_session", "refresh_token", ["session_id"])
    op.create_table(
        "sign_in_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("happened_at", moment, server_default=now, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("sign_in_event_subject", "sign_in_event", ["subject", "id"])
    for statement in guard(os.environ["RENKOU_APP_ROLE"], TABLES, {}, APPEND_ONLY):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
