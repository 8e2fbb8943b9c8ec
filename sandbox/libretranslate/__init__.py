"""A simulated LibreTranslate server: its addresses and refusals are the real one's, its words are few."""

from sandbox.libretranslate.app import KEY, create_app

__all__ = ["KEY", "create_app"]
