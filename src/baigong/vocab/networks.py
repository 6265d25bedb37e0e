"""Where a gateway may connect to, for which company: what the operator says as text, and the verdict on an address."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from baigong.vocab.errors import FixConfiguration
from baigong.vocab.ids import tenant_id
from baigong.vocab.texts import read_yaml

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
OTHERS = "*"  # companies that have no words of their own

# Never a device: "this network", link-local and what clouds tell their machines (RFC 3927, RFC 4291 §2.5.6, and the
# metadata addresses of Alibaba, Azure, Oracle, AWS and Google), multicast, reserved and broadcast.
_NEVER: tuple[Network, ...] = tuple(
    ipaddress.ip_network(one)
    for one in (
        "0.0.0.0/8", "169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "224.0.0.0/4",
        "240.0.0.0/4", "::/128", "fe80::/10", "fec0::/10", "ff00::/8", "fd00:ec2::/32", "fd20:ce::/64",
    )
)  # fmt: skip
_INSIDE = {  # an IPv4 address in an IPv6 one -> bits below it: compatible, translated (RFC 6052), 6to4 (RFC 3056)
    IPv6Network("::/96"): 0,
    IPv6Network("64:ff9b::/96"): 0,
    IPv6Network("2002::/16"): 80,
}
_LOOPBACK = IPv6Address("::1")


class CompanyNetworks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """``allow``, ``deny``: networks (CIDR); ``this_machine``: the gateway's own; ``serial``: its ports, by path;
    ``calls``: its devices may call.
    """

    allow: list[str] = []
    deny: list[str] = []
    this_machine: bool = False
    serial: list[str] = []
    calls: bool = False


class CallPort(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A TCP port at which devices call. ``allow``: the networks they may call from; none: wherever they are."""

    port: Annotated[int, Meta(ge=1, le=65_535)]
    host: str = "127.0.0.1"
    allow: tuple[str, ...] = ()

    def admits(self, address: str) -> bool:
        """Say whether a caller at this address is let in."""
        if not self.allow:
            return True
        try:
            return _is_in(plain(address.partition("%")[0]), _read(self.allow))
        except ValueError:
            return False


CALLED_AT = CallPort(port=9502)  # where nothing is said: this machine only


