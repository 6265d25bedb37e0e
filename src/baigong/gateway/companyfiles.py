"""Each company's own files on a gateway: the server certificates it trusts, and certificates and keys of its own.

``<certificates>/companies/<company>/own`` holds what the operator put there, ``…/servers`` what the drivers write
(``trusted/``, ``waiting/``). An option names a file in ``own``; a path is none, and a link leads nowhere.
"""

from __future__ import annotations

import re
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from baigong.drivers.manifest import Manifest
from baigong.gateway.identity import OwnCertificate
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.ids import tenant_id

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
_INLINE = "-----BEGIN "  # PEM that stands in the option itself


class CompanyFiles:
    """``owns`` tells whether the gateway belongs to a company: then what was trusted before is its own."""

    def __init__(self, own: OwnCertificate, owns: Callable[[str], bool]) -> None:
        self._own = own
        self._owns = owns

    def complete(self, claimed: Manifest, options: dict[str, Any], tenant: str) -> dict[str, Any]:
        """Put the company's paths, and our certificate where it named none, into a driver's options.

        The trust folder is ours whatever they say: a device's options come from people, and files are written there.
        Raises driver.file for what is no name of a file there.
        """
        known = {option.name: option for option in claimed.options}
        made = dict(options)
        for name in (n for n, option in known.items() if option.file and options.get(n)):
            made[name] = self._file(tenant, name, str(options[name]).strip())
        if "trust_folder" in known:
            made["trust_folder"] = str(self._trust(tenant))
        if {"certificate", "private_key"} <= known.keys() and not options.get("certificate"):
            # the key as text: in its file it may lie closed
            made |= {"certificate": str(self._own.certificate), "private_key": self._own.key_pem().decode()}
        return made

    def folder(self, tenant: str) -> Path:
        """Return a company's folder, made where it is not; one without a company is that of nobody."""
        made = self._own.folder / "companies" / (tenant_id(tenant) if tenant else "_")
        made.mkdir(parents=True, exist_ok=True, mode=0o700)
        return made

    def forget(self, tenant: str) -> None:
        """Delete what a company that has left had here."""
        shutil.rmtree(self._own.folder / "companies" / tenant_id(tenant), ignore_errors=True)

    def _file(self, tenant: str, option: str, name: str) -> str:
        if name.startswith(_INLINE):
            return name
        path = self.folder(tenant) / "own" / name
        try:
            found = bool(_NAME.match(name)) and stat.S_ISREG(path.lstat().st_mode) and not path.parent.is_symlink()
        except OSError:
            found = False
        if not found:  # one answer to a path, a link and what is not there: nobody learns what the disk holds
            raise FixConfiguration("driver.file", f"{option}: the company has no file of this name", place=option)
        return str(path)

    def _trust(self, tenant: str) -> Path:
        folder = self.folder(tenant) / "servers"
        before = self._own.servers
        if tenant and not folder.exists() and self._owns(tenant) and (before / "trusted").is_dir():
            before.rename(folder)  # of before each company had its own
        folder.mkdir(exist_ok=True, mode=0o700)
        return folder
