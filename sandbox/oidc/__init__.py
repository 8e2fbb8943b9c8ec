"""A simulated OpenID provider: it signs people in, and refuses what providers refuse."""

from sandbox.oidc.app import create_app
from sandbox.oidc.state import CLIENT_ID, CLIENT_SECRET

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "create_app"]
