"""The JSON API: everything the pages do, for programs that call with a token (web/tokens.py)."""
