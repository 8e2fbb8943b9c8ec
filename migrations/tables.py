"""Every table there is: importing this module registers them all with SQLModel's metadata."""

from sqlmodel import SQLModel

import core.audit
import core.outbox
import enrichment.behaviour.models
import enrichment.making.models
import enrichment.models
import enrichment.segments.models
import inbox.album_models
import inbox.cuts.models
import inbox.fields.models
import inbox.file_models
import inbox.forward_models
import inbox.knowledge
import inbox.many.models
import inbox.membership
import inbox.models
import inbox.notice_models
import inbox.parts.models
import inbox.rule_models
import inbox.sla_models
import inbox.surveys.models
import inbox.team_models
import inbox.translation_models
import inbox.views
import inbox.worker_models
import listening.models
import sentiment.brands.models
import sentiment.examples.models
import sentiment.models
import sentiment.themes.models
import sentiment.upkeep
import web.models
import web.notices.models
import web.outgoing.models
import web.signin.models

metadata = SQLModel.metadata
