"""Being a customer: the page on which a person of the world writes to a brand, and what the page does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox import thread_view
from sandbox.brands import brands, shown_handle
from sandbox.people import PLATFORMS, people
from sandbox.steps import Refusal
from sandbox.web import parameters, truth

if TYPE_CHECKING:
    from sandbox.box import Sandbox
    from sandbox.world import World

Doc = dict[str, Any]
PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(),
    trim_blocks=True,
    lstrip_blocks=True,
)
SHORT = (
    "Kurze Frage: Wann ist der Service morgen erreichbar? (Nr. {n})",
    "Is there an update on ticket {n}? Thanks!",
    "注文番号{n}の件、その後いかがでしょうか。",
    "Danke, Vorgang {n} hat sich erledigt.",
    "Still waiting on order {n}, this is getting old.",
    "{n}番の修理、とても早くて助かりました！",
)


def brand_of(account: str, platform: str | None = None) -> Doc:
    """A brand by its key or by our handle in any writing; raises Refusal when there is none."""
    wanted = account.lstrip("@").split("@")[0].lower()
    for brand in brands().values():
        names = (brand["key"], brand["handle"].lower(), brand["handle"].split(".")[0].lower())
        if wanted in names and platform in (None, "", brand["platform"]):
            return brand
    raise Refusal(f"No brand called {account!r} has an account on {platform or 'any platform'}.")


def write(box: Sandbox, doc: Doc) -> str:
    """Post as a customer; returns the event key. Raises Refusal with a sentence for people."""
    text = str(doc.get("text") or "").strip()
    if not text:
        raise Refusal("Write something first: the text is empty.")
    platform = str(doc.get("platform") or "")
    brand = brand_of(str(doc.get("account") or ""), platform)
    who = box.world.accounts.get((brand["platform"], str(doc.get("person") or "")))
    if who is None:
        raise Refusal(f"This person has no account on {brand['platform']}: choose another one.")
    private = truth(doc.get("private")) or brand["platform"] == "telegram"
    reply = str(doc.get("reply_to") or "") or None
    language = people()[who["person"]]["lang"]
    return box.world.steps.say(
        brand["platform"],
        who,
        brand["key"],
        text,
        private=private,
        reply_to=reply,
        language=language,
        quoting=bool(reply),
    )


def bulk(world: World, platform: str, count: int) -> int:
    """Extra short messages by people of the platform, in turn."""
    writers = [account for (where, _), account in world.accounts.items() if where == platform]
    targets = [brand["key"] for brand in brands().values() if brand["platform"] == platform]
    if not writers:
        raise Refusal(f"There is no platform called {platform!r}.")
    for number in range(count):
        who = writers[number % len(writers)]
        text = SHORT[number % len(SHORT)].format(n=1000 + number)
        language = ("de", "en", "ja", "de", "en", "ja")[number % len(SHORT)]
        world.steps.say(
            platform,
            who,
            targets[number % len(targets)],
            text,
            private=platform == "telegram",
            language=language,
        )
    return count


async def page(request: Request) -> Response:
    """The start page: choose who you are, then write."""
    box: Sandbox = request.app.state.box
    query = request.query_params
    search = query.get("q", "").strip().lower()
    shown = [
        person
        for person in people().values()
        if not search or search in f"{person['name']} {person['key']} {person['place']} {person['lang']}".lower()
    ]
    me = people().get(query.get("person", ""))
    places = []
    if me:
        places = [{**brand, "shown": shown_handle(brand)} for brand in brands().values() if brand["platform"] in me]
    chosen = next((place for place in places if place["key"] == query.get("brand")), places[0] if places else None)
    threads = thread_view.threads(box.world, me["key"], chosen) if me and chosen else []
    body = PAGES.get_template("customer.html").render(
        people=shown,
        search=query.get("q", ""),
        me=me,
        places=places,
        chosen=chosen,
        threads=threads,
        platforms=PLATFORMS,
        reply_to=query.get("reply_to", ""),
        editing=query.get("editing", ""),
        problem=query.get("problem", ""),
        salesforce=box.urls["salesforce"],
    )
    return HTMLResponse(body)


async def act(request: Request) -> Response:
    """The page's one form: write, edit or delete, then back to the page."""
    box: Sandbox = request.app.state.box
    doc = await parameters(request)
    back = {"person": str(doc.get("person") or ""), "brand": str(doc.get("brand") or "")}
    try:
        if doc.get("action") == "delete":
            box.world.steps.delete(str(doc["key"]))
        elif doc.get("action") == "edit":
            box.world.steps.edit(str(doc["key"]), str(doc.get("text") or ""))
        else:
            write(box, {**doc, "account": doc.get("brand")})
    except (Refusal, KeyError) as problem:
        back["problem"] = str(problem)
    return RedirectResponse(f"/?{urlencode(back)}", 303)


ROUTES = [Route("/", page), Route("/customer", act, methods=["POST"])]
