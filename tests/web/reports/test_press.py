"""Claims about setting documents in a process of its own."""

from __future__ import annotations

import sys

import pytest

from web import press


def test_what_typst_refuses_is_said_in_its_words(tmp_path) -> None:
    (tmp_path / "wrong.typ").write_text("#let x =")
    with pytest.raises(RuntimeError, match="expected expression"):
        press.compiled(input=str(tmp_path / "wrong.typ"), format="pdf")


def test_every_page_is_a_file_and_typst_stays_outside(tmp_path) -> None:
    (tmp_path / "two.typ").write_text("one #pagebreak() two")
    pages = press.compiled(input=str(tmp_path / "two.typ"), format="png", ppi=36)
    assert [one[:4] for one in pages] == [b"\x89PNG", b"\x89PNG"]
    assert "typst" not in sys.modules
