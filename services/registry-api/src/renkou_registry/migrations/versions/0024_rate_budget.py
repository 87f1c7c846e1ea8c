"""What is left of a caller's requests in a minute, shared by every process and copy of the service"""

import os

from alembic import op

from renkou_common.http.rate_tables import INDEX, MIGRATION
from renkou_common.migration import guard

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(MIGRATION)
    op.execute(INDEX)
    for statement in guard(os.environ["RENKOU_APP_ROLE"], ("rate_budget",), {}):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
