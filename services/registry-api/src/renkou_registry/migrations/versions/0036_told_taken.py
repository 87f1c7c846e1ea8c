"""Being told that a number is taken elsewhere is counted apart from readings in the clear

Revision: 0036, after 0035
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("unmask_use", sa.Column("kind", sa.Text(), nullable=False, server_default="unmask"))
    op.drop_index("unmask_use_reader", "unmask_use")
    op.create_index("unmask_use_reader", "unmask_use", ["read_by", "kind", "read_at"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
