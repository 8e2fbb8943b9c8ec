"""Pictures of every page: each is seen in each language, at each width and in both themes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.tour.house import Demo

WIDTHS, LANGUAGES, SCHEMES = (1440, 1024, 390), ("en", "de", "ja"), ("light", "dark")
LOCALES = {"en": "en-GB", "de": "de-DE", "ja": "ja-JP"}
QUALITY = 74


@dataclass(frozen=True)
class Place:
    """A page of the tour. `path` is looked up in the running demo; `sentence` stands beside it in the README.

    `keys` are pressed on it before the picture is taken.
    """

    name: str
    path: str
    sentence: str
    signed: bool = True
    keys: tuple[str, ...] = ()


PLACES = (
    Place(
        "thread",
        "{thread}#conversation",
        "One conversation with the person behind it: public cards, private bubbles, what was done.",
    ),
    Place("inbox", "/inbox", "The list: what waits comes first, with the volume of two weeks above it."),
    Place(
        "person-panel",
        "{thread}#person",
        "The person beside the thread: CRM, accounts, what may be done with the data.",
    ),
    Place(
        "many",
        "/inbox?view=all",
        "Many at once, by mouse or by keys: what is ticked, and what can be done with it.",
        keys=("j", "x", "j", "x", "j", "x"),
    ),
    Place("filter", "/inbox", "Conditions over everything that is known about a conversation.", keys=("f",)),
    Place("palette", "/inbox", "Go to, do or find anything with Ctrl K.", keys=("Control+k",)),
    Place("keys", "{thread}#conversation", "Every key of the page, with the question mark.", keys=("?",)),
    Place("waiting", "/inbox/waiting", "Replies that wait: for somebody's approval, for their moment, for a look."),
    Place("notifications", "/notifications", "What one is told of, in the page, by push, or as a digest by e-mail."),
    Place("messages", "/messages", "Single messages, as they stand behind every figure."),
    Place("people", "/people", "Everybody who wrote, with their place in the CRM."),
    Place("person", "/people/{person}", "One person in whole: the merged profile with the source of each field."),
    Place("review", "/people/review", "Is this account that contact? Both sides, with what speaks for and against."),
    Place("listening", "/listening", "What is listened to: subjects with their queries."),
    Place("subject", "/listening/{subject}", "A subject's queries, tried on what is stored before they are saved."),
    Place("reports", "/reports", "Every subject at a glance."),
    Place(
        "report",
        "/reports/{subject}",
        "A month in one page: a sentence, figures, charts; every figure opens its messages.",
    ),
    Place(
        "report-answering",
        "/reports/team",
        "How well customers are answered, and by whom; every number opens its spans.",
    ),
    Place("spans", "/reports/team/spans?figure=replies", "What a number is made of."),
    Place("settings-accounts", "/settings/accounts", "Connected accounts and how they are."),
    Place(
        "settings-salesforce",
        "/settings/salesforce",
        "The exchange with Salesforce: state, last runs, what was refused.",
    ),
    Place("settings-users", "/settings/users", "Users and what each role may do."),
    Place(
        "settings-teams", "/settings/teams/{team}", "A team: its hours, holidays, and how conversations are given out."
    ),
    Place("settings-rules", "/settings/rules", "What is done by itself, each rule as a sentence, with its log."),
    Place(
        "settings-rule", "/settings/rules/{rule}", "A rule: when, if, then, tried on what is stored before it is on."
    ),
    Place("settings-promises", "/settings/sla/{policy}", "How soon is answered and closed, and for whom."),
    Place("survey", "/settings/surveys/1/preview", "What customers are asked after a conversation was closed."),
    Place(
        "settings-webhook",
        "/settings/webhooks/{hook}",
        "A program that is told: its deliveries, and making them again.",
    ),
    Place("settings-security", "/settings/me/security", "One's second factors, passkeys and sessions."),
    Place("api", "/settings/tokens/reference", "What the API can do, readable."),
    Place("settings-system", "/settings/system", "The system's own check-up."),
    Place("first-steps", "/start", "The first three steps of a new hub."),
    Place("ui", "/ui", "All parts in all states, light and dark side by side."),
    Place("sign-in", "/signin", "The door.", signed=False),
    Place("settings-roles", "/settings/roles", "What people may do, and whose conversations they see."),
    Place("settings-notices", "/settings/me/notifications", "What one is told of, where, and when not."),
    Place("settings-fields", "/settings/custom", "What one notes about conversations and people beyond what is there."),
)


@dataclass(frozen=True)
class Shot:
    """One picture: a page at a width, in a theme and a language."""

    place: Place
    width: int
    scheme: str
    language: str

    @property
    def file(self) -> str:
        """The picture's name says everything."""
        return f"{self.place.name}-{self.width}-{self.scheme}-{self.language}.jpg"


def shots() -> Iterator[Shot]:
    """Three pictures of each page; which language goes with which width moves on from page to page."""
    for number, place in enumerate(PLACES):
        for turn, width in enumerate(WIDTHS):
            yield Shot(place, width, SCHEMES[(number + turn) % 2], LANGUAGES[(number + turn) % 3])


def take(
    browser: Browser, demo: Demo, cookie: str, values: dict[str, str], folder: Path, *, png: bool = False,
    chosen: Callable[[Shot], bool] = lambda shot: True,
) -> list[Shot]:  # fmt: skip
    """Write the pictures into a folder; returns them in order."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = [shot for shot in shots() if chosen(shot)]
    for shot in taken:
        page = _page(browser, demo, cookie, shot)
        page.goto(demo.inbox + shot.place.path.format_map(values), wait_until="load")
        page.wait_for_timeout(700)
        for key in shot.place.keys:
            page.keyboard.press(key)
            page.wait_for_timeout(400)
        path = folder / (shot.file.replace(".jpg", ".png") if png else shot.file)
        page.screenshot(path=path, **({} if png else {"type": "jpeg", "quality": QUALITY}))  # type: ignore[arg-type]  # both kinds
        page.context.close()
    return taken


def _page(browser: Browser, demo: Demo, cookie: str, shot: Shot) -> Page:
    context = browser.new_context(
        viewport={"width": shot.width, "height": 844 if shot.width < 800 else 900}, locale=LOCALES[shot.language],
        color_scheme=shot.scheme, timezone_id="Europe/Berlin", reduced_motion="reduce",
    )  # type: ignore[arg-type]  # light or dark  # fmt: skip
    if shot.place.signed:
        context.add_cookies([{"name": "widerhall", "value": cookie, "url": demo.inbox}])
    return context.new_page()


def readme(taken: list[Shot], figures: str) -> str:
    """The page that shows them, with one sentence each."""
    lines = [
        "# A tour in pictures", "",
        "Made by `python -m tests.tour` from a running demo: the daily job by mouse and by keyboard, then every page,",
        "each in three languages, at three widths, light and dark.", "", figures, "",
    ]  # fmt: skip
    for place in PLACES:
        mine = [shot for shot in taken if shot.place is place]
        lines += [f"## {place.name.replace('-', ' ').capitalize()}", "", place.sentence, ""]
        for shot in mine:
            words = f"{place.name}, {shot.width} px, {shot.scheme}, {shot.language}"
            lines.append(f"![{words}]({shot.file})")
        lines.append("")
    return "\n".join(lines)
