"""The end of a marriage of somebody who was declared dead and came back after the spouse had remarried"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

KINDS = (
    "kind IN ('opening', 'arrival', 'birth', 'death', 'marriage', 'divorce', 'widowhood',"
    " 'dissolution', 'adoption', 'move', 'address', 'area_change', 'merge', 'correction', 'retraction')"
)


def upgrade() -> None:
    op.drop_constraint("life_event_kind", "life_event")
    op.create_check_constraint("life_event_kind", "life_event", KINDS)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
