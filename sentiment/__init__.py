"""Language, sentiment, intent and labels of messages."""
