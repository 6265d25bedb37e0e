"""The configuration of a NATS server of ours: durable, each user with its own password and permissions, TLS if seen."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from baigong.bus.passes import Pass
from baigong.bus.roles import Role


def server_configuration(
    host: str, port: int, store: Path, users: Iterable[tuple[Pass, Role]], tls: tuple[Path, Path] | None, *, sync: bool
) -> str:
    """Write it: it holds passwords. ``tls``: files of certificate and key. ``sync``: fsync before the acknowledgement.

    The default of NATS, every two minutes, would lose in a power cut what was acknowledged.
    """
    shown = f'tls {{ cert_file: {_text(tls[0])}, key_file: {_text(tls[1])}, min_version: "1.2" }}\n' if tls else ""
    at = f"[{host}]" if ":" in host else host
    return f"""listen: "{at}:{port}"
server_name: baigong
max_payload: 1MB
max_pending: 256MB
write_deadline: "30s"
{shown}{authorization(users)}jetstream {{ store_dir: {_text(store)}
  max_memory_store: 64MB
  max_file_store: 1TB
  {"sync_interval: always" if sync else ""}
}}
"""


def authorization(users: Iterable[tuple[Pass, Role]]) -> str:
    """Write the block of users, also for servers of a cluster."""
    return "authorization { users = [\n" + "".join(_user(who, role) for who, role in users) + "] }\n"


def _user(who: Pass, role: Role) -> str:
    denied = f", deny: {_list(role.deny)}" if role.deny else ""
    answers = ', allow_responses: { max: 1, expires: "2m" }' if role.answers else ""
    return (
        f"  {{ user: {_text(who.user)}, password: {_text(who.password)}, permissions: {{\n"
        f"    publish: {{ allow: {_list(role.publish)}{denied} }}\n"
        f"    subscribe: {{ allow: {_list(role.subscribe)} }}{answers} }} }}\n"
    )


def _list(subjects: Iterable[str]) -> str:
    return "[" + ", ".join(map(_text, subjects)) + "]"


def _text(text: object) -> str:
    return msgspec.json.encode(str(text)).decode()
