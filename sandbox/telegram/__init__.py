"""A simulated Telegram Bot API server. API: https://core.telegram.org/bots/api"""

from sandbox.telegram.app import create_app
from sandbox.telegram.state import Telegram

__all__ = ["Telegram", "create_app"]
