"""What systemd hears from us when it started us: that we are ready, and in one line how we are (sd_notify(3))."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def tell_systemd(*lines: str) -> None:
    """Send ``READY=1``, ``STATUS=…``; nothing where nobody listens."""
    name = os.environ.get("NOTIFY_SOCKET")
    if not name:
        return
    address = f"\0{name[1:]}" if name.startswith("@") else name
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
        way.sendto("\n".join(lines).encode(), address)
