"""Surveys: what is asked, who was asked, and what they answered."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0040"
down_revision = "0039c"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    moment = core.db.UtcDateTime()
    op.create_table(
        "survey",
        sa.Column("id", kind, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("delay", sa.Integer(), nullable=False),
        sa.Column("rest", sa.Integer(), nullable=False),
        sa.Column("valid", sa.Integer(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.Column("changed_by", sa.String(length=40), nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "survey_invitation",
        sa.Column("id", kind, autoincrement=True, nullable=False),
        sa.Column("survey_id", kind, nullable=False),
        sa.Column("conversation_id", kind, nullable=False),
        sa.Column("identity_id", kind, nullable=True),
        sa.Column("closing", kind, nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("reply_id", kind, nullable=True),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("sent_at", moment, nullable=True),
        sa.Column("expires_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"]),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["reply_id"], ["reply.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("closing"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("survey_invitation_asked", "survey_invitation", ["identity_id", "sent_at"])
    op.create_index("survey_invitation_survey", "survey_invitation", ["survey_id", "id"])
    op.create_index("survey_invitation_conversation", "survey_invitation", ["conversation_id"])
    op.create_table(
        "survey_answer",
        sa.Column("id", kind, autoincrement=True, nullable=False),
        sa.Column("invitation_id", kind, nullable=False),
        sa.Column("survey_id", kind, nullable=False),
        sa.Column("conversation_id", kind, nullable=False),
        sa.Column("identity_id", kind, nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.Column("answered_at", moment, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["invitation_id"], ["survey_invitation.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"]),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("invitation_id"),
    )
    op.create_index("survey_answer_conversation", "survey_answer", ["conversation_id", "id"])
    op.create_index("survey_answer_identity", "survey_answer", ["identity_id", "id"])
    op.create_index("survey_answer_at", "survey_answer", ["answered_at"])


def downgrade() -> None:
    op.drop_table("survey_answer")
    op.drop_table("survey_invitation")
    op.drop_table("survey")
