"""What each process signs in to NATS with: its user, a password of its own, and where it finds the server."""

from __future__ import annotations

import os
import secrets
import ssl
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from baigong.vocab.errors import FixConfiguration
from baigong.vocab.ids import gateway_id

PLATFORM = "platform"  # registry, historian and API
KEEPER = "keeper"  # backup and doctor: looks, holds, copies; changes nothing
RESTORE = "restore"  # gives a stream back: only on a server that no platform uses yet
_GATEWAY = "gateway-"


class Pass(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one process signs in with; a file that only it can read. ``user`` empty: ``password`` is a token.

    ``companies``: the only ones a gateway serves; empty: all. ``partitions``: whose streams its process writes or
    reads. ``ca``: who signed the server's certificate (PEM).
    """

    user: str
    password: str
    url: str = ""
    companies: tuple[str, ...] = ()
    partitions: tuple[str, ...] = ("p0",)
    ca: str = ""

    @property
    def gateway(self) -> str:
        """The name of the gateway whose pass this is; empty for other roles."""
        return self.user.removeprefix(_GATEWAY) if self.user.startswith(_GATEWAY) else ""


def gateway_user(name: str) -> str:
    return _GATEWAY + gateway_id(name)


def inbox(user: str) -> str:
    """Return where answers to this user arrive; nobody else can listen there."""
    return f"_INBOX.{user}" if user else "_INBOX"


def trust(who: Pass) -> ssl.SSLContext | None:
    """Return what the pass says to trust; None where it says nothing."""
    if not who.ca:
        return None
    context = ssl.create_default_context(cadata=who.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def new_password() -> str:
    return secrets.token_urlsafe(32)


def pass_file(folder: Path, user: str) -> Path:
    return folder / f"{user}.json"


def write_pass(folder: Path, who: Pass) -> Path:
    """Write a pass for its process alone; returns where."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = pass_file(folder, who.user)
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(who) + b"\n")
    os.replace(fresh, path)
    return path


def read_pass(path: Path) -> Pass:
    """Read a pass; raises config.invalid for a file that is none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Pass)
    except (OSError, msgspec.MsgspecError) as error:
        raise FixConfiguration("config.invalid", f"this is no pass for the bus: {error}", place=str(path)) from error


def passes_in(folder: Path) -> Iterator[Pass]:
    """Read every pass of a folder, by name."""
    for path in sorted(folder.glob("*.json")):
        yield read_pass(path)
