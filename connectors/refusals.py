"""What is said of an answer that a platform would refuse, or has refused: `web.refusals` translates it."""

from __future__ import annotations

TOO_LONG = "The answer has %(count)s characters, %(platform)s takes %(most)s: shorten it."
TOO_BIG = "The answer has %(count)s bytes, %(platform)s takes %(most)s: shorten it."
UNFINISHED = "%(platform)s has not finished its work on %(name)s. Send it again."
UNUSABLE = "%(why)s – %(name)s could not be used. Save it in another format, and attach it anew."
NO_VIDEO = "Bluesky could not use %(name)s: %(why)s. Save it anew as MP4, and attach it again."
NOT_NOW = "Bluesky takes no video from this account now: %(why)s"
REFUSED = "%(platform)s refused: %(why)s"
SILENT = "%(host)s refused without a reason (%(code)s)"
SENTENCES = (TOO_LONG, TOO_BIG, UNFINISHED, UNUSABLE, NO_VIDEO, NOT_NOW, SILENT, REFUSED)
"""The most particular first."""
