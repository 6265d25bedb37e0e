"""What a subscription of NATS's client gives: messages of a stream in batches, one more message, an end in peace."""

from __future__ import annotations

from typing import Any

from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from baigong.bus.cancelling import cancellable
from baigong.bus.contract import Stored

BATCH = 256  # messages asked for at once


async def collect(subscription: Any) -> tuple[list[Stored], str]:
    """Take what is there (at least one message), and say whether the pull is over."""
    batch: list[Stored] = []
    try:
        message = await next_message(subscription, 3.5 * 1.0)  # three missed heartbeats
    except (NatsError, TimeoutError):
        return batch, "gone"
    while True:
        status = message.headers.get("Status") if message.headers else None
        if status is None:
            batch.append(_stored(message))
        elif status == "100":  # idle heartbeat
            pass
        elif status in ("404", "408") or "max_bytes" in (message.headers.get("Description") or "").lower():
            return batch, "end"
        else:
            return batch, "gone" if "Batch Completed" not in (message.headers.get("Description") or "") else "end"
        if subscription.pending_msgs == 0 or len(batch) >= BATCH:
            return batch, "more"
        message = await next_message(subscription, 1)


async def next_message(subscription: Any, timeout_s: float | None) -> Msg:
    with cancellable():
        message: Msg = await subscription.next_msg(timeout=timeout_s)
    return message


def _stored(message: Msg) -> Stored:
    # $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time ns>.<pending>, counted from the end
    # because newer servers put domain and account in front.
    parts = message.reply.split(".")
    return Stored(int(parts[-4]), int(parts[-2]) // 1000, message.subject, message.data)


async def unsubscribe(subscription: Any) -> None:
    try:
        await subscription.unsubscribe()
    except (NatsError, OSError):
        return  # the connection is gone, and the subscription with it
