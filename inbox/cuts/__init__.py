"""Conversations that were split from a message on: two matters of one thread, each with its own number."""
