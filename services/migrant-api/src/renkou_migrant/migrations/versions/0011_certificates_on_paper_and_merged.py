"""Certificates bound to a key have a form for paper, proofs are remembered by all processes, merges followed

Revision: 0011, after 0010
"""

import os

import sqlalchemy as sa
from alembic import op

from renkou_common.migration import guard

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = ("followed_merge", "holder_proof")


def upgrade() -> None:
    op.add_column("certificate", sa.Column("paper_sealed", sa.LargeBinary(), nullable=True))
    op.create_table(
        "holder_proof",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("holder_proof_until", "holder_proof", ["until"], unique=False)
    op.create_table(
        "followed_merge",
        sa.Column("gone_ref", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("kept_ref", sa.Uuid(), nullable=False),
        sa.Column("gone_person_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('certificate', 'application')", name="followed_merge_kind"),
        sa.PrimaryKeyConstraint("gone_ref", "kind", "row_id"),
    )
    for statement in guard(os.environ["RENKOU_APP_ROLE"], TABLES, {}):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
