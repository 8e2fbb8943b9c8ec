"""Translation as pages show it: what is offered where, and the words for it."""

from __future__ import annotations

from connectors.translation import port, service
from core.errors import Rejected, TryLater, WiderhallError
from inbox import translations
from inbox.models import Conversation, Message
from inbox.translation_models import Translator
from inbox.translations import Shown
from web.i18n import N_
from web.reader import Reader

TITLES = service.TITLES
SENTENCES = (
    N_("The translation server does not take the key. An administrator can change it in the set-up."),
    N_("The translation server asks for a key. An administrator can enter one in the set-up."),
    N_("What the translation server may be asked for is used up. An administrator can see to it at the provider."),
    N_("This text is too long for the translation server."),
    N_("The translation server does not offer this language."),
    N_("The translation server asks to wait. Try again in a moment."),
    N_("The translation server does not answer. Try again in a moment."),
    N_("The translation server answered something that is no translation. An administrator can check its address."),
    N_("There is no translation server at this address that may be called. An administrator can check it."),
    N_("Nothing is set up here that translates."),
    N_("Translating is switched off under data protection. It needs a lawful basis first."),
    N_("This person objects to it: their messages are not sent to a translation server."),
    N_("Private messages are not sent to the translation server here. An administrator can allow it."),
    N_("There is no text any more that could be translated."),
    N_("Enter the key that the provider gave you."),
    N_("Choose the lawful basis on which texts of customers may go there."),
    N_("Give an address that begins with https://."),
)
"""What connectors.translation says is wrong."""
TOO_OFTEN = N_("That was a lot of translations in a short time. Try again in a minute.")
EMPTY = N_("Write something first; then it can be translated.")


def offers(message: Message, shown: Shown, reader: Reader) -> bool:
    """A button for this message: somebody translates into the reader's language, and it is in another one."""
    if not shown.provider or not message.text or not reader.may("conversations.manage"):
        return False
    if message.visibility == "private" and not shown.private:
        return False
    same = translations.base(message.language) == translations.base(reader.language)
    return not same and bool(translations.offered(reader.language, shown.targets))


def there(row: Translator | None, conversation: Conversation, reader: Reader) -> bool:
    """Somebody translates into the reader's language, and messages of this conversation may go there."""
    if row is None or not reader.may("conversations.manage") or (conversation.private and not row.private):
        return False
    return bool(translations.offered(reader.language, row.targets))


def into(row: Translator | None, conversation: Conversation, answered: Message | None, reader: Reader) -> str:
    """The customer's language, where what the reader writes can be translated into it; else empty."""
    if row is None or answered is None or not reader.may("conversations.manage"):
        return ""
    if conversation.private and not row.private:
        return ""
    language = answered.language or conversation.language
    if translations.base(language) in ("", translations.base(reader.language)):
        return ""
    return translations.base(language) if translations.offered(language, row.targets) else ""


def language(code: str, reader: Reader) -> str:
    """A language as the reader calls it."""
    named = reader.babel.languages.get(code.replace("-", "_")) or reader.babel.languages.get(translations.base(code))
    return str(named or code)


def why(error: WiderhallError, reader: Reader) -> str:
    """An error of the service in the reader's words; what is none of its sentences is said in general."""
    known = str(error) in SENTENCES
    return reader.words(str(error) if known else port.AWAY if isinstance(error, TryLater) else port.STRANGE)


REFUSED = (Rejected, TryLater)
"""What the service raises."""
