"""What points to a person is under the floor: checks, marks of the outflow, merges, evidence taken out

``followed_merge`` joins two records whose areas may differ: only the node's own processes, whose scope is
everything, see it.
"""

from alembic import op

from renkou_common.migration import area_floor

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

FLOOR = {
    "certificate_check": (
        "arrival_id IS NULL"
        " OR EXISTS (SELECT FROM arrival a WHERE a.id = certificate_check.arrival_id OFFSET 0)"
    ),
    "evidence_export": "EXISTS (SELECT FROM message m WHERE m.id = evidence_export.message_id OFFSET 0)",
    "followed_merge": "renkou_in_whole_node()",
    "outflow_mark": "renkou_in_scope(area)",
}
WHOLE = """
CREATE FUNCTION renkou_in_whole_node() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(
    nullif(current_setting('renkou.areas', true), '')::int8multirange @> int8range(0, 999999999999, '[]'), false
)
"""


def upgrade() -> None:
    op.execute(WHOLE)
    for table, predicate in FLOOR.items():
        for statement in area_floor(table, predicate):
            op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
