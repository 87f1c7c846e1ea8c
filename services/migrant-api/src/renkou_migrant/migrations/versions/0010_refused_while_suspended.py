"""What was refused while an agreement was suspended keeps its turn; the log keeps partners' descriptions

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("turn", sa.BigInteger(), nullable=True))
    op.create_index(
        "message_log_description",
        "message_log",
        ["partner", "position"],
        unique=True,
        postgresql_where=sa.text("kind = 'description'"),
    )
