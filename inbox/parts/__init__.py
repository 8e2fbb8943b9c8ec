"""Conversations that are merged into one case, across accounts and platforms, and split again."""
