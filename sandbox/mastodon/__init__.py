"""A simulated Mastodon server. API: https://docs.joinmastodon.org/methods/"""

from sandbox.mastodon.app import create_app
from sandbox.mastodon.state import Mastodon

__all__ = ["Mastodon", "create_app"]
