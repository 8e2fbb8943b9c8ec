"""The heart: accounts, conversations, messages, people, replies, search, consent, erasure."""
