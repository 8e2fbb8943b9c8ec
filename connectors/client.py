"""The one HTTP client: budget, authentication, retries, paging and size caps for every platform.

| What happens                                   | Read, or write with a key          | Other write       |
|------------------------------------------------|------------------------------------|-------------------|
| no room in the budget                          | TryLater                           | TryLater          |
| name unknown, refused, connect time-out        | tried 3 times, then TryLater       | TryLater          |
| private address                                | NotConfigured                      | NotConfigured     |
| no answer, broken answer                       | tried 3 times, then TryLater       | Unknown           |
| 500, 502, 504                                  | tried 3 times, then TryLater       | Unknown           |
| 429; 503                                       | TryLater(after), budget blocked    | the same          |
| 401                                            | renewed, else AuthExpired          | the same          |
| 403, other 4xx, 501                            | Rejected(code)                     | Rejected(code)    |
| 2xx that is not JSON (`Answer.json`)           | BadPayload                         | Unknown           |
| body over the cap                              | BadPayload                         | Unknown           |
| redirect to the same host (reads only)         | followed, 3 times at most          | Rejected("moved") |
| redirect elsewhere with credentials            | Rejected("moved")                  | Rejected("moved") |

A platform's `refusal` hook looks at a refusing answer first and may name a better error. Error texts
never hold addresses: some platforms carry their token in the path.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import httpx

from connectors.answers import Answer, rate, reason, wait
from connectors.base import Budget, now
from connectors.refusals import DOWN, REFUSED, SILENT, UNANSWERED
from core import metrics
from core.errors import AuthExpired, BadPayload, Rejected, TryLater, Unknown, WiderhallError
from core.ssrf import transport

TRIES = 3
MAX_BYTES = 16 * 1024 * 1024
TIMEOUT = httpx.Timeout(20.0, connect=8.0)
LONGEST_ANSWER = 120.0
"""Seconds a body may trickle in."""
REDIRECTS = 3
RENEWALS = 2
USER_AGENT = "Widerhall (social inbox)"

Params = Mapping[str, Any] | list[tuple[str, Any]] | None
Refusal = Callable[[Answer], WiderhallError | None]
Build = Callable[[ExitStack], httpx.Request]
"""Makes a request anew for every attempt; what it opens is closed when the answer is there."""


class Auth(Protocol):
    """How requests of one account prove who they are."""

    def apply(self, request: httpx.Request) -> None:
        """Add credentials to a request."""

    def renew(self, answer: Answer) -> bool:
        """After a refusal: True when credentials changed and the same call is worth repeating once."""


@dataclass(frozen=True)
class Bearer:
    """A fixed bearer token."""

    token: str

    def apply(self, request: httpx.Request) -> None:
        request.headers["Authorization"] = f"Bearer {self.token}"

    def renew(self, answer: Answer) -> bool:
        return False


class _Lost(Exception):
    """The request may have arrived; the answer did not."""


class Client:
    """Calls of one account to one server. Cheap to make: connections belong to the process."""

    def __init__(
        self,
        base_url: str,
        *,
        budget: Budget | None = None,
        auth: Auth | None = None,
        refusal: Refusal | None = None,
        allow_private: bool = False,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.base = httpx.URL(base_url.rstrip("/"))
        if self.base.scheme not in ("http", "https") or not self.base.host:
            raise Rejected("The base address must look like https://example.org.", "bad_address")
        self.host = self.base.host
        self._budget, self._auth, self._refusal = budget, auth, refusal
        self._max_bytes = max_bytes
        self._http = httpx.Client(
            transport=transport(allow_private),
            trust_env=False,
            timeout=TIMEOUT,
            headers={"User-Agent": USER_AGENT, "Accept": "application/json", **(headers or {})},
        )

    def address(self, path: str) -> httpx.URL:
        """The full address of a path below the base; an absolute one must be of the same origin."""
        if "://" not in path:
            return httpx.URL(str(self.base) + "/" + path.lstrip("/"))
        url = httpx.URL(path)
        if _origin(url) != _origin(self.base):
            raise BadPayload(f"{self.host} sent a link to another host ({url.host}), which is not followed")
        return url

    def get(self, path: str, params: Params = None, **options: Any) -> Answer:
        """Read something; see `call`."""
        return self.call("GET", path, params=params, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> Answer:
        """Write something; see `call`."""
        return self.call("POST", path, json=json, **options)

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Params = None,
        json: Any = None,
        form: Mapping[str, Any] | None = None,
        files: Mapping[str, tuple[str, Path, str]] | None = None,
        content: bytes | Path | None = None,
        headers: Mapping[str, str] | None = None,
        keyed: bool = False,
        interactive: bool = False,
        timeout: float | None = None,
    ) -> Answer:
        """One call as the module's table says; the answer has a 2xx status.

        `keyed` marks a write that the platform itself keeps from happening twice. `params=None` keeps
        the query an address already has. `interactive` calls may use the budget's reserve. `files` are fields
        of a multipart form: {field: (name, where it lies, media type)}; `content` is a body as it is. Files are read
        while they are sent.
        """
        safe = keyed or method in ("GET", "HEAD")

        def build(opened: ExitStack) -> httpx.Request:
            fields = {
                field: (name, opened.enter_context(place.open("rb")), mime)
                for field, (name, place, mime) in (files or {}).items()
            }
            return self._http.build_request(
                method,
                self.address(path),
                params=params or None,  # httpx erases the query for an empty mapping
                json=json,
                data=form,
                files=fields or None,
                content=opened.enter_context(content.open("rb")) if isinstance(content, Path) else content,
                headers=headers,
                timeout=httpx.Timeout(timeout, connect=8.0) if timeout else TIMEOUT,
            )

        for attempt in range(1, TRIES + 1):
            last = attempt == TRIES or not safe
            try:
                answer = self._renewing(build, interactive, follow=method in ("GET", "HEAD"))
            except (_Lost, httpx.TransportError, httpx.DecodingError) as error:
                if last:
                    raise self._unreached(error, safe) from error
            else:
                if answer.status < 300:
                    return answer if safe else replace(answer, write=True)
                if last or not _server_fault(answer):
                    raise self._error(answer, safe)
            _pause(attempt)
        raise TryLater(DOWN % {"host": self.host})

    def _renewing(self, build: Build, interactive: bool, follow: bool) -> Answer:
        """One call, repeated when new credentials came of its refusal: a proof's nonce, then a token."""
        answer = self._once(build, interactive, follow)
        for _ in range(RENEWALS):
            if answer.status < 400 or self._auth is None or not self._auth.renew(answer):
                break
            answer = self._once(build, interactive, follow)
        return answer

    def _unreached(self, error: Exception, safe: bool) -> WiderhallError:
        """What a call without an answer stands for: nothing was sent before there was a connection."""
        if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)):
            return TryLater(f"{self.host} cannot be reached ({type(error).__name__})")
        if safe:
            return TryLater(f"{self.host} did not answer completely")
        return Unknown(UNANSWERED % {"host": self.host})

    def pages(self, path: str, params: Params = None, most: int = 10_000) -> Iterator[Answer]:
        """Follow `next` links. Ends without a link, at a repeated link, or after `most` pages."""
        seen: set[str] = set()
        answer = self.get(path, params)
        for _ in range(most):
            yield answer
            link = answer.links().get("next")
            if link is None or link in seen or link == answer.url:
                return
            seen.add(link)
            answer = self.get(link)

    @contextmanager
    def lines(self, path: str, params: Params = None, silence: float = 90.0) -> Iterator[Iterator[str]]:
        """A response that goes on, line by line; `silence` is how many seconds may pass without one."""
        self._take(False)
        request = self._http.build_request(
            "GET",
            self.address(path),
            params=params or None,
            headers={"Accept": "text/event-stream"},
            timeout=httpx.Timeout(silence, connect=8.0),
        )
        if self._auth:
            self._auth.apply(request)
        try:
            response = self._http.send(request, stream=True)
            try:
                if response.status_code != 200:
                    raise self._error(self._read(response), safe=True)
                yield self._bounded(response)
            finally:
                response.close()
        except httpx.TransportError as error:
            raise TryLater(f"the stream of {self.host} broke ({type(error).__name__})", after=2.0) from error

    def _bounded(self, response: httpx.Response) -> Iterator[str]:
        rest = b""
        for chunk in response.iter_bytes():
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > self._max_bytes:
                raise BadPayload(f"{self.host} sent a line of over {self._max_bytes} bytes")
            for line in lines:
                yield line.decode("utf-8", "replace").rstrip("\r")

    def _take(self, interactive: bool) -> None:
        if self._budget:
            self._budget.take(1, interactive)

    def _once(self, build: Build, interactive: bool, follow: bool) -> Answer:
        self._take(interactive)
        with ExitStack() as opened:
            return self._sent(build(opened), follow)

    def _sent(self, request: httpx.Request, follow: bool) -> Answer:
        if self._auth:
            self._auth.apply(request)
        for _ in range(REDIRECTS + 1):
            response = self._http.send(request, stream=True, follow_redirects=False)
            try:
                answer = self._read(response)
            finally:
                response.close()
            if request.method == "GET":  # writes are counted apart and with other limits
                self._observe(answer)
            if answer.status not in (301, 302, 303, 307, 308) or response.next_request is None:
                return answer
            if not follow or (self._auth and _origin(response.next_request.url) != _origin(request.url)):
                break
            request = response.next_request
        target = httpx.URL(answer.url).join(answer.headers.get("location", "")).host
        raise Rejected(f"{self.host} points to {target}: if it has moved, change the account's base address", "moved")

    def _read(self, response: httpx.Response) -> Answer:
        body, end = bytearray(), time.monotonic() + LONGEST_ANSWER
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > self._max_bytes:
                if response.request.method not in ("GET", "HEAD"):
                    raise _Lost
                raise BadPayload(f"{self.host} answered with more than {self._max_bytes // 1024} kB")
            if time.monotonic() > end:
                raise _Lost
        return Answer(response.status_code, response.headers, bytes(body), str(response.request.url), self.host)

    def _observe(self, answer: Answer) -> None:
        metrics.REQUESTS.labels(self.host, f"{answer.status // 100}xx").inc()
        if self._budget is None:
            return
        limit, remaining, reset = rate(answer.headers, now())
        if limit is not None or remaining is not None:
            self._budget.observe(limit, remaining, reset)

    def _error(self, answer: Answer, safe: bool) -> WiderhallError:
        """The error a refusing answer stands for."""
        if answer.status in (429, 503):
            after = wait(answer.headers, now(), 60.0 if answer.status == 429 else 10.0)
            special = self._refusal(answer) if self._refusal else None
            if isinstance(special, TryLater):
                after = special.after
            if self._budget and answer.status == 429:
                self._budget.block(now() + timedelta(seconds=after))
            return TryLater(f"{self.host} asks to wait", after)
        if self._refusal and (special := self._refusal(answer)):
            return special
        code, words = reason(answer)
        if _server_fault(answer):
            if safe:
                return TryLater(f"{self.host} has a fault ({answer.status})", 10.0)
            return Unknown(f"{self.host} answered {answer.status}; what was sent may have arrived")
        if answer.status == 401:
            return AuthExpired(f"{self.host} no longer accepts these credentials: connect the account again")
        if not words:
            return Rejected(SILENT % {"host": self.host, "code": answer.status}, code or str(answer.status))
        said = {"platform": f"{self.host} ({answer.status})", "why": words}
        return Rejected(REFUSED % said, code or str(answer.status))


def _server_fault(answer: Answer) -> bool:
    return answer.status >= 500 and answer.status not in (501, 503)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _pause(attempt: int) -> None:
    time.sleep(random.uniform(0.1, 0.3) * 2**attempt)  # noqa: S311 - jitter, not a secret
