"""The log keeps signed texts, checkpoints and witnesses

Revision: 0009, after 0006
"""

import os

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

RIGHTS = {
    "evidence_export": "SELECT, INSERT",
    "message_log_checkpoint": "SELECT, INSERT",
    "message_log_mention": "SELECT, INSERT",
    "message_log_text": "SELECT, INSERT, DELETE",
    "partner_log_head": "SELECT, INSERT, UPDATE, DELETE",
}
FLOOR = (
    "ALTER TABLE message_log_text ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE message_log_text FORCE ROW LEVEL SECURITY",
    # Written before or after its message, in one transaction; read where the message is.
    "CREATE POLICY written ON message_log_text FOR INSERT WITH CHECK (true)",
    "CREATE POLICY area_floor ON message_log_text FOR SELECT USING (clear IS NOT NULL OR EXISTS"
    " (SELECT FROM message m WHERE m.id = message_log_text.message_id))",
    "CREATE POLICY forgotten ON message_log_text FOR DELETE USING (sealed IS NOT NULL AND EXISTS"
    " (SELECT FROM message m WHERE m.id = message_log_text.message_id))",
)


def upgrade() -> None:
    op.create_index("message_log_message", "message_log", ["message_id"], unique=False)
    op.create_index(
        "message_log_trust_list",
        "message_log",
        ["position"],
        unique=True,
        postgresql_where=sa.text("kind = 'trust_list'"),
    )
    op.create_table(
        "message_log_text",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("clear", sa.Text(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(clear IS NULL) <> (sealed IS NULL)", name="message_log_text_one"),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_table(
        "message_log_mention",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("message_id", "position"),
    )
    op.create_table(
        "message_log_checkpoint",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("message_log_checkpoint_last", "message_log_checkpoint", ["last"], unique=True)
    op.create_table(
        "partner_log_head",
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("partner"),
    )
    op.create_table(
        "evidence_export",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("evidence_export_position", "evidence_export", ["position"], unique=True)
    op.create_index("evidence_export_message", "evidence_export", ["message_id"], unique=False)
    for statement in FLOOR:
        op.execute(statement)
    for table, rights in RIGHTS.items():
        op.execute(f'GRANT {rights} ON TABLE {table} TO "{os.environ["RENKOU_APP_ROLE"]}"')


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
