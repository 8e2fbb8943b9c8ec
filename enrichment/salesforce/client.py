"""The one client of Salesforce's REST API: simple-salesforce with what it lacks.

Added: own sign-in with one renewal per call, time limits, an explicit version, collections, the usage header
from every answer, and errors named after what to do next.
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/intro_rest.htm
"""

from __future__ import annotations

import importlib
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import methodcaller
from typing import Any, TypeVar
from urllib.parse import quote as quoted
from urllib.parse import urlsplit
from xml.etree import ElementTree

import requests

from core.errors import AuthExpired, BadPayload, Rejected, TryLater
from enrichment.salesforce import API_VERSION, soap
from enrichment.salesforce import login as sign_in
from enrichment.salesforce.errors import classify, wait
from enrichment.salesforce.login import Login, Token
from enrichment.salesforce.transport import session

MOST_RECORDS = 200
DUPLICATES = "DUPLICATES_DETECTED"
MOST_NAMED = 5
"""Rows of a call that are asked about alone, so that a bad rule does not cost a call per row."""
USAGE = re.compile(r"(?<!-)\bapi-usage=(\d+)/(\d+)")
PAGE_HEADERS = {"Sforce-Query-Options": "batchSize=2000"}
Row = Mapping[str, Any]
T = TypeVar("T")

_tokens: dict[tuple[Login, bool], Token] = {}
_renewing = threading.Lock()


@dataclass(frozen=True, slots=True)
class Usage:
    """API calls of the last 24 hours over all programs, and how many the org may make."""

    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error of one row or of a whole call, in Salesforce's words."""

    code: str
    message: str
    fields: tuple[str, ...] = ()
    status: int = 400


@dataclass(frozen=True, slots=True)
class Saved:
    """What a collections call says about one record."""

    id: str
    created: bool
    refusal: Refusal | None = None


