"""Which conversations somebody means: one tree of conditions, as JSON, as SQL and as a test of one conversation."""
