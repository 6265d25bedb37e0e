"""Addresses: which lead to this machine alone, and which secrets may be sent to."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Tell whether only this machine gets to an address.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0"), is_loopback("plant.example")
    (True, True, False, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_safe_address(url: str) -> bool:
    """Say whether nobody on the way can read along: https, or http to this machine itself.

    >>> [is_safe_address(u) for u in ("https://a.example/x", "http://127.0.0.1:9/", "http://a.example", "https://")]
    [True, True, False, False]
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.username is not None or not host:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and (is_loopback(host) or host.endswith(".localhost")))


def network_of(address: str) -> str:
    """Return what one subscriber holds: an IPv4 address, of IPv6 the /64 (RFC 6177), for counting by address.

    >>> network_of("2001:db8::1:2:3:4") == network_of("2001:db8::5%eth0"), network_of("::ffff:10.0.0.7"), network_of("")
    (True, '10.0.0.7', '')
    """
    try:
        read = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(read, ipaddress.IPv4Address):
        return str(read)
    if read.ipv4_mapped is not None:
        return str(read.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(read) >> 64 << 64, 64)))
