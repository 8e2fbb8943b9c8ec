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
LOOK = "%(why)s. Look on the platform before you send it again."
WAITS = "Waits: %(why)s"
UNANSWERED = "%(host)s did not answer; what was sent may have arrived"
DOWN = "%(host)s did not answer"
CUT_OFF = "The last attempt was cut off and this platform cannot be asked. Look there before you send again."
SIGNED_OUT = "Waits until the account is connected again."
PAUSED = "Waits until the account goes on: it is paused."
SENTENCES = (TOO_LONG, TOO_BIG, UNFINISHED, UNUSABLE, NO_VIDEO, NOT_NOW, LOOK, WAITS, UNANSWERED, DOWN, SILENT, REFUSED)
"""The most particular first."""
