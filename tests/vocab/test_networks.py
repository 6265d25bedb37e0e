"""The verdict on an address: what nobody reaches, what the owner and what a guest."""

from __future__ import annotations

import pytest

from baigong.vocab.errors import FixConfiguration
from baigong.vocab.networks import Told, Verdict, parse_networks

TEXT = """
deny: [10.0.9.0/24]
companies:
  moulds: {allow: [10.20.0.0/16, "fd00:1::/64", 127.0.0.0/8], deny: [10.20.5.0/24], serial: [/dev/ttyUSB0]}
  tools: {this_machine: true}
  "*": {allow: [192.0.2.7]}
"""
NEVER = ("169.254.169.254", "fe80::1", "fe80::1%eth0", "0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255",
         "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
         "2002:a9fe:a9fe::", "::a9fe:a9fe", "plc", "")  # fmt: skip


def verdict(text: str = TEXT) -> Verdict:
    return Verdict(Told(own=["main"], networks=parse_networks(text)))


@pytest.mark.parametrize(
    ("tenant", "yes", "no"),
    [
        ("main", ("127.0.0.1", "::1", "10.0.0.1", "8.8.8.8", "10.20.5.1"), ("10.0.9.1",)),
        ("moulds", ("10.20.0.1", "fd00:1::9"), ("10.20.5.1", "10.0.9.1", "127.0.0.1", "10.21.0.1", "192.0.2.7", "::1")),
        ("tools", ("127.0.0.1", "::1", "::ffff:127.0.0.1", "10.77.0.1"), ("10.0.0.1",)),
        ("others", ("192.0.2.7",), ("127.0.0.1", "192.0.2.8", "10.77.0.1")),
        ("", (), ("127.0.0.1", "10.0.0.1")),
    ],
)
def test_who_reaches_what(tenant: str, yes: tuple[str, ...], no: tuple[str, ...]) -> None:
    judge = verdict()
    said = {a: judge.permits(tenant, a, lambda found: str(found) == "10.77.0.1") for a in (*yes, *no, *NEVER)}
    assert [a for a, fine in said.items() if fine] == list(yes)


def test_a_guest_without_words_reaches_nothing() -> None:
    judge = verdict("")
    assert judge.permits("main", "127.0.0.1", lambda a: True)
    assert not judge.permits("moulds", "10.20.0.1", lambda a: False)


def test_serial_ports_belong_to_the_owner_or_to_who_is_named() -> None:
    judge = verdict()
    assert judge.permits_serial("main", "/dev/ttyUSB1") and judge.permits_serial("main", "COM3")
    assert not any(judge.permits_serial("main", p) for p in ("/etc/passwd", "/dev/../etc/passwd", "x", ""))
    assert judge.permits_serial("moulds", "/dev/ttyUSB0") and not judge.permits_serial("moulds", "/dev/ttyUSB1")
    assert not judge.permits_serial("others", "/dev/ttyUSB0")


@pytest.mark.parametrize("text", ["deny: [10.0.0.5/8]", "deny: x", "allow: []", "companies: {A B: {}}", "deny: [plc]"])
def test_a_wrong_text_is_refused(text: str) -> None:
    with pytest.raises(FixConfiguration):
        parse_networks(text)


def test_where_devices_call_and_whose() -> None:
    text = """
calls: [{port: 9502, host: 10.8.0.1, allow: [10.8.0.0/16]}]
companies: {moulds: {calls: true}, tools: {}}
"""
    (port,) = parse_networks(text).calls or ()
    assert [port.admits(a) for a in ("10.8.3.4", "::ffff:10.8.3.4", "10.9.0.1", "fe80::1%eth0", "")] == [
        True, True, False, False, False,
    ]  # fmt: skip
    assert [verdict(text).permits_calls(tenant) for tenant in ("main", "moulds", "tools", "others")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert parse_networks("").calls is None, "not said: loopback, while somebody waits for a call"


@pytest.mark.parametrize(
    "wrong", ["port: 0", "port: 9502, host: plant", "port: 9502, allow: [here]", "host: 127.0.0.1"]
)
def test_ports_that_are_none(wrong: str) -> None:
    with pytest.raises(FixConfiguration) as caught:
        parse_networks(f"calls: [{{{wrong}}}]")
    assert caught.value.code == "config.invalid"
