"""What an import says of a wrong cell quotes it and is sealed; of what was said before, code, row and column stay

Revision: 0035, after 0034
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_error", sa.Column("told_sealed", sa.LargeBinary(), nullable=True))
    for column in ("shown", "zh", "en"):
        op.drop_column("import_error", column)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
