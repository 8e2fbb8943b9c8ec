"""One deed, or one macro, on many conversations: done step by step, stopped and taken back as a whole."""
