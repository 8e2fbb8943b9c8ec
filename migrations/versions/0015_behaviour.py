"""Behaviour: write keys, customers' keys, events, orders, files of orders."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0015"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "write_key",
        sa.Column("id", kind, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False, unique=True),
        sa.Column("hint", sa.String(length=4), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", core.db.UtcDateTime(), nullable=False),
        sa.Column("revoked_at", core.db.UtcDateTime(), nullable=True),
        sa.Column("used_at", core.db.UtcDateTime(), nullable=True),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("repeated", sa.BigInteger(), nullable=False),
        sa.Column("left_out", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "refusal_count",
        sa.Column("key_id", core.db.BigId, nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("last_at", core.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["write_key.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key_id", "reason", "name"),
    )
    op.create_table(
        "customer_key",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(length=300), nullable=False),
        sa.Column("contact_id", sa.String(length=26), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("at", core.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "value"),
    )
    op.create_index("ix_customer_key_contact_id", "customer_key", ["contact_id"])
    op.create_table(
        "track_event",
        sa.Column("id", kind, autoincrement=True, nullable=False),
        sa.Column("message_id", sa.String(length=100), nullable=False, unique=True),
        sa.Column("key_id", core.db.BigId, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("contact_id", sa.String(length=26), nullable=True),
        sa.Column("anonymous_id", sa.String(length=256), nullable=False),
        sa.Column("at", core.db.UtcDateTime(), nullable=False),
        sa.Column("received_at", core.db.UtcDateTime(), nullable=False),
        sa.Column("properties", sa.JSON(), nullable=False),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("track_event_person", "track_event", ["contact_id", "at"])
    op.create_index("track_event_name", "track_event", ["name", "at"])
    op.create_index("track_event_anonymous", "track_event", ["anonymous_id"])
    op.create_table(
        "customer_order",
        sa.Column("id", kind, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False, unique=True),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("channel", sa.String(length=100), nullable=False),
        sa.Column("contact_id", sa.String(length=26), nullable=True),
        sa.Column("anonymous_id", sa.String(length=256), nullable=False),
        sa.Column("placed_at", core.db.UtcDateTime(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("address", sa.JSON(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("described_at", core.db.UtcDateTime(), nullable=False),
        sa.Column("stored_at", core.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("customer_order_person", "customer_order", ["contact_id", "placed_at"])
    op.create_index("ix_customer_order_anonymous_id", "customer_order", ["anonymous_id"])
    op.create_table(
        "order_file",
        sa.Column("id", kind, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", core.db.UtcDateTime(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("bad", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    for name in ("order_file", "customer_order", "track_event", "customer_key", "refusal_count", "write_key"):
        op.drop_table(name)
