"""Connections that cannot be led into our own network.

The name is resolved here, every address is judged, and the socket goes to the judged address, so a
name that answers differently the second time gains nothing. Host header and TLS name stay the
original ones, because only the socket's target is replaced (httpcore's network backend,
https://www.encode.io/httpcore/network-backends/).
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable
from contextvars import ContextVar
from functools import cache
from typing import Any

import httpcore
import httpx

from core.hosts import resolve

deadline: ContextVar[float | None] = ContextVar("deadline", default=None)
"""Until when (`time.monotonic`) what this thread asks may take as a whole, however slowly it trickles."""


class Hurried(httpcore.NetworkStream):
    """A connection whose reads and writes end at the `deadline`, where there is one."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, _left(timeout, httpcore.ConnectTimeout))
        return Hurried(inner)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(timeout: float | None, late: type[Exception]) -> float | None:
    end = deadline.get()
    if end is None:
        return timeout
    left = end - time.monotonic()
    if left <= 0:
        raise late("it took too long as a whole")
    return left if timeout is None else min(timeout, left)


class GuardedBackend(httpcore.SyncBackend):
    """Opens TCP connections to judged addresses only."""

    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            addresses = resolve(host, port, self._allow_private)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} has no address") from error
        for address in addresses[:-1]:
            try:
                return self._connected(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return self._connected(addresses[-1], port, timeout, local_address, socket_options)

    def _connected(self, address: str, port: int, timeout: float | None, *others: Any) -> httpcore.NetworkStream:
        return Hurried(super().connect_tcp(address, port, _left(timeout, httpcore.ConnectTimeout), *others))

    def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        raise httpcore.ConnectError("no unix sockets")


class GuardedTransport(httpx.HTTPTransport):
    """httpx's transport over a pool that dials through `GuardedBackend`."""

    def __init__(self, allow_private: bool) -> None:
        context = httpx.create_ssl_context()
        super().__init__(verify=context)
        # httpx 0.28 takes no network backend of its own; tests/core/test_ssrf.py guards this line.
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=4.0,
            network_backend=GuardedBackend(allow_private),
        )


@cache
def transport(allow_private: bool) -> GuardedTransport:
    """The process's one transport of each sort: connections are kept over accounts and calls."""
    return GuardedTransport(allow_private)
