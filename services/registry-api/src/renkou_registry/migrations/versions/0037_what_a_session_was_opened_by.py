"""Whether two factors stand behind a session: where a role asks for them later, one factor opens nothing more

Revision: 0037, after 0036. Sessions of accounts whose second factor was in force when they signed in had both.
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "sign_in_session",
        sa.Column("two_factors", sa.Boolean(), nullable=False, server_default=sa.text("false")),
    )
    op.execute(
        "UPDATE sign_in_session s SET two_factors = true FROM second_factor f"
        " WHERE f.staff_id = s.subject AND f.confirmed_at <= s.created_at"
    )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
