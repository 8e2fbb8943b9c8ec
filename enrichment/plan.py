"""What is to be done about each record, decided from the tables as they are now and what was sent last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session

from core.errors import TryLater
from core.settings import settings
from enrichment import views
from enrichment.cases import payload
from enrichment.cases.payload import build_case
from enrichment.connection import standing
from enrichment.models import SyncState
from enrichment.profile import (
    Fields,
    Policy,
    build_interaction,
    build_profile,
    changed_fields,
    payload_hash,
)

Action = Literal["upsert", "remove", "unchanged", "ignore", "blocked"]


@dataclass(frozen=True, slots=True)
class Step:
    """One record's next step."""

    state: SyncState
    action: Action
    fields: Fields
    """The whole payload; empty when nothing may stand in the CRM."""
    changed: Fields
    """What is sent: the key and what is new."""
    profile: str = ""
    """Hub id of the profile an interaction hangs from."""

    @property
    def hub_id(self) -> str:
        return self.state.hub_id


def plan(session: Session, states: Sequence[SyncState]) -> list[Step]:
    """A step for each state, in their order. TryLater when the sync was switched off meanwhile."""
    owners = {one.identity_id for one in states if one.identity_id is not None and one.kind != "interaction"}
    others = {one.identity_id for one in states if one.identity_id is not None} - owners
    people = views.profiles(session, owners)
    known = set(people) | views.may_stand(session, others)
    messages = {one.message_id for one in states if one.message_id is not None and one.kind == "interaction"}
    found = views.interactions(session, messages)
    cases = payload.views(session, [one.hub_id for one in states if one.kind == "case"])
    if not standing(session).switched_on:  # asked after the people: nothing is removed because of a switch
        raise TryLater("The sync to the CRM is switched off.", 30)
    policy = Policy(settings().public_excerpt, settings().private_text_to_crm)
    steps = []
    for state in states:
        identity = state.identity_id or 0
        fields: Fields = {}
        profile = ""
        if state.kind == "profile" and identity in people:
            fields = build_profile(people[identity])
        elif state.kind == "case" and state.hub_id in cases and identity in people:
            words = settings()
            fields = build_case(
                cases[state.hub_id], people[identity], policy, closed=words.crm_case_closed,
                reopened=words.crm_case_reopened,
            )  # fmt: skip
        elif state.kind == "interaction" and state.message_id in found and identity in known:
            view = found[state.message_id]
            profile = view.profile
            fields = build_interaction(view, policy)
        steps.append(_step(state, fields, profile))
    return steps


def _step(state: SyncState, fields: Fields, profile: str) -> Step:
    there = bool(state.record_id or state.sent or state.unsure) and state.kind != "case"  # people work on those
    if not fields:
        return Step(state, "remove" if there else "ignore", {}, {})
    if state.state == "quarantined" and state.refused_hash == payload_hash(fields):
        return Step(state, "blocked", fields, {}, profile)
    changed = changed_fields(fields, {} if state.unsure else state.sent)
    return Step(state, "upsert" if changed else "unchanged", fields, changed, profile)
