"""Record ids: 15 characters that mind case, and the 18-character form that does not."""

from __future__ import annotations

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
POD = "5g00000"
"""Instance and reserved characters between the object's prefix and the running number."""


def suffix(fifteen: str) -> str:
    """Three characters, each telling which of five are upper case."""
    bits = (sum(("A" <= c <= "Z") << i for i, c in enumerate(fifteen[n : n + 5])) for n in (0, 5, 10))
    return "".join(CHECK[b] for b in bits)


def make(prefix: str, number: int) -> str:
    """The 18-character id of the `number`-th record of an object."""
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = BASE62[rest] + digits
    fifteen = f"{prefix}{POD}{digits.rjust(5, '0')}"
    return fifteen + suffix(fifteen)


def full(value: object) -> str | None:
    """The canonical 18 characters of an id in either form, None when it is not one."""
    if not isinstance(value, str) or not value.isascii() or not value.isalnum():
        return None
    if len(value) == 15:
        return value + suffix(value)
    if len(value) != 18:
        return None
    check = value[15:].upper()
    if any(c not in CHECK for c in check):
        return None
    chars = [c.upper() if CHECK.index(check[i // 5]) >> (i % 5) & 1 else c.lower() for i, c in enumerate(value[:15])]
    return "".join(chars) + check
