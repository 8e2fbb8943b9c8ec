"""The sandbox's memory: dictionaries that write themselves through to one SQLite file."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

Doc = dict[str, Any]
FLUSH_SECONDS = 0.04


class Shelf(MutableMapping[str, Doc]):
    """One named mapping of JSON documents, in insertion order.

    ``shelf[key] = doc`` stores; a document changed in place must be assigned again to be stored.
    """

    def __init__(self, name: str, docs: dict[str, Doc], store: Store) -> None:
        self._name, self._docs, self._store = name, docs, store

    def __getitem__(self, key: str) -> Doc:
        return self._docs[key]

    def __setitem__(self, key: str, doc: Doc) -> None:
        self._docs[key] = doc
        self._store.note(self._name, key, doc)

    def __delitem__(self, key: str) -> None:
        del self._docs[key]
        self._store.note(self._name, key, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._docs)

    def __len__(self) -> int:
        return len(self._docs)

    def __contains__(self, key: object) -> bool:
        return key in self._docs


class Store:
    """Shelves by name; with a path everything survives a restart, without one it lives in memory only."""

    def __init__(self, path: Path | str | None = None) -> None:
        self._shelves: dict[str, Shelf] = {}
        self._pending: dict[tuple[str, str], str | None] = {}
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._closed = threading.Event()
        self._db: sqlite3.Connection | None = None
        if path is not None:
            self._open(Path(path))

    def _open(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS doc (shelf TEXT, key TEXT, body TEXT, PRIMARY KEY (shelf, key))")
        for name, key, body in self._db.execute("SELECT shelf, key, body FROM doc ORDER BY rowid"):
            self.shelf(name)._docs[key] = json.loads(body)
        threading.Thread(target=self._flush_loop, name="sandbox-store", daemon=True).start()

    def shelf(self, name: str) -> Shelf:
        """The shelf of that name, made empty when it is new."""
        if name not in self._shelves:
            self._shelves[name] = Shelf(name, {}, self)
        return self._shelves[name]

    def note(self, shelf: str, key: str, doc: Doc | None) -> None:
        """Queue one change for the file (None: removed)."""
        if self._db is None:
            return
        body = None if doc is None else json.dumps(doc, ensure_ascii=False, separators=(",", ":"))
        with self._lock:
            self._pending[shelf, key] = body

    def flush(self) -> None:
        """Write everything that is queued in one transaction."""
        if self._db is None:
            return
        with self._writing:
            with self._lock:
                batch, self._pending = self._pending, {}
            if not batch:
                return
            kept = [(shelf, key, body) for (shelf, key), body in batch.items() if body is not None]
            gone = [where for where, body in batch.items() if body is None]
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "INSERT INTO doc VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body", kept
            )
            self._db.executemany("DELETE FROM doc WHERE shelf = ? AND key = ?", gone)
            self._db.execute("COMMIT")

    def close(self) -> None:
        """Write what is left and close the file."""
        self._closed.set()
        self.flush()
        with self._writing:
            if self._db is not None:
                self._db.close()
                self._db = None

    def _flush_loop(self) -> None:
        while not self._closed.wait(FLUSH_SECONDS):
            self.flush()
