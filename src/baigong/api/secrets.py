"""Keeps what a device's options hold secret (passwords, keys) out of answers, and puts it back on saving."""

from __future__ import annotations

import msgspec

from baigong.registry.sealing import reach, secret_names
from baigong.security.envelope import masked
from baigong.vocab.devices import DeviceSpec
from baigong.vocab.errors import FixConfiguration

HIDDEN = "********"


def hide_secrets(spec: DeviceSpec) -> DeviceSpec:
    names = secret_names(spec.driver)
    shown = {name: HIDDEN if name in names and value else value for name, value in spec.options.items()}
    return msgspec.structs.replace(spec, options=shown)


def hide_secrets_in_text(text: str, spec: DeviceSpec) -> str:
    """Hide the same in the device's YAML."""
    for name in secret_names(spec.driver):
        value = spec.options.get(name)
        if isinstance(value, str) and value:
            text = text.replace(value, HIDDEN)
    return masked(text, HIDDEN)


def keep_secrets(spec: DeviceSpec, held: DeviceSpec | None) -> DeviceSpec:
    """Where the sender sent back what we had hidden, keep what was there.

    Raises secret.again when it would go elsewhere: who may change an address need not know the password.
    """
    if held is None or held.driver != spec.driver:
        return spec
    hidden = {name for name in secret_names(spec.driver) if spec.options.get(name) == HIDDEN}
    kept = {name: held.options.get(name, value) if name in hidden else value for name, value in spec.options.items()}
    before = reach(held)
    changed = [name for name, value in reach(spec).items() if value != before[name]]
    if changed and any(held.options.get(name) for name in hidden):
        raise FixConfiguration(
            "secret.again", f"{', '.join(changed)} changed: what was kept is not sent there", place=", ".join(hidden)
        )
    return msgspec.structs.replace(spec, options=kept)
