"""Every setting in one class, read from the environment with the prefix `WIDERHALL_`."""

from __future__ import annotations

import hashlib
import tempfile
from functools import cached_property, lru_cache
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import NotConfigured

LARGEST_ATTACHMENT_MB = 100
"""Of one file, whatever an operator allows, by pages and by programs alike."""


class Settings(BaseSettings):
    """One line of help per field; `widerhall settings` prints them with their values."""

    model_config = SettingsConfigDict(env_prefix="WIDERHALL_", extra="ignore")

    data_dir: Path = Field(Path("var"), description="Folder for the database, keys, logs and run-time files.")
    database_url: str = Field(
        "", description="PostgreSQL address (postgresql://user:password@host/name); empty: SQLite in data_dir."
    )
    redis_url: str = Field(
        "", description="Redis or Valkey address; empty: REDIS_URL, else an embedded Valkey is started."
    )
    host: str = Field("127.0.0.1", description="Address the web server binds to.")
    port: int = Field(8750, description="Port of the web server; 0 takes a free one.", ge=0, le=65_535)
    public_url: str = Field(
        "", description="Address people and platforms reach this hub at, behind a proxy; empty: http://host:port."
    )
    trusted_proxies: str = Field(
        "127.0.0.1", description="Addresses whose X-Forwarded headers are believed, separated by commas."
    )
    workers: int = Field(1, description="Worker processes; more than one needs PostgreSQL.", ge=1)
    threads: int = Field(8, description="Threads of each worker process.", ge=1)
    annotator_threads: int = Field(1, description="Threads that one run of the annotation model may use.", ge=1)
    model_dir: str = Field(
        "", description="Folder for built models, which installations may share; empty: data_dir/models."
    )
    allow_private_hosts: bool = Field(
        False, description="Let accounts and Salesforce live on private or loopback addresses (tests, intranets)."
    )
    undo_seconds: float = Field(8.0, description="Seconds in which a reply can be taken back before it is sent.")
    reopen_days: int = Field(
        30,
        description="Days after its closing for which a new message opens a conversation again; one that comes later "
        "begins a new conversation, which names the old one. 0: a closed one always opens again.",
        ge=0,
        le=36_500,
    )
    history_days: int = Field(30, description="Days of history fetched when an account is connected.")
    recheck_days: int = Field(30, description="Messages of so many days are looked up again for edits and deletions.")
    recheck_seconds: float = Field(600.0, description="Seconds between two such look-ups of an account.")
    poll_seconds: float = Field(
        0.0, description="Seconds between two pulls of a feed; 0: what the platform's row says."
    )
    crm_seconds: float = Field(300.0, description="Seconds between two reads of changes from the CRM.")
    crm_gather_seconds: float = Field(
        5.0, description="Changes for the CRM are gathered so long and sent together.", ge=0, le=3600
    )
    crm_bulk_from: int = Field(
        2000, description="From so many due records of one kind on, a bulk job sends them.", ge=2, le=10_000
    )
    identity_engine: str = Field(
        "duckdb",
        description="Where `people train` computes: duckdb, here; or spark, on a cluster.",
        pattern="duckdb|spark",
    )
    crm_load_from: int = Field(
        10_000, description="From so many contacts and leads on, the first read of the CRM is a bulk query."
    )
    crm_calls_share: float = Field(
        0.8,
        description="Share of the org's daily API calls at which the sync stops; the rest is for people.",
        gt=0,
        le=1,
    )
    crm_reconcile_hours: float = Field(
        168.0, description="Hours between two comparisons of all records in the CRM with ours; 0: only by hand.", ge=0
    )
    crm_without: str = Field(
        "",
        description="Objects that the org does not have: `Order`, `Opportunity`, `Campaign`, joined by commas; "
        "`crm install --zip` leaves them out, beside those that a connected org says it lacks.",
    )
    crm_case_when: str = Field(
        "",
        description="Messages that open a Salesforce Case by themselves: `label:…`, `intent:…`, `urgency:…` and "
        "`sentiment:…`, joined by `+` where all must hold, by `,` where one is enough; empty: none do.",
    )
    crm_case_closed: str = Field("Closed", description="Status that a Salesforce Case gets when it is closed here.")
    crm_case_reopened: str = Field("Working", description="Status that it gets when it is opened again here.")
    crm_reply_prefix: str = Field(
        "[reply]",
        description="A public comment on a Salesforce Case that begins so is sent to the customer.",
        min_length=1,
    )
    private_text_to_crm: bool = Field(
        False, description="Send the text of private messages to the CRM; off, since their senders do not expect it."
    )
    public_excerpt: int = Field(
        255, description="Characters of a public text that go to the CRM; 0 sends none.", ge=0, le=32000
    )
    max_text: int = Field(100_000, description="Characters kept of one message; longer ones are cut and marked.")
    attachment_mb: int = Field(
        20,
        description="Megabytes of one file that is attached to a reply or a note, 100 at most.",
        ge=1,
        le=LARGEST_ATTACHMENT_MB,
    )
    track_per_minute: int = Field(
        60_000, description="Messages a minute that one write key may send to the tracking API; 0: any number.", ge=0
    )
    api_per_minute: int = Field(
        600, description="Requests a minute that one token may send to the JSON API; 0: any number.", ge=0
    )
    behaviour_days: int = Field(
        730, description="Days for which events of customers are kept; orders stay. 0: for good.", ge=0, le=36_500
    )
    smtp_host: str = Field("", description="Mail server that sends notifications; empty: no mails.")
    smtp_port: int = Field(587, description="Its port.", ge=1, le=65_535)
    smtp_security: str = Field(
        "starttls",
        description="How the line to it is kept private: starttls, tls, none.",
        pattern="starttls|tls|none",
    )
    smtp_user: str = Field("", description="Name to sign in with there; empty: without.")
    smtp_password: str = Field("", description="Password to sign in with there.")
    mail_from: str = Field("", description="Address that mails come from.")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")
    secret_keys: str = Field(
        "", description="Keys that encrypt secrets, newest first, separated by commas; empty: data_dir/secret.key."
    )
    metrics_token: str = Field(
        "", description="Bearer token with which /metrics may be read from other machines; empty: this machine only."
    )
    session_days: int = Field(14, description="Days a sign-in lasts without use.")
    sqlite_max_pages: int = Field(0, description="Upper limit of the SQLite file in 4 kB pages; 0: none.")

    @property
    def models(self) -> Path:
        """Where built models live."""
        return Path(self.model_dir) if self.model_dir else self.data_dir / "models"

    @property
    def sqlite_path(self) -> Path:
        """Where the default database lives."""
        return self.data_dir / "widerhall.sqlite3"

    @property
    def url(self) -> str:
        """The database's SQLAlchemy address."""
        if not self.database_url:
            return f"sqlite:///{self.sqlite_path}"
        for old in ("postgresql://", "postgres://"):
            if self.database_url.startswith(old):
                return "postgresql+psycopg://" + self.database_url.removeprefix(old)
        return self.database_url

    @cached_property
    def run_dir(self) -> Path:
        """Sockets and announcements of running processes: short, private, gone after a restart of the machine."""
        mark = hashlib.sha256(str(self.data_dir.resolve()).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"widerhall-{mark}"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process; `settings.cache_clear()` reads the environment again.

    NotConfigured names every variable whose value cannot be read.
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = [f"WIDERHALL_{str(one['loc'][0]).upper()}: {one['msg']}." for one in error.errors()]
        raise NotConfigured(" ".join(wrong)) from error
