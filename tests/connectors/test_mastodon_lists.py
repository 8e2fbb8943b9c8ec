"""Walking Mastodon's lists: no gap, no repeat, whatever the server's paging does."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connectors.client import Client
from connectors.platforms.mastodon.lists import OVERLAP, Cursor, Listing

BASE = "https://social.example"
START = datetime(2026, 3, 1, tzinfo=UTC)
LONG_AGO = START - timedelta(days=365)


class Server:
    """A list of numbered items behind Mastodon's paging, with quirks to choose."""

    def __init__(self, count, page=10, hide=(), links=True, host=BASE):
        self.items = {number: self.item(number) for number in range(1, count + 1)}
        self.page, self.hide, self.links, self.host = page, set(hide), links, host
        self.requests = 0

    @staticmethod
    def item(number):
        return {"id": str(number), "created_at": (START + timedelta(minutes=number)).isoformat()}

    def answer(self, request):
        self.requests += 1
        query = request.url.params
        ids = sorted(self.items)
        if "min_id" in query:
            ids = [number for number in ids if number > int(query["min_id"])][: self.page]
        elif "max_id" in query:
            ids = [number for number in ids if number < int(query["max_id"])][-self.page :]
        else:
            ids = ids[-self.page :]
        shown = [self.items[number] for number in reversed(ids) if number not in self.hide]
        headers = {}
        if ids and self.links:
            headers["Link"] = (
                f'<{self.host}/list?max_id={ids[0]}>; rel="next", <{self.host}/list?min_id={ids[-1]}>; rel="prev"'
            )
        return httpx.Response(200, json=shown, headers=headers)


@pytest.fixture
def walk(httpx_mock):
    def start(server, cursor=None, since=LONG_AGO, stop=None):
        httpx_mock.reset()
        httpx_mock.add_callback(server.answer, is_reusable=True, is_optional=True)
        listing = Listing(Client(BASE), "/list", limit=server.page)
        seen = []
        for number, step in enumerate(listing.steps(cursor, since), 1):
            seen += [int(item["id"]) for item in step.items]
            cursor = step.cursor.text()
            if number == stop:
                break
        return seen, cursor

    return start


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 95])
def test_the_first_walk_brings_everything_once(walk, count, links):
    seen, _ = walk(Server(count, links=links))
    assert sorted(seen) == list(range(1, count + 1))


@pytest.mark.parametrize("links", [True, False])
def test_the_next_walk_brings_only_what_is_new(walk, links):
    server = Server(30, links=links)
    _, cursor = walk(server)
    server.items |= {number: server.item(number) for number in range(31, 80)}
    seen, cursor = walk(server, cursor)
    assert seen == list(range(31, 80))
    assert walk(server, cursor)[0] == []


@pytest.mark.parametrize("stop", [1, 2, 4])
def test_a_walk_that_was_cut_off_goes_on_where_it_was(walk, stop):
    server = Server(60)
    first, cursor = walk(server, stop=stop)
    server.items |= {number: server.item(number) for number in range(61, 75)}
    second, cursor = walk(server, cursor)
    assert sorted(first + second) == list(range(1, 75))
    assert walk(server, cursor)[0] == []


def test_an_item_that_appears_below_the_newest_is_still_found(walk):
    server = Server(30)
    del server.items[25]
    _, cursor = walk(server)
    server.items[25] = server.item(25)
    assert walk(server, cursor)[0] == [25]


def test_short_and_empty_pages_in_between_are_no_end(walk):
    server = Server(10)
    _, cursor = walk(server)
    server.items |= {number: server.item(number) for number in range(11, 60)}
    server.hide = set(range(11, 31))
    assert walk(server, cursor)[0] == list(range(31, 60))


def test_history_ends_at_the_wanted_day(walk):
    seen, _ = walk(Server(100), since=START + timedelta(minutes=75))
    assert min(seen) <= 75 < 100
    assert min(seen) > 50


def test_one_odd_date_does_not_end_the_history(walk):
    server = Server(60)
    server.items[51]["created_at"] = "1999-01-01T00:00:00Z"
    assert len(walk(server)[0]) == 60


def test_links_to_another_host_only_lend_their_number(walk):
    server = Server(35, host="https://evil.example")
    assert len(walk(server)[0]) == 35


def test_a_server_that_repeats_its_page_for_ever_is_left(httpx_mock):
    link = f'<{BASE}/list?max_id=5>; rel="next", <{BASE}/list?min_id=9>; rel="prev"'
    httpx_mock.add_response(json=[Server.item(9)], headers={"Link": link}, is_reusable=True)
    listing = Listing(Client(BASE), "/list")
    steps = list(listing.steps(None, LONG_AGO))
    assert len(steps) == 2
    assert list(listing.steps(steps[-1].cursor.text(), LONG_AGO)) == []


def test_items_without_an_id_come_once(httpx_mock):
    httpx_mock.add_response(json=[Server.item(9), {"odd": True}, "text", None], is_reusable=True)
    listing = Listing(Client(BASE), "/list")
    first = list(listing.steps(None, LONG_AGO))
    assert len(first[0].items) == 4
    assert list(listing.steps(first[-1].cursor.text(), LONG_AGO)) == []


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", '{"tail": 5}', '"x"', "null"])
def test_a_cursor_that_cannot_be_read_starts_over(text):
    assert Cursor.read(text) == Cursor()


def test_the_tail_stays_short():
    cursor = Cursor()
    for start in range(0, 500, 40):
        cursor = cursor.after([str(number) for number in range(start + 40, start, -1)])
    assert len(cursor.tail) == OVERLAP
    assert cursor.tail[-1] == "520"
