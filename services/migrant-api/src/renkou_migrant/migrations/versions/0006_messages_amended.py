"""Messages that are corrected, taken back and reminded of; offices of one district; the working calendar

Revision: 0006, after 0005
"""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from renkou_common.migration import area_floor

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

FLOOR = {
    table: f"EXISTS (SELECT FROM message m WHERE m.id = {table}.message_id)"
    for table in ("message_content", "attachment_reading")
}


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _messages() -> None:
    for column in (
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("source", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("twin", sa.Uuid(), nullable=True),
        _moment("corrected_at"),
        _moment("withdrawn_at"),
        sa.Column("withdrawn_because", sa.Text(), nullable=True),
        sa.Column("attention", sa.Text(), nullable=True),
        sa.Column("correction_request_id", sa.Uuid(), nullable=True),
        sa.Column("reminders", sa.Integer(), server_default="0", nullable=False),
        _moment("reminded_at"),
    ):
        op.add_column("message", column)
    op.create_check_constraint(
        "message_attention_known", "message", "attention IN ('corrected', 'withdrawn')"
    )
    for name, column in (
        ("message_reply", "in_reply_to"),
        ("message_source", "source_id"),
        ("message_birth", "life_event_id"),
    ):
        op.create_index(name, "message", [column], postgresql_where=sa.text(f"{column} IS NOT NULL"))
    op.create_index(
        "message_attention", "message", ["position"], postgresql_where=sa.text("attention IS NOT NULL")
    )


def _stays() -> None:
    op.add_column("arrival", sa.Column("workplace_district", sa.Text(), nullable=True))
    op.add_column("arrival", _moment("retracted_at"))


def _tables() -> None:
    op.create_table(
        "message_content",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("replaced_by", sa.Uuid(), nullable=False),
        _moment("replaced_at", nullable=False),
        sa.PrimaryKeyConstraint("message_id", "number"),
    )
    op.create_table(
        "attachment_reading",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("read_by", sa.Uuid(), nullable=False),
        _moment("read_at", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("attachment_reading_message", "attachment_reading", ["message_id"])
    op.create_table(
        "calendar_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        _moment("entered_at", nullable=False),
        sa.PrimaryKeyConstraint("day"),
    )


def upgrade() -> None:
    _messages()
    _stays()
    _tables()
    role = os.environ["RENKOU_APP_ROLE"]
    for table, predicate in FLOOR.items():
        for statement in area_floor(table, predicate):
            op.execute(statement)
        op.execute(f'GRANT SELECT, INSERT ON TABLE {table} TO "{role}"')
    op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE calendar_day TO "{role}"')


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
