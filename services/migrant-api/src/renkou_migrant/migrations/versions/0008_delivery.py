"""Delivery that heals: what both ends agreed on, what was found, bytes kept for replays, dead letters taken again

Revision: 0008, after 0003
"""

import os

import sqlalchemy as sa
from alembic import op

from renkou_common.migration import guard

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NOTHING = sa.text("decode(repeat('00', 32), 'hex')")


def upgrade() -> None:
    for name, default in (("first_out", 1), ("highest_in", 0), ("out_upto", 0), ("out_gone", 0)):
        op.add_column("pair_counter", _number(name, default))
    for name, default in (("in_upto", 0), ("in_gone", 0)):
        op.add_column("pair_counter", _number(name, default))
    for name in ("out_hash", "in_hash"):
        column = sa.Column(name, sa.LargeBinary(), server_default=_NOTHING, nullable=False)
        op.add_column("pair_counter", column)
    for name in ("gap_since", "seen_at", "asked_at"):
        op.add_column("pair_counter", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("pair_counter", sa.Column("said_on", sa.Date(), nullable=True))
    op.add_column("pair_counter", sa.Column("asks", sa.Text(), nullable=True))
    op.add_column("message", sa.Column("sent_as", sa.Uuid(), nullable=True))
    _describe_what_is_there()
    op.create_index(
        "message_kept",
        "message",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("sealed IS NOT NULL AND next_attempt_at IS NULL"),
    )
    _create_findings()
    op.add_column("dead_letter", sa.Column("whole", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("dead_letter", sa.Column("outcome", sa.Text(), nullable=True))
    op.add_column("dead_letter", sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("dead_letter", sa.Column("replayed_by", sa.Uuid(), nullable=True))
    op.create_index("dead_letter_sender", "dead_letter", ["sender"], unique=False)
    # Letters of numbers used twice or too far ahead were kept as their hash alone.
    op.execute(
        "UPDATE dead_letter SET whole = false WHERE code IN ('sequence_conflict', 'too_far_ahead', 'bad_receipt')"
    )
    for statement in guard(os.environ["RENKOU_APP_ROLE"], ("pair_finding",), {}, ()):
        op.execute(statement)


def _number(name: str, default: int) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default=str(default), nullable=False)


def _describe_what_is_there() -> None:
    """Bytes of what was receipted before are gone, so nothing below can be sent again."""
    op.execute("SELECT set_config('renkou.areas', '{[0,999999999999]}', true)")
    op.execute(
        """
        UPDATE pair_counter p SET
            highest_in = greatest(next_in - 1, (SELECT coalesce(max(pair_seq), 0) FROM message m
                WHERE m.direction = 'in' AND m.partner = p.partner)),
            first_out = 1 + (SELECT coalesce(max(pair_seq), 0) FROM message m
                WHERE m.direction = 'out' AND m.partner = p.partner AND m.sealed IS NULL)
        """
    )


def _create_findings() -> None:
    op.create_table(
        "pair_finding",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("first_number", sa.BigInteger(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("healed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("code IN ('lost', 'gone', 'differs', 'implausible')", name="pair_finding_code"),
        sa.CheckConstraint("direction IN ('out', 'in')", name="pair_finding_direction"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("pair_finding_position", "pair_finding", ["position"], unique=True)
    op.create_index(
        "pair_finding_once",
        "pair_finding",
        ["partner", "direction", "code", "first_number", "last_number"],
        unique=True,
    )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
