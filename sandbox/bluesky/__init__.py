"""A simulated Bluesky PDS with its AppView and chat service behind it. API: https://docs.bsky.app/docs/category/http-reference"""

from sandbox.bluesky.app import create_app
from sandbox.bluesky.state import Bluesky

__all__ = ["Bluesky", "create_app"]
