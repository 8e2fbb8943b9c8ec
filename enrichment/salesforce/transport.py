"""The HTTP session under the client: time limits, no private addresses, plain HTTP only where allowed.

Names are resolved here and the socket goes to the address that was judged, so an answer of the name server
that changes between the check and the call gains nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from core.errors import NotConfigured
from core.hosts import resolve

CONNECT_SECONDS, READ_SECONDS = 10.0, 120.0
"""Salesforce itself ends a synchronous call after 120 seconds at the latest."""


class _Judged(HTTPConnection):
    """Dials judged addresses only; the host name stays for the Host header and the certificate."""

    allow_private = False

    def _new_conn(self) -> socket.socket:
        try:
            addresses = resolve(self._dns_host, self.port, self.allow_private)
        except OSError as error:
            raise NameResolutionError(self.host, self, socket.gaierror(*error.args)) from error
        for address in addresses:
            try:
                return create_connection((address, self.port), self.timeout, self.source_address, self.socket_options)
            except OSError as error:
                failure = error
        raise NewConnectionError(self, f"no connection to {self.host}: {failure}") from failure


class _JudgedTls(_Judged, HTTPSConnection):
    """The same under TLS."""


class _Private(_Judged):
    allow_private = True


class _PrivateTls(_JudgedTls):
    allow_private = True


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Judged


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _JudgedTls


class _PrivatePool(HTTPConnectionPool):
    ConnectionCls = _Private


class _PrivateTlsPool(HTTPSConnectionPool):
    ConnectionCls = _PrivateTls


class Adapter(HTTPAdapter):
    """Time limits on every call; with `plain` an https address is called over HTTP.

    simple-salesforce writes `https://` in front of every host, also of one that speaks plain HTTP only.
    """

    def __init__(self, *, allow_private: bool, plain: bool) -> None:
        self._allow_private, self._plain = allow_private, plain
        super().__init__(max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **more: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **more)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = (
            {"http": _PrivatePool, "https": _PrivateTlsPool}
            if self._allow_private
            else {"http": _Pool, "https": _TlsPool}
        )

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        if self._plain and request.url and request.url.startswith("https://"):
            request.url = "http://" + request.url.removeprefix("https://")
        limits = timeout or (CONNECT_SECONDS, READ_SECONDS)
        return super().send(request, stream, limits, verify, cert, proxies)


def session(url: str, *, allow_private: bool) -> requests.Session:
    """A session for the org at `url`; plain HTTP is refused unless private hosts are allowed."""
    plain = url.startswith("http://")
    if plain and not allow_private:
        raise NotConfigured(
            "Salesforce is called over HTTPS only. Use the address of the org's own domain, "
            "https://yourdomain.my.salesforce.com."
        )
    found = requests.Session()
    found.trust_env = False
    adapter = Adapter(allow_private=allow_private, plain=plain)
    found.mount("https://", adapter)
    found.mount("http://", adapter)
    return found
