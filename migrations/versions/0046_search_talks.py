"""PostgreSQL: the search index knows the conversation of each message, so that looking for one joins nothing."""

from alembic import op

revision = "0046"
down_revision = "0045w"
branch_labels = None
depends_on = None

# A new table instead of a new column: nothing is left behind that a search would have to read past.
WITH = (
    "CREATE TABLE message_search_new (message_id BIGINT NOT NULL, conversation_id BIGINT NOT NULL, "
    "body TSVECTOR NOT NULL)",
    "INSERT INTO message_search_new (message_id, conversation_id, body) SELECT s.message_id, m.conversation_id, s.body "
    "FROM message_search s JOIN message m ON m.id = s.message_id ORDER BY s.message_id",
)
WITHOUT = (
    "CREATE TABLE message_search_new (message_id BIGINT NOT NULL, body TSVECTOR NOT NULL)",
    "INSERT INTO message_search_new (message_id, body) SELECT message_id, body FROM message_search ORDER BY message_id",
)
IN_ITS_PLACE = (
    "DROP TABLE message_search",
    "ALTER TABLE message_search_new RENAME TO message_search",
    "ALTER TABLE message_search ADD CONSTRAINT message_search_pkey PRIMARY KEY (message_id)",
    "CREATE INDEX message_search_body ON message_search USING gin (body)",
)
FOLLOWS = (
    "CREATE FUNCTION message_search_follows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "UPDATE message_search SET conversation_id = NEW.conversation_id WHERE message_id = NEW.id; RETURN NULL; END $$",
    "CREATE TRIGGER message_search_follows AFTER UPDATE OF conversation_id ON message FOR EACH ROW "
    "WHEN (OLD.conversation_id IS DISTINCT FROM NEW.conversation_id) EXECUTE FUNCTION message_search_follows()",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in (*WITH, *IN_ITS_PLACE, *FOLLOWS):
            op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER message_search_follows ON message")
        op.execute("DROP FUNCTION message_search_follows()")
        for statement in (*WITHOUT, *IN_ITS_PLACE):
            op.execute(statement)
