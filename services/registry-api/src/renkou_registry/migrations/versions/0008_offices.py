"""Employers, rented housing, activities, petitions, surveys, budget"""

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
