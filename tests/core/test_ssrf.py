"""Nobody outside can lead our requests into our own network."""

import socket

import httpcore
import httpx
import pytest

from core.hosts import PrivateAddress, allowed, resolve
from core.ssrf import GuardedBackend, GuardedTransport

INSIDE = [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "0.0.0.0",  # noqa: S104 - judged, not bound to
    "::1", "::", "fc00::1", "::ffff:127.0.0.1",
    "64:ff9b::7f00:1", "2002:7f00:1::", "100.64.0.1",
]  # fmt: skip
NEVER = ["169.254.169.254", "fe80::1", "fe80::1%eth0", "224.0.0.1", "fd00:ec2::254", "100.100.100.200"]


def answers(monkeypatch, *addresses):
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: rows)


@pytest.mark.parametrize("address", [*INSIDE, *NEVER])
def test_inner_addresses_are_refused(address):
    assert not allowed(address, allow_private=False)


@pytest.mark.parametrize("address", NEVER)
def test_metadata_and_link_local_are_refused_even_where_private_is_allowed(address):
    assert not allowed(address, allow_private=True)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::1", "fc00::1"])
def test_private_is_allowed_where_an_operator_says_so(address):
    assert allowed(address, allow_private=True)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1"])
def test_outer_addresses_are_allowed(address):
    assert allowed(address, allow_private=False)


def test_of_mixed_answers_only_the_outer_ones_are_used(monkeypatch):
    answers(monkeypatch, "10.0.0.1", "8.8.8.8")
    assert resolve("mixed.example", 443, allow_private=False) == ["8.8.8.8"]


def test_a_name_with_inner_addresses_only_is_refused(monkeypatch):
    answers(monkeypatch, "10.0.0.1")
    with pytest.raises(PrivateAddress, match=r"inner\.example"):
        resolve("inner.example", 443, allow_private=False)


def test_the_socket_goes_to_the_judged_address(monkeypatch):
    answers(monkeypatch, "8.8.8.8")
    dialled = []

    def connect(self, host, port, *rest):
        dialled.append(host)
        raise httpcore.ConnectError("no network in tests")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    with pytest.raises(httpcore.ConnectError):
        GuardedBackend(allow_private=False).connect_tcp("rebinding.example", 443)
    assert dialled == ["8.8.8.8"]


def test_the_transport_really_dials_through_the_guard():
    with httpx.Client(transport=GuardedTransport(allow_private=False)) as http, pytest.raises(PrivateAddress):
        http.get("http://localhost:9/")
