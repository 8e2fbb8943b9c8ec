"""The heart: accounts, conversations, messages, people, rules, search."""
