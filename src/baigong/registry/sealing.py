"""Where the key lies that opens what is stored closed, and how a device's secrets are closed in files and records.

The key is looked for in: BAIGONG_KEY_FILE (``--key-file``), BAIGONG_KEY, systemd's credential ``baigong.key``, and
``secrets.key`` in the data folder, which is made at the first start and which no backup carries. A key file has one key
a line, 64 hex digits: the first closes, all open.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from baigong.drivers.manifest import manifests
from baigong.security.envelope import Key, Ring, close, is_closed, new_envelope_key, open_envelope
from baigong.stores.durable import replace_file, sync_folder
from baigong.vocab.devices import DeviceSpec
from baigong.vocab.errors import FixConfiguration

KEY_FILE = "secrets.key"
SEALED_WITH = "sealed-with"  # the name of the key that opens this folder: known also where the key is not
_OLD_FILE = "factors.key"  # before there was one key for everything
_CREDENTIAL = "baigong.key"


@dataclass(slots=True, frozen=True)
class KeySource:
    """``file`` None: the key is given and cannot be written from here. ``beside``: it lies in the data folder."""

    text: str
    file: Path | None
    beside: bool = False


def find_key(data: Path, environment: Mapping[str, str] = os.environ) -> KeySource:
    """Find the key's text; empty where there is none yet."""
    if named := environment.get("BAIGONG_KEY_FILE"):
        path = Path(named)
        return KeySource(_read(path), path)
    if given := environment.get("BAIGONG_KEY"):
        return KeySource(given, None)
    credential = Path(environment.get("CREDENTIALS_DIRECTORY") or "/nonexistent") / _CREDENTIAL
    if credential.is_file():
        return KeySource(_read(credential), None)
    own = data / KEY_FILE
    return KeySource(_read(own) if own.exists() else "", own, beside=True)


def open_ring(data: Path, environment: Mapping[str, str] = os.environ) -> Ring:
    """Return the keys of a data folder; a new one is made where nothing was ever closed.

    Raises secret.key when what is stored was closed with a key that is not here.
    """
    source = find_key(data, environment)
    keys = read_keys(source.text, str(source.file or "BAIGONG_KEY"))
    sealed = data / SEALED_WITH
    wanted = sealed.read_text("ascii").strip() if sealed.exists() else ""
    if not keys:
        if wanted or source.file is None:
            raise _missing(wanted, source.file)
        keys = [new_envelope_key()]
        write_keys(source.file, keys)
    old = data / _OLD_FILE
    ring = Ring([*keys, *(read_keys(_read(old), str(old)) if old.exists() else [])])
    if wanted and wanted not in ring:
        raise _missing(wanted, source.file)
    if not wanted:
        replace_file(sealed, ring.name + "\n")
    return ring


def read_keys(text: str, place: str) -> list[bytes]:
    """Read keys, one a line; raises config.invalid for a line that is none."""
    try:
        keys = [bytes.fromhex(line.strip()) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        raise FixConfiguration("config.invalid", "a key has 64 hex digits, one key a line", place=place) from error
    if any(len(key) != 32 for key in keys):
        raise FixConfiguration("config.invalid", "a key has 64 hex digits, one key a line", place=place)
    return keys


def write_keys(path: Path, keys: list[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace_file(path, "".join(key.hex() + "\n" for key in keys), mode=0o600)


def _missing(name: str, file: Path | None) -> FixConfiguration:
    held = f"closed with the key {name}" if name else "closed"
    return FixConfiguration(
        "secret.key", f"what is stored here was {held}, which is not here", place=str(file or "BAIGONG_KEY")
    )


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise FixConfiguration("config.invalid", f"the key file cannot be read: {error}", place=str(path)) from error


def forget_old_key(data: Path) -> None:
    """Take away the key of former times, once everything was closed with the present one."""
    old = data / _OLD_FILE
    if old.exists():
        old.unlink()
        sync_folder(data)


class Sealing:
    """Closes and opens what a device's options hold secret; the driver's manifest says which these are."""

    def __init__(self, key: Key) -> None:
        self._key = key

    def close(self, tenant: str, spec: DeviceSpec) -> DeviceSpec:
        """Return what may be written down."""
        return _mapped(spec, lambda name, value: self._closed(value, _purpose(tenant, spec.device, name)))

    def open(self, tenant: str, spec: DeviceSpec) -> DeviceSpec:
        """Return what a driver needs; raises secret.closed for an envelope of another key or another device."""
        return _mapped(
            spec,
            lambda name, value: (
                open_envelope(value, self._key, _purpose(tenant, spec.device, name)) if is_closed(value) else value
            ),
        )

    def _closed(self, value: str, purpose: str) -> str:
        return close(value, self._key, purpose) if value and not is_closed(value) else value


def reach(spec: DeviceSpec) -> dict[str, Any]:
    """Return the options, as they apply, that decide who gets a device's secrets, or who may listen."""
    told = manifests().get(spec.driver)
    asked = [o for o in told.options if o.reach] if told else []
    return {o.name: o.default if (given := spec.options.get(o.name)) in (None, "") else given for o in asked}


def secret_names(driver: str) -> set[str]:
    """Name the options of a driver that are secret."""
    told = manifests().get(driver)
    return {o.name for o in told.options if o.type == "secret"} if told else set()


def has_open_secrets(spec: DeviceSpec) -> bool:
    """Tell whether a device, as written down, shows a secret."""
    values = (spec.options.get(name) for name in secret_names(spec.driver))
    return any(isinstance(value, str) and value and not is_closed(value) for value in values)


def _mapped(spec: DeviceSpec, change: Any) -> DeviceSpec:
    names = secret_names(spec.driver)
    options = {
        name: change(name, value) if name in names and isinstance(value, str) else value
        for name, value in spec.options.items()
    }
    return spec if options == spec.options else msgspec.structs.replace(spec, options=options)


def _purpose(tenant: str, device: str, option: str) -> str:
    return f"device/{tenant}/{device}/{option}"
