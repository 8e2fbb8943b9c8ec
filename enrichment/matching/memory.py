"""A candidate index in memory: sorted hashes of keys beside the numbers of the people who carry them.

Twelve bytes per key, no database. A key that more than BLOCK people carry finds nobody by itself; keys that
join two values (name and town, name and company) then do, so a look-up costs the same however large the CRM is.
"""

from __future__ import annotations

import json
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable
from functools import lru_cache
from math import log2

import numpy as np

from enrichment.matching import agreement, keys, score
from enrichment.matching.people import Account, Contact, Person, again, name_of, person
from enrichment.matching.weights import Weights

BLOCK = 50
MOST = 20
"""Candidates that are compared in full."""
_LOOKED_AT = 400
_KEPT = 20_000
_OWN = 40.0


class Index:
    """People of a CRM, found by keys. Fill with `add`, then `build`; after that nothing is added."""

    def __init__(self) -> None:
        self._hashes, self._owners = array("q"), array("i")
        self._text, self._ends = bytearray(), array("q", [0])
        self._keys = self._starts = np.empty(0, np.int64)
        self._ids = np.empty(0, np.int32)
        self._counts: dict[str, int] = {}
        self.person = lru_cache(maxsize=_KEPT)(self._person)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def add(self, contact: Contact) -> None:
        """Take a contact in."""
        number, one = len(self), person(contact)
        self._text += _packed(contact, one)
        self._ends.append(len(self._text))
        found = keys.of_person(one)
        self._hashes.extend(map(hash, found))
        self._owners.extend([number] * len(found))

    def build(self) -> None:
        """Sort what was added."""
        hashes, owners = np.frombuffer(self._hashes, np.int64), np.frombuffer(self._owners, np.int32)
        order = np.argsort(hashes, kind="stable")
        ordered = hashes[order]
        self._ids = owners[order]
        first = np.ones(len(ordered), bool)
        first[1:] = ordered[1:] != ordered[:-1]
        self._keys = ordered[first]
        self._starts = np.append(np.flatnonzero(first), len(ordered))
        self._hashes, self._owners = array("q"), array("i")

    @property
    def crm(self) -> agreement.Crm:
        """Its size and counts, for the scorer."""
        return agreement.Crm(len(self), self.count)

    def count(self, key: str) -> int:
        """How many people carry a key."""
        found = self._counts.get(key)
        if found is None:
            if len(self._counts) > _KEPT * 20:
                self._counts.clear()
            found = self._counts[key] = self._size(hash(key))
        return found

    def _size(self, hashed: int) -> int:
        at = bisect_left(self._keys, hashed)
        if at == len(self._keys) or self._keys[at] != hashed:
            return 0
        return int(self._starts[at + 1] - self._starts[at])

    def _sizes(self, wanted: Collection[str]) -> list[tuple[str, int, int]]:
        """(key, start, size) of each."""
        if not len(self._keys) or not wanted:
            return [(key, 0, 0) for key in wanted]
        hashes = np.fromiter(map(hash, wanted), np.int64, len(wanted))
        at = np.searchsorted(self._keys, hashes)
        at[at == len(self._keys)] = 0
        there = self._keys[at] == hashes
        starts = self._starts[at]
        sizes = np.where(there, self._starts[at + 1] - starts, 0)
        return list(zip(wanted, starts.tolist(), sizes.tolist(), strict=True))

    def candidates(self, account: Account, most: int = MOST) -> list[int]:
        """Numbers of the people an account may be, the likeliest first: rarest keys first, common ones not at all."""
        early = [one for one in self._sizes(keys.first(account)) if one[2]]
        late = self._sizes(keys.second(account, [key for key, _, _ in early]))
        blocks = [one for one in (*early, *late) if 0 < one[2] <= BLOCK]
        blocks.sort(key=lambda one: one[2])
        self._counts.update((key, size) for key, _, size in (*early, *late))
        found: dict[int, dict[str, float]] = {}
        for key, start, size in blocks:
            if len(found) > _LOOKED_AT:
                break
            kind = key.partition(":")[0]
            rare = _OWN if kind in keys.OWN and size < agreement.GENERIC_FROM else log2(1 + len(self) / size)
            for number in self._ids[start : start + size].tolist():
                kinds = found.setdefault(number, {})
                kinds[kind] = max(kinds.get(kind, 0.0), rare)
        ranked = sorted(found, key=lambda number: (-_promise(found[number]), number))
        return ranked[:most]

    def _person(self, number: int) -> Person:
        return _unpacked(self._text[self._ends[number] : self._ends[number + 1]])

    def match(self, account: Account, weights: Weights | None = None) -> score.Verdict:
        """The decision about an account."""
        people = [self.person(number) for number in self.candidates(account)]
        return score.of(account, people, self.crm, weights)


def _promise(kinds: dict[str, float]) -> float:
    """How much a candidate's keys promise: its rarest in full, each further kind by a part."""
    values = sorted(kinds.values(), reverse=True)
    return values[0] + 0.3 * sum(values[1:])


def _packed(contact: Contact, one: Person) -> bytes:
    """What a person is made of again without looking at each value anew."""
    names = contact.id, contact.first_name, contact.last_name, contact.name
    values = one.emails, one.phones, one.sites, one.handles, one.company
    parts = [*names, *values, one.domain, one.town, one.country]
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _unpacked(row: bytes | bytearray) -> Person:
    id_, first, last, whole, *values, domain, town, country = json.loads(row.decode("utf-8", "surrogatepass"))
    emails, phones, sites, handles, company = map(tuple, values)
    name = name_of(first, last, whole)
    return again(id_, name, emails, phones, sites, handles, company, domain, town, country)


def filled(contacts: Iterable[Contact]) -> Index:
    """An index of these contacts, built."""
    index = Index()
    for one in contacts:
        index.add(one)
    index.build()
    return index
