"""The front door's certificate: made at the first start by our own small authority, or given as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from baigong.registry.serving import AUTHORITY, ServerCertificate
from baigong.security.envelope import Key


class DoorCertificate(ServerCertificate):
    """``certificate`` and ``key`` given: these files (PEM, with the chain). Else ours, in ``folder``:
    ``mqtt-ca.pem``, which devices are given, and what it signs. Everything here blocks.
    """

    def __init__(
        self,
        folder: Path,
        hosts: Sequence[str],
        *,
        certificate: Path | None = None,
        key: Path | None = None,
        sealed_with: Key | None = None,
    ) -> None:
        super().__init__(folder, "mqtt-server", hosts, certificate=certificate, key=key, sealed_with=sealed_with)

    def pem(self) -> str:
        """What a client has to trust: our authority, or the file that was given."""
        return (self.certificate if self.is_given else self.folder / AUTHORITY).read_text()

    def names(self) -> list[str]:
        """The names and addresses under which a client may connect."""
        return self.facts().hosts