class Client:
    """Calls to one org.

    Tokens are kept in the process and shared by all clients with the same login. Every method raises
    TryLater, AuthExpired, Rejected, BadPayload or NotConfigured.
    """

    def __init__(self, login: Login, *, allow_private: bool = False) -> None:
        self.login = login
        self.usage: Usage | None = None
        """As the last answer said; None before the first one."""
        self.calls = 0
        """Calls of the interface that were made, answered or not; signing in is none."""
        self.sent_bytes = 0
        self._kept = (login, allow_private)
        self._session = session(login.url, allow_private=allow_private)
        self._session.hooks["response"].append(self._note_usage)

    def close(self) -> None:
        """Give the connections back; the token stays for the next client."""
        self._session.close()

    # --- questions

    def limits(self) -> Usage:
        """Calls used and allowed; asking costs a call itself."""
        daily = self._get("limits")["DailyApiRequests"]
        return Usage(daily["Max"] - daily["Remaining"], daily["Max"])

    def describe(self, object_: str) -> dict[str, Any] | None:
        """Fields and abilities of an object as the signed-in user sees them; None when there is none."""
        try:
            found: dict[str, Any] = self._get(f"sobjects/{_word(object_)}/describe")
        except Rejected as error:
            if error.code == "NOT_FOUND":
                return None
            raise
        return found

    def query_all(self, soql: str, *, deleted: bool = False) -> Iterator[dict[str, Any]]:
        """Records page by page; with `deleted` those in the recycle bin too."""
        page = self._call(lambda sf: sf.query(soql, include_deleted=deleted, headers=PAGE_HEADERS))
        while True:
            yield from page["records"]
            if page["done"]:
                return
            following = page.get("nextRecordsUrl", "")
            if not following.startswith("/services/data/"):
                raise BadPayload("Salesforce announced another page of a query without a usable address.")
            page = self._call(methodcaller("query_more", following, identifier_is_url=True))

    def get_updated(self, object_: str, start: datetime, end: datetime) -> tuple[list[str], datetime]:
        """Ids changed in the span (30 days back at most) and the moment up to which that is complete."""
        found = self._changes(object_, "updated", start, end)
        return list(found["ids"]), datetime.fromisoformat(found["latestDateCovered"])

    def get_deleted(self, object_: str, start: datetime, end: datetime) -> tuple[list[str], datetime]:
        """Ids deleted in the span (15 days back at most) and the moment up to which that is complete."""
        found = self._changes(object_, "deleted", start, end)
        return [r["id"] for r in found["deletedRecords"]], datetime.fromisoformat(found["latestDateCovered"])

    # --- writes

    def upsert(self, object_: str, ext_field: str, rows: Sequence[Row]) -> list[Saved]:
        """Create or change by external id, 200 a call; results in the order of the rows.

        A call refused as a whole because of single rows is taken apart until those stand alone. When a later
        call of several has to wait, its rows and those after them come back as refused with NOT_SENT.
        """
        path = f"composite/sobjects/{_word(object_)}/{_word(ext_field)}"
        found: list[Saved] = []
        for chunk in _chunks(rows, ext_field):
            records = [{"attributes": {"type": object_}, **row} for row in chunk]
            try:
                found += self._named(
                    f"sobjects/{_word(object_)}/{_word(ext_field)}", chunk, self._upsert(path, records)
                )
            except TryLater as error:
                if not found:
                    raise
                waiting = Saved("", False, Refusal("NOT_SENT", str(error), (), 503))
                return found + [waiting] * (len(rows) - len(found))
        return found

    def delete(self, ids: Sequence[str]) -> list[Saved]:
        """Delete by record id, 200 a call; results in the order of the ids."""
        found: list[Saved] = []
        for start in range(0, len(ids), MOST_RECORDS):
            params = {"ids": ",".join(ids[start : start + MOST_RECORDS]), "allOrNone": "false"}
            answer = self._call(methodcaller("restful", "composite/sobjects", params, "DELETE"))
            found += [_saved(result) for result in answer]
        return found

    def ids_by_external_id(self, object_: str, ext_field: str, keys: Sequence[str]) -> dict[str, list[str]]:
        """Record ids by key, for those keys that stand in the org."""
        found: dict[str, list[str]] = {}
        unique = list(dict.fromkeys(keys))
        field = _word(ext_field)
        for start in range(0, len(unique), MOST_RECORDS):
            quoted = ",".join(map(quote, unique[start : start + MOST_RECORDS]))
            soql = f"SELECT Id, {field} FROM {_word(object_)} WHERE {field} IN ({quoted})"  # noqa: S608 - quoted
            for row in self.query_all(soql):
                found.setdefault(row[field], []).append(row["Id"])
        return found

    def delete_by_external_id(self, object_: str, ext_field: str, keys: Sequence[str]) -> list[Saved]:
        """Delete what stands under each key; a key without a record counts as done, with an empty id."""
        known = self.ids_by_external_id(object_, ext_field, keys)
        ids = [id_ for key in dict.fromkeys(keys) for id_ in known.get(key, ())]
        results = dict(zip(ids, self.delete(ids), strict=True))
        return [_worst([results[i] for i in known.get(key, ())]) for key in keys]

    def exchange(self, method: str, path: str, **more: Any) -> requests.Response:
        """One call beneath the version's address, for what is no JSON; `more` as `requests.request` takes it."""

        def call(sf: Any) -> requests.Response:
            found: requests.Response = sf._call_salesforce(method, sf.base_url + path, name=path, **more)
            return found

        return self._call(call)

    def create(self, object_: str, row: Row) -> str:
        """Make one record by its plain fields; returns its id."""
        made = self._call(lambda sf: sf.restful(f"sobjects/{_word(object_)}/", method="POST", json=dict(row)))
        return str(made["id"])

    def metadata(self, action: str, body: str) -> ElementTree.Element:
        """One call of the Metadata API; `body` is XML in its namespace. Returns the answer's element."""

        def call(sf: Any) -> ElementTree.Element:
            answer = self._session.post(
                f"https://{sf.sf_instance}/services/Soap/m/{API_VERSION}",
                data=soap.envelope(sf.session_id, f"<{action}>{body}</{action}>"),
                headers={"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": action},
                allow_redirects=False,
            )
            fault = soap.fault(answer.content)
            if fault is not None:
                raise _verdict(Refusal(*fault))
            if answer.status_code != 200:
                status = answer.status_code
                raise _verdict(Refusal("", f"an answer without a reason, status {status}", (), status))
            return soap.opened(answer.content)

        return self._call(call)

    def user(self) -> str:
        """Record id of the user the hub is signed in as; empty where the sign-in does not tell."""
        return self._token().user

    def record_counts(self, objects: Sequence[str]) -> dict[str, int]:
        """About how many records objects have; one call for all."""
        found = self._get("limits/recordCount", {"sObjects": ",".join(map(_word, objects))})
        return {one["name"]: int(one["count"]) for one in found["sObjects"]}

    # --- beneath

    def _upsert(self, path: str, records: list[dict[str, Any]]) -> list[Saved]:
        body = {"allOrNone": False, "records": records}
        try:
            answer = self._call(lambda sf: sf.restful(path, method="PATCH", json=body))
        except _Refused as error:
            if error.refusal.status != 400 or not error.code:
                raise
            if len(records) == 1:
                return [Saved("", False, error.refusal)]
            return self._apart(path, records, error.refusal)
        if not isinstance(answer, list) or len(answer) != len(records):
            raise BadPayload("Salesforce answered a batch with another number of results than it has rows.")
        return [_saved(result) for result in answer]

    def _named(self, path: str, rows: Sequence[Row], results: list[Saved]) -> list[Saved]:
        """For rows that a duplicate rule refuses, which records they look like: only a call about one alone tells.

        The call is the same upsert, so a rule that was mended meanwhile lets it through.
        """
        field, left = path.rpartition("/")[2], MOST_NAMED
        for place, (row, one) in enumerate(zip(rows, results, strict=True)):
            if one.refusal is None or one.refusal.code != DUPLICATES or left == 0:
                continue
            left -= 1
            rest = {name: value for name, value in row.items() if name != field}
            address = f"{path}/{quoted(str(row[field]), safe='')}"
            try:
                answer = self._call(lambda sf: sf.restful(address, method="PATCH", json=rest))  # noqa: B023  # run at once
            except _Refused as error:
                results[place] = Saved(one.id, False, error.refusal)
            except (TryLater, BadPayload):
                return results  # what is known already is enough to go on
            else:
                done = answer if isinstance(answer, dict) else {}
                results[place] = Saved(str(done.get("id", one.id)), bool(done.get("created")))
        return results

    def _apart(self, path: str, records: list[dict[str, Any]], refusal: Refusal) -> list[Saved]:
        """A batch refused as a whole: rows with the unknown column at once, else one half after the other."""
        match = re.search(r"No such column '([^']+)'", refusal.message)
        guilty = [match is not None and match[1] in record for record in records]
        if any(guilty):
            rest = [r for r, bad in zip(records, guilty, strict=True) if not bad]
            results = iter(self._upsert(path, rest) if rest else [])
            return [Saved("", False, refusal) if bad else next(results) for bad in guilty]
        half = len(records) // 2
        return self._upsert(path, records[:half]) + self._upsert(path, records[half:])

    def _changes(self, object_: str, what: str, start: datetime, end: datetime) -> dict[str, Any]:
        span = {"start": start.isoformat(timespec="seconds"), "end": end.isoformat(timespec="seconds")}
        found: dict[str, Any] = self._get(f"sobjects/{_word(object_)}/{what}/", span)
        return found

    def _get(self, path: str, params: dict[str, str] | None = None) -> Any:
        return self._call(lambda sf: sf.restful(path, params=params))

    def _call(self, do: Callable[[Any], T]) -> T:
        """Run one call; a session that ended is renewed once."""
        token = self._token()
        try:
            return self._attempt(do, token)
        except AuthExpired:
            return self._attempt(do, self._token(instead_of=token))

    def _attempt(self, do: Callable[[Any], T], token: Token) -> T:
        sf = _library().Salesforce(
            session_id=token.access,
            instance=token.instance.partition("://")[2],
            version=API_VERSION,
            session=self._session,
            object_pairs_hook=None,
        )
        try:
            return do(sf)
        except _library().exceptions.SalesforceError as error:
            raise _translated(error) from error
        except requests.exceptions.JSONDecodeError as error:
            raise BadPayload("Salesforce answered with something that is not JSON.") from error
        except requests.RequestException as error:
            self.calls += 1
            host = urlsplit(token.instance).hostname
            raise TryLater(f"Salesforce did not answer at {host}: {type(error).__name__}.") from error

    def _token(self, instead_of: Token | None = None) -> Token:
        """The token kept for this login; a new one when there is none or only the one that failed."""
        with _renewing:
            known = _tokens.get(self._kept)
            if known is None or known == instead_of:
                known = _tokens[self._kept] = sign_in.fetch(self._session, self.login)
            return known

    def _note_usage(self, answer: requests.Response, *args: Any, **kwargs: Any) -> None:
        if any(path in str(answer.request.url) for path in ("/services/data/", "/services/Soap/")):
            self.calls += 1
            self.sent_bytes += len(answer.request.body or b"")
        match = USAGE.search(answer.headers.get("Sforce-Limit-Info", ""))
        if match:
            self.usage = Usage(int(match[1]), int(match[2]))


