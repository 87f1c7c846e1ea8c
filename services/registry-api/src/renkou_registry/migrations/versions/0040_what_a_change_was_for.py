"""An entry about a change says what the changed record is kept for, where its change was not made for less

Revision: 0040, after 0036
"""

import sqlalchemy as sa
from alembic import op

from renkou_common.audit.triggers import NOTE_FUNCTION, function_of
from renkou_registry.audit.captured import CAPTURED
from renkou_registry.privacy.purposes.holdings import HELD

revision = "0040"
down_revision = "0036"
branch_labels = None
depends_on = None

_BEFORE = "renkou_audit_note(text, text, uuid[], text, bigint, bigint, text[])"
"""As it was made before it took what a table is held for."""


def upgrade() -> None:
    op.execute(f"DROP FUNCTION IF EXISTS {_BEFORE}")
    op.execute(NOTE_FUNCTION.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1))
    known = op.get_bind().execute(
        sa.text(
            "SELECT t FROM unnest(CAST(:tables AS text[])) t WHERE to_regproc('renkou_audit_' || t) IS NOT NULL"
        ),
        {"tables": sorted(CAPTURED.keys() & HELD.keys())},
    )
    for table in known.scalars().all():
        op.execute(function_of(table, CAPTURED[table], HELD[table].purpose))


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
