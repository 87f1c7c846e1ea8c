"""Who waits to be compared is seen where the person is seen

The list of persons to be compared stood outside the row-level floor. Whoever enters or moves a person still puts
them on it, wherever they went; it is read where the person is, and by the node's own worker.
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_SEEN = "EXISTS (SELECT FROM person p WHERE p.id = duplicate_todo.person_id OFFSET 0)"


def upgrade() -> None:
    op.execute("ALTER TABLE duplicate_todo ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE duplicate_todo FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY written ON duplicate_todo FOR INSERT WITH CHECK (true)")
    for name, command in (("area_floor", "SELECT"), ("changed", "UPDATE"), ("taken", "DELETE")):
        op.execute(f"CREATE POLICY {name} ON duplicate_todo FOR {command} USING ({_SEEN})")


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
