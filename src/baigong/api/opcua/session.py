"""One client's session: who it is, what of the company it sees, its subscriptions and waiting Publish requests."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from asyncua import ua

from baigong.api.assets import Shown
from baigong.api.doors import Door, enter
from baigong.api.opcua.nodes import Words
from baigong.api.opcua.signin import Caller, SignIn
from baigong.api.opcua.space import Space
from baigong.api.opcua.subscription import Subscription
from baigong.api.rooms import Rooms
from baigong.registry.principal import From

_SEE = Door("see", partly=True)
_NONCE = 32
MOST_SUBSCRIPTIONS = 50
_PUBLISHES = 100  # Publish requests that may wait
Send = Callable[[bytes, int], None]  # an answer's bytes, the id of its request


@dataclass(slots=True)
class Asked:
    """A Publish request that waits. ``until``: monotonic seconds; ``acks``: what became of its acknowledgements."""

    handle: int
    request_id: int
    acks: list[int]
    until: float


@dataclass(slots=True)
class Session:
    """``send`` is the connection that it is on now, None: none; ``timeout_s``: how long it lives without a word."""

    application: str
    come: From
    timeout_s: float
    certificate: bytes
    id: ua.NodeId = field(default_factory=lambda: ua.NodeId(secrets.token_bytes(16), 1, ua.NodeIdType.ByteString))
    token: ua.NodeId = field(default_factory=lambda: ua.NodeId(secrets.token_bytes(32), 0, ua.NodeIdType.ByteString))
    nonce: bytes = field(default_factory=lambda: secrets.token_bytes(_NONCE))
    caller: Caller | None = None
    language: str = "en"
    heard: float = field(default_factory=time.monotonic)
    began_us: int = 0
    subscriptions: dict[int, Subscription] = field(default_factory=dict)
    asked: deque[Asked] = field(default_factory=deque)
    points: dict[bytes, tuple[Any, int]] = field(default_factory=dict)  # continuation points of Browse
    send: Send | None = None
    closed: bool = False
    _space: Space | None = None

    @property
    def whose(self) -> tuple[str, str]:
        """Return who it is, and whose plant they look at; nobody before they sign in."""
        return ("", "") if self.caller is None else (self.caller.who.full_name, self.caller.tenant)

    def is_activated(self) -> bool:
        return self.caller is not None and not self.closed

    def renew(self) -> None:
        self.nonce = secrets.token_bytes(_NONCE)

    def touch(self) -> None:
        self.heard = time.monotonic()

    @property
    def is_over(self) -> bool:
        return time.monotonic() - self.heard > self.timeout_s

    def space(self, rooms: Rooms, sign_in: SignIn) -> Space:
        """Return the address space as this person may see it now. Raises auth.required, auth.denied."""
        assert self.caller is not None  # noqa: S101 - services ask only sessions that are activated
        who = sign_in.now(self.caller)
        tenant, registry = self.caller.tenant, rooms.registry
        seen = enter(rooms, _SEE, who, tenant)
        read = registry.rights.part(who, "read", tenant)
        held = self._space
        tree, words = registry.assets.tree(tenant), registry.assets.words(tenant)
        same = held is not None and held.seen is seen and held.read is read
        if held is not None and same and held.shown.tree is tree and held.shown.words is words:
            return held
        shown = Shown.to(rooms, tenant, seen)
        self._space = Space(tenant, shown, seen, read, registry.types)
        return self._space

    def says(self, words: Words, name: str) -> ua.LocalizedText:
        """Choose the words in the client's language."""
        title, title_zh = words
        if self.language == "zh" and title_zh:
            return ua.LocalizedText(title_zh, "zh-CN")
        if title:
            return ua.LocalizedText(title, "en" if title_zh else None)
        return ua.LocalizedText(title_zh, "zh-CN") if title_zh else ua.LocalizedText(name)

    def speak(self, locales: list[str] | None) -> None:
        """Choose the first language that is one of ours."""
        for locale in locales or []:
            if str(locale)[:2].lower() in ("zh", "en"):
                self.language = str(locale)[:2].lower()
                return

    def ask(self, asked: Asked) -> Asked | None:
        """Keep a Publish request; returns one that has to go for it."""
        self.asked.append(asked)
        return self.asked.popleft() if len(self.asked) > _PUBLISHES else None

    def next_asked(self) -> Asked | None:
        """Return the oldest Publish request that still waits."""
        now = time.monotonic()
        while self.asked:
            one = self.asked.popleft()
            if one.until > now:
                return one
        return None
