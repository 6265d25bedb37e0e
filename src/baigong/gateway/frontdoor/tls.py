"""The front door's certificate: made at the first start by our own small authority, or given as files."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path

from baigong.registry.serving import AUTHORITY, ServerCertificate
from baigong.security.envelope import Key

_NO_CHECK_TIME = ssl.VerifyFlags(0x20_0000)  # X509_V_FLAG_NO_CHECK_TIME


class DoorCertificate(ServerCertificate):
    """``certificate`` and ``key`` given: these files (PEM, with the chain). Else ours, in ``folder``:
    ``mqtt-ca.pem``, which devices are given, and what it signs. ``is_required``: of clients, too. Blocks.
    """

    def __init__(
        self,
        folder: Path,
        hosts: Sequence[str],
        *,
        certificate: Path | None = None,
        key: Path | None = None,
        sealed_with: Key | None = None,
        is_required: bool = False,
    ) -> None:
        super().__init__(folder, "mqtt-server", hosts, certificate=certificate, key=key, sealed_with=sealed_with)
        self.context.options |= ssl.OP_NO_RENEGOTIATION
        self.context.num_tickets = 1  # for one resumption; every ticket holds the client's certificate
        self.is_required = is_required

    def trust(self, authority: str) -> None:
        """Take certificates of clients that this authority (PEM) signed."""
        self.context.load_verify_locations(cadata=authority)
        # Whether one has ended we ask at every sign-in, a resumed one too, and then know whose it was.
        self.context.verify_flags |= _NO_CHECK_TIME
        self.context.verify_mode = ssl.CERT_REQUIRED if self.is_required else ssl.CERT_OPTIONAL

    def pem(self) -> str:
        """What a client has to trust: our authority, or the file that was given."""
        return (self.certificate if self.is_given else self.folder / AUTHORITY).read_text()

    def names(self) -> list[str]:
        """The names and addresses under which a client may connect."""
        return self.facts().hosts