class _Refused(Rejected):
    """A refusal of a whole call, with all Salesforce said."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"Salesforce refuses this: {refusal.message}", refusal.code)
        self.refusal = refusal


def _library() -> Any:
    """simple-salesforce, loaded by the first call: 22 MB that most processes never need."""
    return importlib.import_module("simple_salesforce")


def _translated(error: Any) -> Exception:
    return _verdict(_refusal(error))


def _verdict(refusal: Refusal) -> Exception:
    verdict = classify(refusal.code, refusal.status, refusal.message)
    if verdict == "reauthenticate":
        return AuthExpired("Salesforce ended the session and refuses the renewed one too. Check the app's user.")
    if verdict == "retry":
        text = f"Salesforce is busy ({refusal.code or refusal.status}): {refusal.message}"
        return TryLater(text, wait(refusal.code, refusal.message))
    return _Refused(refusal)


def _refusal(error: Any) -> Refusal:
    """The first error of an answer; a body that is no list of errors leaves only the status."""
    content: Any = error.content
    if error.status == 300 and isinstance(content, list):
        return Refusal("DUPLICATE_EXTERNAL_ID", f"The key stands on several records: {content}", (), 300)
    if isinstance(content, list) and content and isinstance(content[0], dict):
        first = content[0]
        fields, message = tuple(first.get("fields") or ()), str(first.get("message", ""))
        if same := _same(first):
            message = f"{message} [{', '.join(same)}]"
        return Refusal(str(first.get("errorCode", "")), message, fields, error.status)
    return Refusal("", f"an answer without a reason, status {error.status}", (), error.status)


def _same(error: Mapping[str, Any]) -> list[str]:
    """Ids of the records that a refused one looks like."""
    matched = (error.get("duplicateResult") or {}).get("matchResults") or []
    found = (one.get("record") or {} for rule in matched for one in rule.get("matchRecords") or [])
    return list(dict.fromkeys(str(one["Id"]) for one in found if "Id" in one))


def _saved(result: Mapping[str, Any]) -> Saved:
    if result.get("success"):
        return Saved(str(result.get("id", "")), bool(result.get("created", False)))
    first = (result.get("errors") or [{}])[0]
    fields = tuple(first.get("fields") or ())
    refusal = Refusal(str(first.get("statusCode", "UNKNOWN")), str(first.get("message", "")), fields)
    return Saved(str(result.get("id") or ""), False, refusal)


def _worst(results: list[Saved]) -> Saved:
    """One result for all records under one key; already deleted is as good as deleted."""
    gone = Saved("", False)
    for result in results:
        if result.refusal and result.refusal.code != "ENTITY_IS_DELETED":
            return result
    return results[0] if results and results[0].refusal is None else gone


def _chunks(rows: Sequence[Row], key: str) -> Iterator[list[Row]]:
    """Rows in order, 200 at most together, and no key twice together: Salesforce refuses both rows then."""
    chunk: list[Row] = []
    seen: set[Any] = set()
    for row in rows:
        if len(chunk) == MOST_RECORDS or row.get(key) in seen:
            yield chunk
            chunk, seen = [], set()
        chunk.append(row)
        seen.add(row.get(key))
    if chunk:
        yield chunk


def quote(text: str) -> str:
    """A text as a literal of the query language."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"


def _word(name: str) -> str:
    """An object's or field's name, which goes into paths and queries as it is."""
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII):
        raise Rejected(f"{name!r} is no name of a Salesforce object or field.", "INVALID_NAME")
    return name
