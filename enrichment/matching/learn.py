"""What EM without labels says about our own weights, kept within bounds. Pure but for Splink in `learned`.

Taken over is what means the same in both: how many accounts have their person in the CRM at all, how often a true
pair agrees in its name to the letter, and how much another town speaks against one. The rest of
`enrichment/weights.toml` rests on rarities that are counted in the CRM at hand anyway.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.errors import Rejected
from enrichment.matching import em
from enrichment.matching.people import Account, Person
from enrichment.matching.weights import Weights, shipped

LEAST = 200
"""People and accounts below which nothing can be learned."""
LEAST_PAIRS = 30
"""Likely pairs below which EM would learn from strangers."""
WITHIN = 3.0
"""No weight becomes more than so many times what is shipped, nor less than that part of it."""
WORDS = {
    "in_crm": "share of accounts whose person is in the CRM",
    "full": "true pairs whose names agree to the letter",
    "other_town": "how much another town speaks against a pair (less is more)",
}


@dataclass(frozen=True, slots=True)
class Learned:
    """New values by the names of WORDS; `people`, `accounts` and likely `pairs` they were learned from."""

    values: Mapping[str, float]
    people: int
    accounts: int
    pairs: int


def learned(people: Sequence[Person], accounts: Sequence[Account], engine: str = "duckdb") -> Learned:
    """Learn from the people of a CRM and accounts; Rejected when there are too few of them."""
    if min(len(people), len(accounts)) < LEAST:
        raise Rejected(
            f"There are {len(people)} contacts and {len(accounts)} accounts. "
            f"Learning without labels needs {LEAST} of each."
        )
    known = em.rows_of_people(people)
    trained = em.train(em.engine(engine), known, em.rows_of_accounts(accounts, known))
    likely: dict[str, float] = defaultdict(float)
    for account, _, share in trained.pairs():
        likely[account] += share
    pairs = sum(min(1.0, share) for share in likely.values())
    if pairs < LEAST_PAIRS:
        raise Rejected(
            f"Only {pairs:.0f} accounts look like somebody in the CRM. Learning needs {LEAST_PAIRS}: import more."
        )
    columns = {name: trained.shares(name) for name in ("given", "surname", "town")}
    return Learned(values(pairs / len(accounts), columns), len(people), len(accounts), round(pairs))


def values(in_crm: float, columns: Mapping[str, Mapping[str, tuple[float, float]]]) -> dict[str, float]:
    """Our weights out of what EM found; what it could not tell is left out."""
    now, found = current(shipped()), {"in_crm": in_crm}
    given, surname = ({level: m for level, (m, _) in columns[name].items()} for name in ("given", "surname"))
    if "exact" in given and "exact" in surname:
        found["full"] = given["exact"] * surname["exact"]
    if "else" in columns["town"]:
        m, u = columns["town"]["else"]
        found["other_town"] = m / u
    bounded = {name: min(max(value, now[name] / WITHIN), now[name] * WITHIN) for name, value in found.items()}
    return {name: round(min(value, 0.95), 4) for name, value in bounded.items()}


def current(weights: Weights) -> dict[str, float]:
    """The same weights as they are."""
    return {
        "in_crm": weights.in_crm,
        "full": weights.names["full"].keep,
        "other_town": weights.shared["other_town"].times,
    }


def applied(weights: Weights, values: Mapping[str, Any]) -> Weights:
    """Weights with learned values in their place; names that are none of WORDS are refused."""
    if unknown := set(values) - set(WORDS):
        raise Rejected(f"No weight is called {', '.join(sorted(unknown))}. There are: {', '.join(WORDS)}.")
    names, shared = dict(weights.names), dict(weights.shared)
    if "full" in values:
        names["full"] = replace(names["full"], keep=float(values["full"]))
    if "other_town" in values:
        shared["other_town"] = replace(shared["other_town"], times=float(values["other_town"]))
    return replace(weights, in_crm=float(values.get("in_crm", weights.in_crm)), names=names, shared=shared)


def toml(found: Learned) -> str:
    """What was learned as a readable file."""
    lines = [f"# Learned without labels from {found.people} contacts and {found.accounts} accounts,"]
    lines += [f"# {found.pairs} of which look like somebody in the CRM (widerhall people train)."]
    lines += ["# Remove this file to go back to the weights as they come.", "[learned]"]
    lines += [f"{name} = {value}  # {WORDS[name]}" for name, value in found.values.items()]
    return "\n".join(lines) + "\n"


def read(text: str) -> dict[str, float]:
    """The values of such a file; Rejected when it is none."""
    try:
        found = tomllib.loads(text)["learned"]
        return {str(name): float(value) for name, value in found.items()}
    except (tomllib.TOMLDecodeError, KeyError, AttributeError, TypeError, ValueError) as error:
        raise Rejected("This is no file of learned weights. `widerhall people train --out FILE` writes one.") from error
