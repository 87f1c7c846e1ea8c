"""Roles are data, and assignments hold from a day to a day

`migrate` fills in what the built-in roles bundle right after this (``roles.service.settle_built_in``); in between
nobody has a right.
"""

import os

import sqlalchemy as sa
from alembic import op

from renkou_common.migration import guard

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLES = ("role", "role_scope")
BUILT_IN = {
    "community_worker": ("社区专干", "Community worker"),
    "subdistrict_clerk": ("街道经办人", "Subdistrict clerk"),
    "service_station": ("服务站", "Service station"),
    "statistician": ("统计员", "Statistician"),
    "administrator": ("区管理员", "District administrator"),
    "auditor": ("审计员", "Auditor"),
}
APART = [
    {
        "first": "reading:audit",
        "second": "*",
        "reason_zh": "审计员只查阅审计记录, 不作任何变更",
        "reason_en": "whoever audits never changes anything",
    },
    {
        "first": "reading:audit",
        "second": "staff:manage",
        "reason_zh": "管理账号的人不能审计自己",
        "reason_en": "whoever manages accounts does not audit their use",
    },
]


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now())


def upgrade() -> None:
    op.create_table(
        "role",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("label_zh", sa.Text(), nullable=False),
        sa.Column("label_en", sa.Text(), nullable=False),
        sa.Column("built_in", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _moment("created_at"),
        _moment("updated_at"),
        sa.CheckConstraint("version > 0", name="role_version"),
        sa.PrimaryKeyConstraint("code"),
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "role_scope",
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["role"], ["role.code"]),
        sa.PrimaryKeyConstraint("role", "scope"),
    )
    apart = op.create_table(
        "scopes_apart",
        sa.Column("first", sa.Text(), nullable=False),
        sa.Column("second", sa.Text(), nullable=False),
        sa.Column("reason_zh", sa.Text(), nullable=False),
        sa.Column("reason_en", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("first", "second"),
    )
    for code, (zh, en) in BUILT_IN.items():
        op.execute(
            "INSERT INTO role (code, id, label_zh, label_en, built_in, active, version)"  # noqa: S608
            f" VALUES ('{code}', uuidv7(), '{zh}', '{en}', true, true, 1)"
        )
    op.bulk_insert(apart, APART)
    op.execute(
        "CREATE TRIGGER note_change AFTER UPDATE ON role FOR EACH ROW"
        " WHEN (OLD.version IS DISTINCT FROM NEW.version) EXECUTE FUNCTION renkou_note_change('scopes')"
    )
    op.add_column("staff_assignment", sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True))
    op.add_column("staff_assignment", sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint("staff_assignment_limits", "staff_assignment", "valid_from < valid_to")
    op.create_foreign_key("staff_assignment_role_fkey", "staff_assignment", "role", ["role"], ["code"])
    app_role = os.environ["RENKOU_APP_ROLE"]
    for statement in guard(app_role, TABLES, {}):
        op.execute(statement)
    op.execute(f'GRANT SELECT ON TABLE scopes_apart TO "{app_role}"')


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
