"""What a message is rated as, as chips in the thread, and the classes a person can choose instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from inbox.models import Message
from sentiment import corrections
from sentiment.answers import LANGUAGE
from sentiment.port import TASKS
from sentiment.upkeep import Correction
from web import i18n, words
from web.i18n import N_
from web.reader import Reader

TASK_WORDS = {
    "sentiment": N_("Sentiment"),
    "intent": N_("Intent"),
    "emotion": N_("Emotion"),
    "urgency": N_("Urgency"),
    "offensive": N_("Offensive"),
    "language": N_("Language"),
}
"""What a message is rated by, in the order of its chips and menus."""
SETS = {
    "umsab": N_("Tweets in eight languages (UMSAB)"),
    "tweeteval": N_("English tweets (TweetEval)"),
    "msd": N_("Japanese reviews (MSD)"),
    "germeval": N_("German tweets (GermEval 2018)"),
    "authored": N_("Messages of our own, held back"),
}
"""Labelled sets that the model's card names."""
OFFENSIVE_WORDS = {"no": N_("not offensive"), "yes": N_("offensive")}
SPOKEN = (
    "de", "en", "ja", "ar", "cs", "da", "el", "es", "fi", "fr", "he", "hi", "hu", "id", "it", "ko", "nl", "no", "pl",
    "pt", "ro", "ru", "sv", "th", "tr", "uk", "vi", "zh",
)  # fmt: skip
"""Languages a message can be said to be in."""
QUIET = {"intent": ("", "other"), "emotion": ("", "neutral"), "urgency": ("", "low", "normal"), "offensive": ("", "no")}
"""Labels without a chip of their own, unless a person said so: they go without saying."""


@dataclass(frozen=True)
class Chip:
    """One thing a message is rated by; `by` is the name of whoever corrected it, empty for the annotator's word."""

    task: str
    label: str
    shown: str
    kind: str
    by: str


@dataclass(frozen=True)
class Choice:
    """The classes of one task, as (label, words, current?); `corrected`: a person said so, and can take it back."""

    task: str
    title: str
    options: Sequence[tuple[str, str, bool]]
    corrected: bool


def chips(
    message: Message, standing: Mapping[str, Correction], names: Mapping[str, str], reader: Reader
) -> Sequence[Chip]:
    """What is worth a word; nothing for what is not rated. `names` has a name for each author of a correction."""
    if not corrections.correctable(message):
        return ()
    by = tuple([(task, names.get(row.author, "")) for task, row in standing.items()])
    return _chips(_labels(message), by, reader.language)


Labels = tuple[str, str, str, str, bool | None]


def _labels(message: Message) -> Labels:
    """In the order of `TASK_WORDS`."""
    return message.sentiment, message.intent, message.emotion, message.urgency, message.offensive


@lru_cache(1000)  # few answers, and a thread asks for each of its messages
def _chips(labels: Labels, by: tuple[tuple[str, str], ...], language: str) -> Sequence[Chip]:
    found, corrected, words_ = [], dict(by), i18n.catalogue(language).gettext
    for task, value in zip(TASK_WORDS, labels, strict=False):  # the language has no chip
        label = corrections.label_of(task, value)
        if task not in corrected and label in QUIET.get(task, ()):
            continue
        kind = words.SENTIMENTS.get(label, words.UNRATED)[0] if task == "sentiment" else ""
        word = _word(task, label)
        found.append(Chip(task, label, words_(word) if word else "", kind, corrected.get(task, "")))
    return tuple(found)


def choices(message: Message, standing: Mapping[str, Correction], tasks: Sequence[str], reader: Reader) -> list[Choice]:
    """What can be chosen instead, for each of these tasks."""
    found = []
    for task in tasks:
        now = corrections.label_of(task, getattr(message, task))
        labels = [*SPOKEN] if task == LANGUAGE else [*TASKS[task]]
        if task == LANGUAGE and now and now not in (*SPOKEN, "und"):
            labels.insert(0, now)
        options = [(label, shown(task, label, reader), label == now) for label in labels]
        found.append(Choice(task, TASK_WORDS[task], options, task in standing))
    return found


def shown(task: str, label: str, reader: Reader) -> str:
    """A label in the reader's words."""
    if task == LANGUAGE:
        return str(reader.babel.languages.get(label, label))
    word = _word(task, label)
    return reader.words(word) if word else ""


def _word(task: str, label: str) -> str:
    if task == "sentiment":
        return words.SENTIMENTS.get(label, words.UNRATED)[1]
    table = {"intent": words.INTENTS, "emotion": words.EMOTIONS, "urgency": words.URGENCIES}.get(task, OFFENSIVE_WORDS)
    return table.get(label, label)


def version(message: Message, standing: Mapping[str, Correction]) -> str:
    """Changes whenever a chip does."""
    by = "".join([f"-{task}:{row.author}" for task, row in sorted(standing.items())]) if standing else ""
    return _version(_labels(message), message.language) + by


@lru_cache(1000)
def _version(labels: Labels, language: str) -> str:
    return "-".join(map(corrections.label_of, TASK_WORDS, (*labels, language)))
