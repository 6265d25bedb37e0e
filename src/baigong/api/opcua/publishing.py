"""Tells each session what is news: at the pace of its subscriptions, one message per Publish request."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from asyncua import ua

from baigong.api.opcua.notices import message, publish_response, status_change
from baigong.api.opcua.reading import Reader
from baigong.api.opcua.session import Session
from baigong.api.opcua.subscription import Subscription
from baigong.vocab.errors import BaigongError

_AT_ONCE = 8  # messages of one subscription in a row


@dataclass(slots=True, frozen=True)
class Left:
    """A subscription without a session. ``whose``: who may take it over; ``until``: monotonic seconds."""

    one: Subscription
    whose: tuple[str, str]
    until: float


class Publisher:
    """Lives on the event loop. ``reader``: reads what is no point's value."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def run(self, one: Subscription, left: dict[int, Left]) -> None:
        """Publish one subscription until it ends. ``left``: those whose session went, for another to take over."""
        at = time.monotonic()
        while True:
            session = one.owner
            if session is not None and not session.closed and one.id in session.subscriptions:
                self._turn(session, one)
                if one.ended and not one.has_news:
                    session.subscriptions.pop(one.id, None)
                    return
            elif one.id not in left:
                return
            elif not one.cycle() or left[one.id].until < time.monotonic():
                left.pop(one.id, None)
                return
            at = max(at + one.pace.interval_s, time.monotonic())
            await asyncio.sleep(at - time.monotonic())

    def _turn(self, session: Session, one: Subscription) -> None:
        if not one.ended:
            try:
                space = session.space(self._reader.rooms, self._reader.sign_in)
                self._reader.follow(space, one)
                if one.others:
                    one.sample(lambda what: self._reader.one(session, space, what))
            except BaigongError:  # the session or token has ended, or everything was taken away
                one.end(ua.StatusCodes.BadUserAccessDenied)
        if not one.cycle():
            one.end(ua.StatusCodes.BadTimeout)
            session.subscriptions.pop(one.id, None)
        self.tell(session, one)

    def tell(self, session: Session, one: Subscription) -> None:
        """Answer waiting Publish requests with what there is."""
        for _ in range(_AT_ONCE):
            if not one.late or session.send is None:
                return
            asked = session.next_asked()
            if asked is None:
                return
            made = one.next_message()
            one.late = one.has_news
            one.heard()
            now = self._reader.rooms.clock_us()
            raw = publish_response(asked.handle, one.id, one.available, one.late, made, asked.acks, now)
            session.send(raw, asked.request_id)

    def tell_gone(self, session: Session, one: Subscription) -> None:
        """Tell the session that had a subscription that another one has it now (OPC 10000-4 §5.14.7)."""
        asked = session.next_asked() if session.send is not None else None
        if asked is None or session.send is None:
            return
        now = self._reader.rooms.clock_us()
        made = message(one.next_number(), now, [status_change(ua.StatusCodes.GoodSubscriptionTransferred)])
        session.send(publish_response(asked.handle, one.id, [], False, made, asked.acks, now), asked.request_id)

    def asked(self, session: Session) -> None:
        """Follow a new Publish request: who is late goes first."""
        for one in list(session.subscriptions.values()):
            one.heard()
            if one.late:
                self.tell(session, one)
