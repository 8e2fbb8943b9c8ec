"""Connections that cannot be led into our own network.

The name is resolved here, every address is judged, and the socket goes to the judged address, so a
name that answers differently the second time gains nothing. Host header and TLS name stay the
original ones, because only the socket's target is replaced (httpcore's network backend,
https://www.encode.io/httpcore/network-backends/).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from functools import cache
from typing import Any

import httpcore
import httpx

from core.errors import NotConfigured

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

METADATA = frozenset({"169.254.169.254", "169.254.170.2", "100.100.100.200", "fd00:ec2::254"})
"""Where clouds hand out credentials to whoever asks from inside: never allowed."""

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class PrivateAddress(NotConfigured):
    """The host lies in a private network and this installation does not allow that."""


def embedded(address: Address) -> Address:
    """The IPv4 address inside a mapped, 6to4 or NAT64 address, or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def allowed(text: str, allow_private: bool) -> bool:
    """Whether a socket may go to this address."""
    try:
        address = embedded(ipaddress.ip_address(text.split("%", 1)[0]))
    except ValueError:
        return False
    if str(address) in METADATA or address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    return allow_private or address.is_global


def resolve(host: str, port: int, allow_private: bool) -> list[str]:
    """The addresses of a host that may be called; raises `PrivateAddress` when there are none."""
    found = [str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    usable = [address for address in dict.fromkeys(found) if allowed(address, allow_private)]
    if not usable:
        raise PrivateAddress(
            f"{host} lies in a private network, which is not called. If that is meant, an operator sets "
            "WIDERHALL_ALLOW_PRIVATE_HOSTS=1."
        )
    return usable


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
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return super().connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

    def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        raise httpcore.ConnectError("no unix sockets")


class GuardedTransport(httpx.HTTPTransport):
    """httpx's transport over a pool that dials through `GuardedBackend`."""

    def __init__(self, allow_private: bool) -> None:
        context = httpx.create_ssl_context()
        super().__init__(verify=context)
        # httpx 0.28 takes no network backend of its own; tests/connectors/test_ssrf.py guards this line.
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
