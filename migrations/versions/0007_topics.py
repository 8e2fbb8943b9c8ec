"""Topics: labels learnt from examples, themes that were discovered, and the theme of each message."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

THEMED = sa.text("theme <> 0")
POOLED = sa.text("theme_id IS NULL")


def _key(name: str, target: str = "", **options: object) -> list[sa.schema.SchemaItem]:
    column = sa.Column(name, core.db.BigId, autoincrement=False, nullable=False)
    return [column, *([sa.ForeignKeyConstraint([name], [target], **options)] if target else [])]


def upgrade() -> None:
    op.add_column("message", sa.Column("theme", core.db.BigId, nullable=False, server_default="0"))
    op.create_index("message_themed", "message", ["theme", "posted_at"], sqlite_where=THEMED, postgresql_where=THEMED)
    op.create_table(
        "theme",
        *_key("id"),
        sa.Column("centroid", sa.LargeBinary(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("edited", sa.Boolean(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("merged_into", core.db.BigId, nullable=True),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("born_at", core.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["merged_into"], ["theme.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "message_theme",
        *_key("message_id", "message.id", ondelete="CASCADE"),
        sa.Column("theme_id", core.db.BigId, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["theme_id"], ["theme.id"]),
        sa.PrimaryKeyConstraint("message_id"),
    )
    op.create_index("message_theme_theme", "message_theme", ["theme_id", "message_id"])
    op.create_index(
        "message_theme_pool", "message_theme", ["message_id"], sqlite_where=POOLED, postgresql_where=POOLED
    )
    op.create_table(
        "theme_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mean", sa.LargeBinary(), nullable=False),
        sa.Column("spread", sa.Float(), nullable=False),
        sa.Column("next_id", core.db.BigId, nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("grown_to", core.db.BigId, nullable=False),
        sa.Column("grown_at", core.db.UtcDateTime(), nullable=True),
        sa.Column("tended_at", core.db.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "label_example",
        *_key("label_id", "label.id", ondelete="CASCADE"),
        *_key("message_id", "message.id", ondelete="CASCADE"),
        sa.Column("positive", sa.Boolean(), nullable=False),
        sa.Column("at", core.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("label_id", "message_id"),
    )
    op.create_index("label_example_message", "label_example", ["message_id"])
    op.create_table(
        "label_head",
        *_key("label_id", "label.id", ondelete="CASCADE"),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("mean", sa.LargeBinary(), nullable=False),
        sa.Column("weight", sa.LargeBinary(), nullable=False),
        sa.Column("bias", sa.Float(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("measure", sa.JSON(), nullable=False),
        sa.Column("at", core.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("label_id"),
    )
    op.create_table(
        "label_pass",
        *_key("label_id", "label.id", ondelete="CASCADE"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("done_to", core.db.BigId, nullable=False),
        sa.Column("goal", core.db.BigId, nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("label_id"),
    )


def downgrade() -> None:
    for table in ("label_pass", "label_head", "label_example", "theme_state", "message_theme", "theme"):
        op.drop_table(table)
    op.drop_index("message_themed", table_name="message")
    op.drop_column("message", "theme")
