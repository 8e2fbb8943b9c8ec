"""The default annotator: one small multilingual encoder, several heads, no torch."""
