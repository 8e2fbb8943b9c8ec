"""Write keys on the command line: made, listed without the key, revoked."""

from __future__ import annotations

import pytest

from tests.living import done, widerhall

pytestmark = pytest.mark.xdist_group("living")


def test_keys_are_made_listed_and_revoked(hub: None) -> None:
    made = done("write-keys", "add", "Web shop")
    assert made["key"].startswith("wk_")
    (row,) = done("write-keys", "list")
    assert (row["name"], row["hint"], row["revoked_at"]) == ("Web shop", made["key"][-4:], None)
    assert made["key"] not in str(row)
    done("write-keys", "revoke", "1")
    assert done("write-keys", "list")[0]["revoked_at"] is not None


def test_unknown_key_is_a_sentence(hub: None) -> None:
    said = widerhall("write-keys", "revoke", "9")
    assert (said.code, "There is no such key" in said.err) == (1, True)
