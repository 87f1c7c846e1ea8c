"""Files that came are known again by a mark under a key: bare hashes of before can be tried against, and go

Revision: 0034, after 0033
"""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE import_job SET content_hash = NULL")
    op.execute("UPDATE external_list SET content_hash = NULL")


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