class Networks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One gateway's text. ``deny``: for everybody; ``companies``: by id, ``*`` all that are not named; ``calls``:
    where devices call, None: as ``CALLED_AT`` says.
    """

    deny: list[str] = []
    calls: list[CallPort] | None = None
    companies: dict[str, CompanyNetworks] = {}


class Told(Struct, frozen=True, kw_only=True):
    """What a gateway is told. ``own``: the companies it belongs to."""

    own: list[str]
    networks: Networks


def parse_networks(text: str) -> Networks:
    r"""Read a text (YAML; JSON too). Raises config.invalid with the place.

    >>> parse_networks("companies:\n  moulds:\n    allow: [10.20.0.0/16]").companies["moulds"].allow
    ['10.20.0.0/16']
    """
    place = "networks"
    try:
        made = msgspec.convert(read_yaml(text, place) or {}, Networks)
    except msgspec.ValidationError as error:
        raise FixConfiguration("config.invalid", str(error), place=place) from error
    for tenant in made.companies.keys() - {OTHERS}:
        tenant_id(tenant)
    _read(made.deny)
    for company in made.companies.values():
        _read([*company.allow, *company.deny])
    for port in made.calls or ():
        _read(port.allow)
        try:
            ipaddress.ip_address(port.host)
        except ValueError as error:
            raise FixConfiguration(
                "config.invalid", f"{port.host!r} is no address to listen at", place="calls"
            ) from error
    return made


def _read(texts: Iterable[str]) -> tuple[Network, ...]:
    """Read networks; ``10.0.0.5`` is a network of one."""
    made = []
    for text in texts:
        try:
            made.append(ipaddress.ip_network(text))
        except ValueError as error:
            raise FixConfiguration("config.invalid", f"{text!r} is no network: {error}", place=text) from error
    return tuple(made)


def plain(text: str) -> Address:
    """Return an address, the IPv4 one where that is wrapped in IPv6. Raises ValueError.

    >>> [str(plain(a)) for a in ("::ffff:127.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "::1", "fd00::5")]
    ['127.0.0.1', '169.254.169.254', '127.0.0.1', '::1', 'fd00::5']
    """
    address = ipaddress.ip_address(text)
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    for network, shift in _INSIDE.items():
        if address in network and address not in (_LOOPBACK, IPv6Address("::")):
            return IPv4Address(int(address) >> shift & 0xFFFFFFFF)
    return address


def _is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


class _Rule:
    """What one company may: networks read once."""

    def __init__(self, said: CompanyNetworks) -> None:
        self.allow, self.deny = _read(said.allow), _read(said.deny)
        self.this_machine = said.this_machine
        self.serial = frozenset(said.serial)
        self.calls = said.calls


class Verdict:
    """Judges addresses. A company the gateway belongs to, with no words of its own, may all that nobody denies;
    any other may only what is allowed to it, or to ``*``.
    """

    def __init__(self, told: Told) -> None:
        self._own = frozenset(told.own)
        self._deny = (*_NEVER, *_read(told.networks.deny))
        self._rules = {tenant: _Rule(said) for tenant, said in told.networks.companies.items()}

    def owns(self, tenant: str) -> bool:
        """Say whether the gateway belongs to a company: it may be told more of why something fails."""
        return tenant in self._own

    def opens(self, tenant: str) -> bool:
        """Say whether a company may connect anywhere: for one that may not, no name is even looked up."""
        return tenant in self._own or self._rule(tenant) is not None

    def permits_calls(self, tenant: str) -> bool:
        """Say whether devices of a company may call."""
        rule = self._rule(tenant)
        return tenant in self._own or (rule is not None and rule.calls)

    def permits(self, tenant: str, text: str, is_here: Callable[[Address], bool]) -> bool:
        """``is_here`` tells whether an address is the gateway's own; no text of a network opens that."""
        try:
            address = plain(text)
        except ValueError:
            return False
        if _is_in(address, self._deny):
            return False
        rule = self._rule(tenant)
        if rule is None:
            return tenant in self._own
        if _is_in(address, rule.deny):
            return False
        return rule.this_machine if address.is_loopback or is_here(address) else _is_in(address, rule.allow)

    def permits_serial(self, tenant: str, port: str) -> bool:
        """A port is a name below ``/dev`` or ``COM3``: any other path would tell what files there are."""
        rule = self._rule(tenant)
        if rule is not None:
            return port in rule.serial
        is_port = os.path.normpath(port).startswith("/dev/") or (port[:3].upper() == "COM" and port[3:].isdecimal())
        return tenant in self._own and is_port

    def _rule(self, tenant: str) -> _Rule | None:
        if tenant in self._rules:
            return self._rules[tenant]
        return None if tenant in self._own else self._rules.get(OTHERS)


def refused(place: str) -> FixConfiguration:
    """The one answer to whatever is refused: the same whether there is a machine, a name, or nothing.

    ``place`` is what the company itself wrote, never what it resolves to.
    """
    return FixConfiguration("driver.network", "the gateway may not connect there for this company", place=place)


def endpoint(options: dict[str, Any]) -> tuple[str, int]:
    """Find host and port in a driver's options, by the names all drivers use; ("", 0) when there is none.

    >>> endpoint({"url": "opc.tcp://plc.local:4840/x"}), endpoint({"url": "plc"}), endpoint({"host": "::1", "port": 2})
    (('plc.local', 4840), ('plc', 4840), ('::1', 2))
    """
    url = options.get("url") or options.get("endpoint")
    if isinstance(url, str) and url.strip():
        return _of_url(url.strip())
    host, port = options.get("host"), options.get("port")
    return (host.strip(), port if isinstance(port, int) else 0) if isinstance(host, str) else ("", 0)


def _of_url(text: str) -> tuple[str, int]:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text if "://" in text else f"opc.tcp://{text}")
        return parts.hostname or "", parts.port or {"opc.tcp": 4840}.get(parts.scheme, 0)
    except ValueError:
        return "", 0
