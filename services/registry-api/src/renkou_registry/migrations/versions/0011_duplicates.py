"""Duplicates, merge and unmerge"""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from renkou_common.migration import guard

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = (
    "duplicate_todo",
    "duplicate_run",
    "duplicate_candidate",
    "duplicate_merge",
    "duplicate_moved",
)
FLOOR = {
    "duplicate_candidate": (
        "EXISTS (SELECT FROM person p"
        " WHERE p.id IN (duplicate_candidate.first_id, duplicate_candidate.second_id))"
    ),
    "duplicate_merge": "EXISTS (SELECT FROM person p WHERE p.id = duplicate_merge.kept_id)",
    "duplicate_moved": "EXISTS (SELECT FROM duplicate_merge m WHERE m.id = duplicate_moved.merge_id)",
}
APPEND_ONLY = ("duplicate_moved",)
KINDS = (
    "kind IN ('opening', 'arrival', 'birth', 'death', 'marriage', 'divorce', 'widowhood', 'adoption',"
    " 'move', 'address', 'area_change', 'merge', 'correction', 'retraction')"
)


def upgrade() -> None:
    op.create_table(
        "duplicate_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("area_high", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("after_id", sa.Uuid(), nullable=False),
        sa.Column("compared", sa.BigInteger(), nullable=False),
        sa.Column("found", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by", sa.Uuid(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('running', 'done')", name="duplicate_run_state"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "duplicate_run_open",
        "duplicate_run",
        ["started_at"],
        unique=False,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "duplicate_todo",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_table(
        "duplicate_candidate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("second_id", sa.Uuid(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("traits", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'merged', 'distinct')", name="duplicate_candidate_state"),
        sa.CheckConstraint("first_id < second_id", name="duplicate_candidate_order"),
        sa.ForeignKeyConstraint(
            ["first_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["second_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("first_id", "second_id", name="duplicate_candidate_pair"),
    )
    op.create_index(
        "duplicate_candidate_list", "duplicate_candidate", ["state", "probability", "id"], unique=False
    )
    op.create_index("duplicate_candidate_second", "duplicate_candidate", ["second_id"], unique=False)
    op.create_table(
        "duplicate_merge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kept_id", sa.Uuid(), nullable=False),
        sa.Column("gone_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("document_taken", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_by", sa.Uuid(), nullable=False),
        sa.Column("joined", postgresql.JSONB(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="duplicate_merge_undone"),
        sa.ForeignKeyConstraint(
            ["gone_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["kept_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "duplicate_merge_gone",
        "duplicate_merge",
        ["gone_id"],
        unique=True,
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    op.create_index("duplicate_merge_kept", "duplicate_merge", ["kept_id"], unique=False)
    op.create_table(
        "duplicate_moved",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=False),
        sa.Column("row_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merge_id"],
            ["duplicate_merge.id"],
        ),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index("duplicate_moved_merge", "duplicate_moved", ["merge_id", "position"], unique=False)
    op.create_index("person_birth", "person", ["birth_date", "sex"], unique=False)
    op.create_index("person_name_birth", "person", ["name", "birth_date"], unique=False)
    op.drop_constraint("life_event_kind", "life_event")
    op.create_check_constraint("life_event_kind", "life_event", KINDS)
    for statement in guard(os.environ["RENKOU_APP_ROLE"], TABLES, FLOOR, APPEND_ONLY):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
