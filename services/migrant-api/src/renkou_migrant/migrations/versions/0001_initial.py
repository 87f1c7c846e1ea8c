"""Agreements, partners, the exchange with its log, staff rights, and the tables of messaging.

Revision: 0001
"""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from renkou_common.migration import SCOPE_FUNCTION, area_floor, grants

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("message_log", "agreement_kind", "applied_event")
HEADS = """
INSERT INTO message_log_head (id, position, hash) VALUES (1, 0, decode(repeat('00', 32), 'hex'))
"""


def _create_tables() -> None:
    op.create_table(
        "agreement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("valid_from <= valid_to", name="agreement_validity"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("agreement_partner", "agreement", ["partner"], unique=False)
    op.create_table(
        "applied_event",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("feed", "seq"),
    )
    op.create_table(
        "dead_letter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("times", sa.Integer(), server_default="1", nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("fingerprint"),
    )
    op.create_index("dead_letter_position", "dead_letter", ["position"], unique=True)
    op.create_table(
        "feed_counter",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("feed"),
    )
    op.create_table(
        "feed_incident",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "feed_position",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("high_water", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("feed"),
    )
    op.create_table(
        "held_event",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('failed', 'blocked')", name="held_event_state"),
        sa.PrimaryKeyConstraint("feed", "seq"),
    )
    op.create_index(
        "held_event_open",
        "held_event",
        ["feed", "subject"],
        unique=False,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "idempotency_record",
        sa.Column("caller", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key"),
    )
    op.create_index("ix_idempotency_record_created_at", "idempotency_record", ["created_at"], unique=False)
    op.create_table(
        "message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("pair_seq", sa.BigInteger(), nullable=True),
        sa.Column("thread", sa.Uuid(), nullable=False),
        sa.Column("in_reply_to", sa.Uuid(), nullable=True),
        sa.Column("agreement_id", sa.Uuid(), nullable=True),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("person_ref", sa.Uuid(), nullable=True),
        sa.Column("arrival_id", sa.Uuid(), nullable=True),
        sa.Column("occurred_on", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("life_event_id", sa.Uuid(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("wanted", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("direction IN ('out', 'in')", name="message_direction"),
        sa.CheckConstraint(
            "state IN ('drafted', 'sent', 'delivered', 'read', 'answered', 'confirmed', 'disputed', 'expired', 'dead')",
            name="message_state",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("message_area", "message", ["area", "position"], unique=False)
    op.create_index("message_arrival", "message", ["arrival_id"], unique=False)
    op.create_index(
        "message_due",
        "message",
        ["due_on"],
        unique=False,
        postgresql_where=sa.text("due_on IS NOT NULL AND closed_at IS NULL"),
    )
    op.create_index("message_pair_seq", "message", ["direction", "partner", "pair_seq"], unique=True)
    op.create_index("message_position", "message", ["position"], unique=True)
    op.create_index(
        "message_resend",
        "message",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )
    op.create_index("message_thread", "message", ["thread"], unique=False)
    op.create_index(
        "message_unnumbered",
        "message",
        ["partner", "position"],
        unique=False,
        postgresql_where=sa.text("direction = 'out' AND pair_seq IS NULL AND state = 'drafted'"),
    )
    op.create_table(
        "message_log",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("pair_seq", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_table(
        "message_log_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name="message_log_head_single"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "outbox",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("feed_seq", sa.BigInteger(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("event_id"),
        sa.UniqueConstraint("feed_seq"),
    )
    op.create_index(
        "outbox_unassigned",
        "outbox",
        ["position"],
        unique=False,
        postgresql_where=sa.text("feed_seq IS NULL"),
    )
    op.create_index(
        "outbox_unpublished",
        "outbox",
        ["feed_seq"],
        unique=False,
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.create_table(
        "pair_counter",
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("last_out", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_in", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("partner"),
    )
    op.create_table(
        "receipt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("receipt_position", "receipt", ["position"], unique=True)
    op.create_table(
        "staff_assignment",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("area", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("area_high", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("staff_id", "role", "area"),
    )
    op.create_table(
        "trust_list",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("id = 1", name="trust_list_single"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "agreement_kind",
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.CheckConstraint("direction IN ('send', 'receive', 'both')", name="agreement_kind_direction"),
        sa.ForeignKeyConstraint(
            ["agreement_id"],
            ["agreement.id"],
        ),
        sa.PrimaryKeyConstraint("agreement_id", "kind"),
    )


def upgrade() -> None:
    _create_tables()
    op.execute(SCOPE_FUNCTION)
    statements = [
        HEADS,
        *area_floor("message", "renkou_in_scope(area)"),
        *grants(os.environ["RENKOU_APP_ROLE"], append_only=APPEND_ONLY),
    ]
    for statement in statements:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("agreement_kind")
    op.drop_table("trust_list")
    op.drop_table("staff_assignment")
    op.drop_table("receipt")
    op.drop_table("pair_counter")
    op.drop_table("outbox")
    op.drop_table("message_log_head")
    op.drop_table("message_log")
    op.drop_table("message")
    op.drop_table("idempotency_record")
    op.drop_table("held_event")
    op.drop_table("feed_position")
    op.drop_table("feed_incident")
    op.drop_table("feed_counter")
    op.drop_table("dead_letter")
    op.drop_table("applied_event")
    op.drop_table("agreement")
    op.execute("DROP FUNCTION renkou_in_scope(bigint)")
