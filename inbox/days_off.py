"""Public holidays of a country as a suggestion for a team's days off, out of the package `holidays`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from core.errors import Rejected

NO_REGION = "This country has no such region. There are: %(regions)s."


@lru_cache(maxsize=1)
def countries() -> dict[str, tuple[str, ...]]:
    """Countries (ISO 3166) with the codes of their regions, where days off differ by them."""
    import holidays  # half a second, and asked for on one page

    found = holidays.list_supported_countries(include_aliases=False)
    return {code: tuple(regions) for code, regions in found.items() if len(code) == 2}


def suggested(country: str, region: str, years: Sequence[int], language: str) -> list[dict[str, str]]:
    """The public holidays of these years as Team keeps days off; named in `language` where the package can."""
    import holidays

    if country not in countries():
        return []
    if region and region not in countries()[country]:
        raise Rejected(NO_REGION % {"regions": ", ".join(countries()[country]) or "–"})
    spoken = holidays.list_localized_countries(include_aliases=False).get(country, [])
    named = next((one for one in spoken if one.partition("_")[0] == language), None)
    made = holidays.country_holidays(country, subdiv=region or None, years=list(years), language=named)
    return [{"day": day.isoformat(), "name": name} for day, name in sorted(made.items())]
