"""The package for an org's administrator, without the objects that the org does not have."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from core import log
from core.errors import Rejected, WiderhallError
from core.settings import settings
from enrichment import connection
from enrichment.salesforce import metadata

logger = log.get("crm")
MARKETING = ("Campaign", "CampaignMember")
"""An org has both or neither."""


def packed(without: Iterable[str] = ()) -> tuple[bytes, list[str]]:
    """The package, and what it leaves out: objects that are named, that the setting names, or that the org lacks.

    Rejected for an object that no org can lack. An org that is away or does not tell counts as whole.
    """
    lacking = named((*without, *settings().crm_without.split(","))) | _lacking()
    return metadata.package(lacking=lacking), sorted(lacking)


def named(objects: Iterable[str]) -> set[str]:
    """Objects by what people call them, in any case."""
    known = {one.lower(): one for one in metadata.OPTIONAL}
    wanted = [one.strip() for one in objects if one.strip()]
    strange = [one for one in wanted if one.lower() not in known]
    if strange:
        may = ", ".join(metadata.OPTIONAL)
        raise Rejected(f"{strange[0]} cannot be left out. An org may be without: {may}.")
    return _whole({known[one.lower()] for one in wanted})


def _whole(lacking: Collection[str]) -> set[str]:
    return {*lacking, *(MARKETING if set(MARKETING) & set(lacking) else ())}


def _lacking() -> set[str]:
    """What the connected org says it does not have; asked with the rights of its user, who may not be allowed to."""
    from enrichment.salesforce import deploy  # with the client 10 MB: only a process that calls an org has it

    try:
        with_org = connection.client()
    except WiderhallError:
        return set()
    try:
        return _whole(deploy.lacking(with_org))
    except WiderhallError as error:
        logger.warning("the org does not tell which objects it has", error=type(error).__name__)
        return set()
    finally:
        with_org.close()
