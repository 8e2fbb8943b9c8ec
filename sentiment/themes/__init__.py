"""Themes: what people write about, found out without being told, with ids that stay."""
