"""The bus one platform runs on: its own server, or a cluster with passes that ``baigong bus passes`` made for it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from baigong.bus.embedded import PASSES, BusTls, EmbeddedNats
from baigong.bus.passes import Pass, pass_file, read_pass
from baigong.cli.names import own_names
from baigong.registry.serving import AUTHORITY, ServerCertificate, read_key
from baigong.security.envelope import Key
from baigong.vocab.addresses import is_loopback

_FOLDER = "nats"


@dataclass(slots=True, frozen=True, kw_only=True)
class OwnBus:
    """The embedded server, as an operator chooses it. ``names``: by which gateways elsewhere know this machine."""

    host: str
    port: int
    names: tuple[str, ...] = ()
    reserve: int = 1 << 30
    survives_kill_only: bool = False


async def start_own(
    stack: AsyncExitStack, data: Path, chosen: OwnBus, ring: Key, told: Callable[[str], None]
) -> EmbeddedNats:
    """Start the server for as long as the stack lasts; beyond loopback with a certificate of our authority."""
    server = EmbeddedNats(
        data / _FOLDER,
        host=chosen.host,
        port=chosen.port,
        tls=None if is_loopback(chosen.host) else _certificate(data, chosen, ring),
        reserve=chosen.reserve,
        survives_kill_only=chosen.survives_kill_only,
        told=told,
    )
    return await stack.enter_async_context(server)


def _certificate(data: Path, chosen: OwnBus, ring: Key) -> BusTls:
    made = ServerCertificate(data / "certificates", "nats", own_names(chosen.host, chosen.names), sealed_with=ring)
    made.load()
    return BusTls(
        certificate=made.certificate,
        key=lambda: read_key(made.key, ring),
        ca=lambda: (made.folder / AUTHORITY).read_text("ascii"),
    )


def passes_of(data: Path) -> Path:
    return data / _FOLDER / PASSES


def cluster_pass(data: Path, user: str, url: str, token: str) -> Pass | None:
    """Return what a role signs in to a cluster with: a token that all share, else its pass for this very cluster."""
    if token:
        return Pass(user="", password=token, url=url)
    path = pass_file(passes_of(data), user)
    held = read_pass(path) if path.exists() else None
    return held if held is not None and held.url == url else None
