"""An append-only audit log of every reading and change of what is known here of persons, sealed in a chain"""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from renkou_common.audit.triggers import FIELDS_FUNCTION, NOTE_FUNCTION, Captured, capture
from renkou_common.migration import guard

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLES = ("audit_entry", "audit_seal", "audit_root")
INDEXES = {
    "tx": (["tx", "id"], None),
    "at": (["at", "id"], None),
    "actor": (["actor_id", "at", "id"], None),
    "what": (["what", "at", "id"], None),
    "address": (["address", "at", "id"], "address IS NOT NULL"),
    "purpose": (["purpose", "at", "id"], "purpose IS NOT NULL"),
    "action": (["action", "at", "id"], "action <> 'read'"),
    "record": (["record_id", "at", "id"], "record_id IS NOT NULL"),
}
CAPTURED = {
    "arrival": (Captured(("r.person_id", "r.person_ref"), version=True), "exchange_arrival"),
    "certificate": (Captured(("r.person_id", "r.person_ref"), version=True), "certificate"),
    "certificate_application": (Captured(("r.person_id", "r.person_ref"), version=True), "certificate"),
    "certificate_application_step": (
        Captured(
            (
                "(SELECT t.person_id FROM certificate_application t WHERE t.id = r.application_id)",
                "(SELECT t.person_ref FROM certificate_application t WHERE t.id = r.application_id)",
            ),
            key=("position",),
        ),
        "certificate",
    ),
    "certificate_check": (
        Captured(
            (
                "(SELECT t.person_id FROM arrival t WHERE t.id = r.arrival_id)",
                "(SELECT t.person_ref FROM arrival t WHERE t.id = r.arrival_id)",
            )
        ),
        "certificate",
    ),
    "certificate_reissue": (Captured(version=True), "certificate"),
    "certificate_step": (
        Captured(
            (
                "(SELECT t.person_id FROM certificate t WHERE t.id = r.certificate_id)",
                "(SELECT t.person_ref FROM certificate t WHERE t.id = r.certificate_id)",
            ),
            key=("position",),
        ),
        "certificate",
    ),
    "departure": (Captured(("r.person_id", "r.person_ref"), version=True), "exchange_departure"),
    "followed_merge": (
        Captured(("r.gone_ref", "r.gone_person_id"), key=("gone_ref", "kind", "row_id")),
        "register_quality",
    ),
    "message": (
        Captured(
            ("r.person_ref",),
            only="r.kind NOT IN ('ping', 'pong', 'digest', 'receipt')",
            besides=("attempts", "next_attempt_at", "turn", "sealed", "revision"),
        ),
        "exchange_follow_up",
    ),
}


def upgrade() -> None:
    big, text, moment = sa.BigInteger(), sa.Text(), sa.DateTime(timezone=True)
    op.create_table(
        "audit_entry",
        sa.Column("id", big, sa.Identity(always=True), primary_key=True),
        sa.Column("tx", big, server_default=sa.text("pg_current_xact_id()::text::bigint"), nullable=False),
        sa.Column("at", moment, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("actor_id", sa.Uuid()),
        sa.Column("actor_kind", text, nullable=False),
        sa.Column("actor_name", text, nullable=False),
        sa.Column("acting_for", sa.Uuid()),
        *(sa.Column(name, text) for name in ("session", "address", "agent", "trace_id", "purpose", "reason")),
        sa.Column("action", text, nullable=False),
        sa.Column("what", text, nullable=False),
        sa.Column("person_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("record_id", text),
        sa.Column("version", big),
        sa.Column("records", big, server_default=sa.text("1"), nullable=False),
        sa.Column("fields", postgresql.ARRAY(text), server_default=sa.text("'{}'"), nullable=False),
    )
    op.create_index("audit_entry_persons", "audit_entry", ["person_ids"], postgresql_using="gin")
    for name, (columns, where) in INDEXES.items():
        condition = sa.text(where) if where else None
        op.create_index(f"audit_entry_{name}", "audit_entry", columns, postgresql_where=condition)
    op.create_table(
        "audit_seal",
        sa.Column("seq", big, autoincrement=False, primary_key=True),
        sa.Column("entry_id", big, nullable=False, unique=True),
        sa.Column("tx", big, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "audit_root",
        sa.Column("number", big, autoincrement=False, primary_key=True),
        sa.Column("first", big, nullable=False),
        sa.Column("last", big, nullable=False, unique=True),
        sa.Column("at", moment, nullable=False),
        sa.Column("token", text, nullable=False),
    )
    for statement in guard(os.environ["RENKOU_APP_ROLE"], TABLES, {}, TABLES):
        op.execute(statement)
    op.execute(NOTE_FUNCTION)
    op.execute(FIELDS_FUNCTION)
    for table, (captured, held_for) in CAPTURED.items():
        for statement in capture(table, captured, held_for):
            op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
