"""Composite graphs: trees of calls in one, each all or nothing.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_graph.htm
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.salesforce.batches import series, shown
from sandbox.salesforce.calls import Answer, Call
from sandbox.salesforce.errors import ApiError

MOST_NODES, MOST_GRAPHS, MOST_DEPTH = 500, 75, 15
_REFERENCE = re.compile(r"@\{(\w+)")


def graphs(call: Call) -> Answer:
    """Each graph of the body is done on its own: one that fails takes nothing of the others along."""
    wanted = call.mapping().get("graphs")
    if not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
        raise ApiError(400, "JSON_PARSER_ERROR", "graphs: a list of graphs is required")
    _measured(wanted)
    found = []
    for one in wanted:
        done, well = series(call, one["compositeRequest"], strict=True)
        response = {"compositeResponse": shown(done)}
        found.append({"graphId": one["graphId"], "graphResponse": response, "isSuccessful": well})
    return Answer({"graphs": found})


def _measured(wanted: Sequence[Mapping[str, Any]]) -> None:
    """Refuse more than the platform takes: graphs, nodes of all of them, and calls in a row that need each other."""
    for one in wanted:
        if not isinstance(one.get("compositeRequest"), list) or not one["compositeRequest"] or "graphId" not in one:
            raise ApiError(400, "INVALID_INPUT", "each graph needs a graphId and a compositeRequest")
    nodes = sum(len(one["compositeRequest"]) for one in wanted)
    for number, most, what in ((len(wanted), MOST_GRAPHS, "graphs"), (nodes, MOST_NODES, "nodes")):
        if number > most:
            raise ApiError(400, "LIMIT_EXCEEDED", f"The number of {what} must not exceed {most}")
    for one in wanted:
        if _depth(one["compositeRequest"]) > MOST_DEPTH:
            raise ApiError(400, "LIMIT_EXCEEDED", f"The depth of graph {one['graphId']} must not exceed {MOST_DEPTH}")


def _depth(requests: Sequence[Mapping[str, Any]]) -> int:
    depths: dict[str, int] = {}
    for one in requests:
        named = set(_REFERENCE.findall(json.dumps([one.get("url"), one.get("body")])))
        depths[str(one.get("referenceId"))] = 1 + max((depths.get(name, 0) for name in named), default=0)
    return max(depths.values())
