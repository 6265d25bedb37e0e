"""Under which names and addresses others find this machine."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

import psutil

from baigong.vocab.addresses import is_loopback


def own_names(host: str, more: Sequence[str] = ()) -> list[str]:
    """List them for a certificate: first those that people gave; addresses only when others can get to ``host``."""
    found = [*more, socket.gethostname() or "localhost", "localhost", "127.0.0.1", "::1"]
    try:
        ipaddress.ip_address(host)
    except ValueError:
        found.append(host)
    if not is_loopback(host):
        found += own_addresses()
    return list(dict.fromkeys(found))


def own_addresses() -> list[str]:
    return [
        address.address.partition("%")[0]
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family in (socket.AF_INET, socket.AF_INET6)
    ]
