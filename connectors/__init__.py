"""Everything that speaks with a platform: fetch, receive, send, and the facts about each."""
