"""What a message says: language, sentiment, intent, urgency and labels, behind one port."""
