"""Walking newest-first lists: the cursor never passes what is not saved."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.platforms.bluesky import _again
from connectors.platforms.bluesky.newest import Cursor, Listing
from core.errors import Rejected

START = datetime(2026, 3, 1, tzinfo=UTC)
LONG_AGO = START - timedelta(days=365)


class Server:
    """Items newest first; the cursor is an offset from the top, so new items shift it."""

    def __init__(self, count, page=10):
        self.items, self.page, self.strict, self.requests = [], page, False, 0
        self.add(count)

    def add(self, count, minutes=1):
        for _ in range(count):
            number = len(self.items) + 1
            moment = START + timedelta(minutes=number * minutes)
            self.items.append({"uri": f"at://x/{number}", "indexedAt": moment.isoformat()})

    def fetch(self, place):
        self.requests += 1
        if place and self.strict:
            raise Rejected("bad cursor", "InvalidCursor")
        skip = int(place or 0)
        rows = sorted(self.items, key=lambda item: item["indexedAt"], reverse=True)[skip : skip + self.page]
        return rows, str(skip + self.page) if skip + self.page < len(self.items) else None


def walk(server, cursor=None, since=LONG_AGO, stop=None):
    seen = []
    for number, step in enumerate(Listing(server.fetch).steps(cursor, since), 1):
        seen += [item["uri"] for item in step.items]
        cursor = step.cursor.text()
        if number == stop:
            break
    return seen, cursor


@pytest.mark.parametrize("count", [0, 1, 10, 11, 95])
def test_the_first_walk_brings_everything_once(count):
    server = Server(count)
    assert sorted(walk(server)[0]) == sorted(item["uri"] for item in server.items)


@pytest.mark.parametrize("new", [0, 1, 25])
def test_the_next_walk_brings_only_what_is_new(new):
    server = Server(60)
    _, cursor = walk(server)
    server.add(new)
    seen, cursor = walk(server, cursor)
    assert sorted(seen) == sorted(item["uri"] for item in server.items[60:])
    assert walk(server, cursor)[0] == []


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_walk_that_was_cut_off_loses_nothing(stop):
    server = Server(20)
    _, cursor = walk(server)
    server.add(50)
    first, cursor = walk(server, cursor, stop=stop)
    server.add(15)
    second, cursor = walk(server, cursor)
    assert set(first + second) == {item["uri"] for item in server.items[20:]}


def test_a_place_that_is_no_longer_good_is_walked_again_from_the_top():
    server = Server(60)
    first, cursor = walk(server, stop=2)
    server.strict = True
    server.page = 100
    second, _ = walk(server, cursor)
    assert set(first + second) == {item["uri"] for item in server.items}


def test_items_of_one_moment_on_both_sides_of_the_edge_are_found():
    server = Server(30)
    _, cursor = walk(server)
    late = {"uri": "at://x/tie", "indexedAt": server.items[-1]["indexedAt"]}
    server.items.append(late)
    assert walk(server, cursor)[0] == ["at://x/tie"]


def test_a_date_in_the_future_does_not_blind_the_next_walk():
    server = Server(5)
    server.items.append({"uri": "at://x/future", "indexedAt": "2999-01-01T00:00:00Z"})
    _, cursor = walk(server)
    assert Cursor.read(cursor).head < "2999"


def test_unreadable_items_come_once_and_do_not_stop_the_walk():
    server = Server(25)

    def fetch(place):
        items, following = server.fetch(place)
        return ([{"odd": 1}, None, *items] if not place else items), following

    steps = list(Listing(fetch).steps(None, LONG_AGO))
    assert sum(len(step.items) for step in steps) == 27
    assert list(Listing(fetch).steps(steps[-1].cursor.text(), LONG_AGO)) == []


def test_a_repeated_cursor_ends_the_walk():
    items = [{"uri": "at://x/1", "indexedAt": START.isoformat()}]
    assert len(list(Listing(lambda place: (items, "same")).steps(None, LONG_AGO))) == 2


def test_a_date_as_cursor_asks_for_that_moment_again():
    assert _again("2026-03-01T00:00:00.000Z", None) == "2026-03-01T00:00:00.001Z"
    assert _again("2026-03-01T00:00:00.000Z", "2026-03-01T00:00:00.001Z") == "2026-03-01T00:00:00.000Z"
    assert _again("25", None) == "25"
    assert _again(None, "25") is None
