"""Cells of CSV files that people open in spreadsheets."""

from __future__ import annotations


def harmless(cell: str) -> str:
    """Text from outside must not become a formula in somebody's spreadsheet."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
