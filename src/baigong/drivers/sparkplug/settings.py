"""The options of one host application, checked once; what concerns the broker is checked as driver mqtt does."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from baigong.drivers.mqtt import settings as mqtt
from baigong.drivers.sparkplug.topics import CERTIFICATES, NAMESPACE

_OURS = ("host_id", "groups", "discover", "ask_for_rebirth", "reorder_s")
_FORBIDDEN = set("/+#\0")


@dataclass(slots=True, frozen=True)
class Settings:
    """See ``driver.toml``. ``link``: what the connection needs; its ``topics`` are those of the groups."""

    link: mqtt.Settings
    host_id: str
    discover: bool
    ask_for_rebirth: bool
    reorder_s: float

    @property
    def certificates(self) -> list[str]:
        """Where a Sparkplug Aware broker would keep the births of these groups."""
        return [CERTIFICATES + wanted for wanted in self.link.topics]


def parse_settings(options: dict[str, Any]) -> Settings:
    """Check the options; driver.option names the one that is wrong."""
    host_id, groups = _text(options, "host_id", "baigong").strip(), _text(options, "groups")
    if _FORBIDDEN & set(host_id):
        raise mqtt.wrong("host_id", "a name without / + #")
    named = [line.strip() for line in groups.splitlines() if line.strip()]
    for name in named:
        if _FORBIDDEN & set(name):
            raise mqtt.wrong("groups", f"{name!r}: a group's name has no / + #")
    topics = "\n".join(f"{NAMESPACE}/{name}/#" for name in named or ["+"])
    of_link = {name: value for name, value in options.items() if name not in _OURS}
    of_link |= {"topics": topics, "qos": 1, "client_id": _text(options, "client_id") or _made_up(options, host_id)}
    reorder_s = options.get("reorder_s")
    return Settings(
        link=mqtt.parse_settings(of_link),
        host_id=host_id,
        discover=options.get("discover") is not False,
        ask_for_rebirth=options.get("ask_for_rebirth") is not False,
        reorder_s=5.0 if reorder_s is None else float(reorder_s),
    )


def _made_up(options: dict[str, Any], host_id: str) -> str:
    """Make a client id that is the same after a restart: the broker then ends what is left of the one before."""
    parts = [host_id, *(str(options.get(name) or "") for name in ("host", "port", "username", "groups"))]
    return "baigong-spb-" + blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()


def _text(options: dict[str, Any], name: str, default: str = "") -> str:
    value = options.get(name, default)
    if value is None:
        return default
    if not isinstance(value, str):
        raise mqtt.wrong(name, f"{value!r} is not text")
    return value
