"""Where in the stream to go on: after a start, after a lost connection, and when the stream is not the one we knew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from baigong.bus.contract import Bus, StreamState
from baigong.stores.lake.table import split_position
from baigong.vocab.errors import RetryLater


@dataclass(slots=True, frozen=True)
class Known:
    """What the lake says of the stream.

    ``epoch``, ``seq``: up to where it was read. ``stored_us``: when the stream stored the message there; 0 when nobody
    knows. ``bursts``: the sequence of this epoch up to which bursts are in the lake; it is ahead of ``seq`` after a
    kill between the two commits. ``highest``: the highest epoch ever minted.
    """

    epoch: int
    seq: int
    stored_us: int
    bursts: int
    highest: int


async def resume(
    bus: Bus, partition: str, known: Known, stream_bytes: int, told: Callable[[str], None]
) -> tuple[int, int]:
    """Return (epoch, first sequence to read), minting an epoch when the stream is new or has forgotten itself."""
    state = await bus.stream_state(partition)
    if state is None:
        made = await bus.ensure_stream(partition, epoch=known.highest + 1, max_bytes=stream_bytes)
        return made.epoch, 1
    if state.max_bytes != stream_bytes:
        await bus.ensure_stream(partition, epoch=state.epoch, max_bytes=stream_bytes)
    if state.epoch < known.highest or (state.epoch == known.epoch and await _forgot(bus, partition, state, known)):
        epoch = known.highest + 1
        told(f"stream {partition} is behind the lake or was made anew: epoch {epoch}")
        await bus.set_epoch(partition, epoch)
        return epoch, max(state.first_seq, 1)
    start = known.seq + 1 if state.epoch == known.epoch else max(state.first_seq, 1)
    if state.first_seq > start and state.last_seq >= start:
        raise RetryLater("storage.corrupt", f"stream begins at {state.first_seq}, the lake ends at {start - 1}")
    return state.epoch, start


async def _forgot(bus: Bus, partition: str, state: StreamState, known: Known) -> bool:
    """Tell whether the stream is not the one we read up to ``seq``: shorter, or with another message there."""
    if state.last_seq < max(known.seq, known.bursts):
        return True
    if not known.stored_us or not state.first_seq <= known.seq <= state.last_seq:
        return False
    stored_us = await bus.stored_time(partition, known.seq)
    return stored_us is not None and stored_us != known.stored_us


def seq_in(epoch: int, at: int) -> int:
    """Return the sequence of a position in this epoch; 0 when it is of an older one."""
    held, seq = split_position(at)
    return seq if held == epoch else 0
