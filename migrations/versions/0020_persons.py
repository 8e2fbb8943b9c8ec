"""People: what is known with its sources, merges and splits with their decisions, duplicates inside the CRM."""

import json
from datetime import datetime

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _contact(name: str) -> sa.Column:
    return sa.Column(name, sa.String(26), sa.ForeignKey("contact.id", ondelete="CASCADE"), nullable=False)


def _record(name: str) -> sa.Column:
    return sa.Column(name, core.db.BigId, sa.ForeignKey("crm_record.id", ondelete="CASCADE"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "attribute",
        sa.Column("id", _id(), primary_key=True, autoincrement=True, nullable=False),
        _contact("contact_id"),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("at", core.db.UtcDateTime(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("purpose", sa.String(40), nullable=False),
        sa.Column("basis", sa.String(40), nullable=False),
        sa.Column("removed_at", core.db.UtcDateTime(), nullable=True),
    )
    op.create_index("attribute_of", "attribute", ["contact_id", "source"])
    op.create_table(
        "person_decision",
        sa.Column("id", _id(), primary_key=True, autoincrement=True, nullable=False),
        sa.Column("at", core.db.UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("contact_id", sa.String(26), nullable=False),
        sa.Column("other_id", sa.String(26), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("undoes", core.db.BigId, nullable=True),
    )
    for name in ("contact_id", "other_id", "undoes"):
        op.create_index(f"ix_person_decision_{name}", "person_decision", [name])
    op.create_table(
        "contact_edge",
        sa.Column("decision_id", core.db.BigId, sa.ForeignKey("person_decision.id"), primary_key=True, nullable=False),
        _contact("left_id"),
        _contact("right_id"),
    )
    op.create_index("contact_edge_left", "contact_edge", ["left_id"])
    op.create_index("contact_edge_right", "contact_edge", ["right_id"])
    op.create_table(
        "duplicate",
        sa.Column("id", _id(), primary_key=True, autoincrement=True, nullable=False),
        _record("left_id"),
        _record("right_id"),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("rules", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", core.db.UtcDateTime(), nullable=False),
        sa.UniqueConstraint("left_id", "right_id", name="duplicate_pair"),
    )
    op.create_index("ix_duplicate_right_id", "duplicate", ["right_id"])
    op.create_index("ix_duplicate_decision", "duplicate", ["decision"])
    for table in ("identity", "crm_record"):
        op.add_column(table, sa.Column("home_id", sa.String(26), nullable=True))
        op.create_index(f"ix_{table}_home_id", table, ["home_id"])
    op.add_column("contact", sa.Column("survivor_id", sa.String(26), nullable=True))
    op.add_column("contact", sa.Column("made_for_merge", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_contact_survivor_id", "contact", ["survivor_id"])
    _move_attributes()
    op.drop_column("contact", "attributes")
    _ask_again()


def _move_attributes() -> None:
    """What stood in a column of the contact, a row each."""
    connection = op.get_bind()
    names = ("contact_id", "name", "value", "source", "confidence", "purpose", "basis")
    moment = sa.column("at", core.db.UtcDateTime())
    table = sa.table("attribute", *(sa.column(name) for name in names), moment)
    found = connection.execute(sa.text("SELECT id, attributes FROM contact")).all()
    rows = [
        {"contact_id": contact, **{name: one[name] for name in names[1:]}, "at": datetime.fromisoformat(one["at"])}
        for contact, stored in found
        for one in (json.loads(stored) if isinstance(stored, str) else stored or [])
    ]
    if rows:
        connection.execute(sa.insert(table), rows)


def _ask_again() -> None:
    """A letter for each linked account, so that what it and its CRM record say is noted."""
    connection = op.get_bind()
    fixed = {"subscriber": "enrichment.tasks.match", "topic": "identity.seen", "due_at": 0.0, "crashes": 0, "tries": 0,
             "dead": 0, "reason": ""}  # fmt: skip
    table = sa.table("outbox", *map(sa.column, fixed), sa.column("key"), sa.column("payload", sa.JSON()))
    waiting = sa.text("SELECT key FROM outbox WHERE subscriber = 'enrichment.tasks.match' AND lease IS NULL AND dead = 0")
    known = set(connection.execute(waiting).scalars())
    numbers = connection.execute(sa.text("SELECT id FROM identity WHERE contact_id IS NOT NULL ORDER BY id")).scalars()
    rows = [{**fixed, "key": str(one), "payload": {"identity_id": one}} for one in numbers if str(one) not in known]
    if rows:
        connection.execute(sa.insert(table), rows)


def downgrade() -> None:
    op.add_column("contact", sa.Column("attributes", sa.JSON(), nullable=False, server_default="[]"))
    op.drop_index("ix_contact_survivor_id", table_name="contact")
    with op.batch_alter_table("contact") as batch:
        batch.drop_column("made_for_merge")
        batch.drop_column("survivor_id")
    for table in ("crm_record", "identity"):
        op.drop_index(f"ix_{table}_home_id", table_name=table)
        op.drop_column(table, "home_id")
    for name in ("duplicate", "contact_edge", "person_decision", "attribute"):
        op.drop_table(name)
