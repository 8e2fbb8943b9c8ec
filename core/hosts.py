"""Which addresses may be called: judged after the name was resolved, so that no name leads into our own network."""

from __future__ import annotations

import ipaddress
import socket

from core.errors import NotConfigured

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

METADATA = frozenset({"169.254.169.254", "169.254.170.2", "100.100.100.200", "fd00:ec2::254"})
"""Where clouds hand out credentials to whoever asks from inside: never allowed."""

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


PRIVATE = (
    "%(host)s lies in a private network, which is not called. If that is meant, an operator sets "
    "WIDERHALL_ALLOW_PRIVATE_HOSTS=1."
)


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


def may_be_called(host: str, allow_private: bool) -> bool:
    """False for a number, or this machine's own name, that is never called: known before any name is resolved."""
    try:
        ipaddress.ip_address(host.split("%", 1)[0])
    except ValueError:
        return allow_private or (host != "localhost" and not host.endswith(".localhost"))
    return allowed(host, allow_private)


def resolve(host: str, port: int, allow_private: bool) -> list[str]:
    """The addresses of a host that may be called; raises `PrivateAddress` when there are none."""
    found = [str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    usable = [address for address in dict.fromkeys(found) if allowed(address, allow_private)]
    if not usable:
        raise PrivateAddress(PRIVATE % {"host": host})
    return usable
