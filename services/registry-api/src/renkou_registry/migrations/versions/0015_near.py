"""Find who begins with a surname in one community without passing by everyone of that surname

A look at the keys of a common surname goes by the name through the whole district. Nearest first, the first
ring is mostly one community: this index leads there at once.
"""

from alembic import op
from sqlalchemy import text

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "person_key_near",
        "person_key",
        ["present_area", "key", "person_id"],
        postgresql_include=["kind", "other_area"],
        postgresql_where=text("kind IN (1, 3)"),
    )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
