"""Supplies ledger"""

import os

import sqlalchemy as sa
from alembic import op

from renkou_common.migration import guard

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = (
    "supply_product",
    "supply_specification",
    "supply_batch",
    "supply_point",
    "supply_level",
    "supply_stock",
    "supply_document",
    "supply_entry",
    "supply_recipient",
    "supply_transfer",
    "supply_transfer_line",
    "supply_count",
    "supply_count_line",
    "supply_user",
)
FLOOR = {
    "supply_stock": "renkou_in_scope(area)",
    "supply_document": "renkou_in_scope(area)",
    "supply_entry": "renkou_in_scope(area)",
    "supply_recipient": "renkou_in_scope(area)",
    "supply_transfer": "renkou_in_scope(area) OR renkou_in_scope(to_area)",
    "supply_transfer_line": "renkou_in_scope(area) OR renkou_in_scope(to_area)",
    "supply_count": "renkou_in_scope(area)",
    "supply_count_line": "renkou_in_scope(area)",
    "supply_user": "renkou_in_scope(area)",
}
APPEND_ONLY = (
    "supply_batch",
    "supply_document",
    "supply_entry",
    "supply_recipient",
    "supply_transfer_line",
    "supply_count_line",
)


def upgrade() -> None:
    """Make the tables, then guard them."""
    op.create_table(
        "supply_point",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("area", "name", name="supply_point_name"),
    )
    op.create_index("supply_point_area", "supply_point", ["area", "id"], unique=False)
    op.create_table(
        "supply_product",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_index("supply_product_area", "supply_product", ["area", "id"], unique=False)
    op.create_table(
        "supply_count",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("state IN ('entered', 'booked', 'rejected')", name="supply_count_state"),
        sa.CheckConstraint("settled_by IS NULL OR settled_by <> recorded_by", name="supply_count_four_eyes"),
        sa.ForeignKeyConstraint(
            ["point_id"],
            ["supply_point.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("supply_count_area", "supply_count", ["area", "id"], unique=False)
    op.create_index(
        "supply_count_open",
        "supply_count",
        ["point_id"],
        unique=True,
        postgresql_where=sa.text("state = 'entered'"),
    )
    op.create_table(
        "supply_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("people", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("named", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("loss_kind", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("refers_to", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(kind IN ('return', 'reversal')) = (refers_to IS NOT NULL)", name="supply_document_refers"
        ),
        sa.CheckConstraint(
            "kind IN ('receipt', 'return', 'transfer_in', 'issue', 'loss', 'transfer_out', 'stocktaking', 'reversal')",
            name="supply_document_kind",
        ),
        sa.CheckConstraint("people >= 0", name="supply_document_people"),
        sa.ForeignKeyConstraint(
            ["point_id"],
            ["supply_point.id"],
        ),
        sa.ForeignKeyConstraint(
            ["refers_to"],
            ["supply_document.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("supply_document_area", "supply_document", ["area", "id"], unique=False)
    op.create_index("supply_document_point", "supply_document", ["point_id", "id"], unique=False)
    op.create_index(
        "supply_document_returns",
        "supply_document",
        ["refers_to"],
        unique=False,
        postgresql_where=sa.text("kind = 'return'"),
    )
    op.create_index(
        "supply_document_reversed",
        "supply_document",
        ["refers_to"],
        unique=True,
        postgresql_where=sa.text("kind = 'reversal'"),
    )
    op.create_table(
        "supply_specification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["supply_product.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("product_id", "name", name="supply_specification_name"),
    )
    op.create_index("supply_specification_area", "supply_specification", ["area", "id"], unique=False)
    op.create_table(
        "supply_transfer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("to_area", sa.BigInteger(), nullable=False),
        sa.Column("from_point", sa.Uuid(), nullable=False),
        sa.Column("to_point", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("out_document", sa.Uuid(), nullable=False),
        sa.Column("in_document", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "state IN ('in_transit', 'received', 'called_back')", name="supply_transfer_state"
        ),
        sa.CheckConstraint("from_point <> to_point", name="supply_transfer_points"),
        sa.ForeignKeyConstraint(
            ["from_point"],
            ["supply_point.id"],
        ),
        sa.ForeignKeyConstraint(
            ["to_point"],
            ["supply_point.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("supply_transfer_area", "supply_transfer", ["area", "id"], unique=False)
    op.create_index("supply_transfer_to_area", "supply_transfer", ["to_area", "id"], unique=False)
    op.create_table(
        "supply_user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("person_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("person_index", sa.LargeBinary(), nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("reached_on", sa.Date(), nullable=True),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("population IN ('resident', 'migrant_in')", name="supply_user_population"),
        sa.ForeignKeyConstraint(
            ["point_id"],
            ["supply_point.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("supply_user_area", "supply_user", ["area", "id"], unique=False)
    op.create_index(
        "supply_user_person",
        "supply_user",
        ["person_index", "year"],
        unique=True,
        postgresql_where=sa.text("NOT withdrawn"),
    )
    op.create_table(
        "supply_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("specification_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["specification_id"],
            ["supply_specification.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("specification_id", "number", name="supply_batch_number"),
    )
    op.create_table(
        "supply_level",
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("specification_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("level >= 0", name="supply_level_level"),
        sa.ForeignKeyConstraint(
            ["point_id"],
            ["supply_point.id"],
        ),
        sa.ForeignKeyConstraint(
            ["specification_id"],
            ["supply_specification.id"],
        ),
        sa.PrimaryKeyConstraint("point_id", "specification_id"),
    )
    op.create_index(
        "supply_level_area", "supply_level", ["area", "point_id", "specification_id"], unique=False
    )
    op.create_table(
        "supply_recipient",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("person_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("person_index", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["supply_document.id"],
        ),
        sa.PrimaryKeyConstraint("document_id"),
    )
    op.create_index(
        "supply_recipient_person", "supply_recipient", ["person_index", "document_id"], unique=False
    )
    op.create_table(
        "supply_count_line",
        sa.Column("count_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("expected", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["supply_batch.id"],
        ),
        sa.ForeignKeyConstraint(
            ["count_id"],
            ["supply_count.id"],
        ),
        sa.PrimaryKeyConstraint("count_id", "batch_id"),
    )
    op.create_table(
        "supply_entry",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("specification_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity <> 0", name="supply_entry_quantity"),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["supply_batch.id"],
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["supply_document.id"],
        ),
        sa.ForeignKeyConstraint(
            ["point_id"],
            ["supply_point.id"],
        ),
        sa.ForeignKeyConstraint(
            ["specification_id"],
            ["supply_specification.id"],
        ),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index("supply_entry_document", "supply_entry", ["document_id", "position"], unique=False)
    op.create_index(
        "supply_entry_point", "supply_entry", ["point_id", "happened_on", "position"], unique=False
    )
    op.create_table(
        "supply_stock",
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("specification_id", sa.Uuid(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.CheckConstraint("quantity >= 0", name="supply_stock_quantity"),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["supply_batch.id"],
        ),
        sa.ForeignKeyConstraint(
            ["point_id"],
            ["supply_point.id"],
        ),
        sa.ForeignKeyConstraint(
            ["specification_id"],
            ["supply_specification.id"],
        ),
        sa.PrimaryKeyConstraint("point_id", "batch_id"),
    )
    op.create_index(
        "supply_stock_choice",
        "supply_stock",
        ["point_id", "specification_id", "expires_on", "batch_id"],
        unique=False,
    )
    op.create_index(
        "supply_stock_expiry",
        "supply_stock",
        ["expires_on", "point_id", "batch_id"],
        unique=False,
        postgresql_where=sa.text("quantity > 0"),
    )
    op.create_table(
        "supply_transfer_line",
        sa.Column("transfer_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("to_area", sa.BigInteger(), nullable=False),
        sa.Column("specification_id", sa.Uuid(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["supply_batch.id"],
        ),
        sa.ForeignKeyConstraint(
            ["specification_id"],
            ["supply_specification.id"],
        ),
        sa.ForeignKeyConstraint(
            ["transfer_id"],
            ["supply_transfer.id"],
        ),
        sa.PrimaryKeyConstraint("transfer_id", "batch_id"),
    )
    for statement in guard(os.environ["RENKOU_APP_ROLE"], TABLES, FLOOR, APPEND_ONLY):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
