"""Brands that listening follows, by their names, and what messages that name several say of each."""
