"""The sets of written cases beside these tests: tab-separated lines, what starts with # is a remark."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
LANGUAGES = ("de", "en", "ja")


def rows(folder: str, language: str) -> list[list[str]]:
    """The columns of each case of one language."""
    lines = (HERE / folder / f"{language}.tsv").read_text("utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]
