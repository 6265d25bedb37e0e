"""Times as people give them to the SDK: moments and spans, as the server takes them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from baigong.vocab.devices import seconds
from baigong.vocab.errors import FixConfiguration

Time = str | int | date | datetime | timedelta
_OLDEST_US = 100_000_000_000_000  # 1973: a smaller number is one of seconds or milliseconds


def when(time: Time) -> str:
    """Write a time as the server reads it; a naive one is UTC."""
    if isinstance(time, datetime):
        aware = time if time.tzinfo else time.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat()
    if isinstance(time, timedelta):
        return f"-{time / timedelta(seconds=1):.6f}s"
    if isinstance(time, int | float) and 0 < abs(time) < _OLDEST_US:  # else all of history comes, without a word
        raise FixConfiguration("config.invalid", f"{time} is not in microseconds; give a datetime", place="time")
    return str(int(time)) if isinstance(time, float) else str(time)


def moment(time: Time, now: datetime) -> str:
    """Write a time as ISO 8601: what ``back`` takes, on this machine's clock."""
    text = back(time)
    try:
        if text == "now":
            return now.isoformat()
        if text.startswith("-"):
            return (now - timedelta(seconds=seconds(text[1:]))).isoformat()
        if text.isdecimal():
            return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(text))).isoformat()
        said = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise FixConfiguration("config.invalid", f"{text!r} is no time: {error}", place="time") from error
    return (said if said.tzinfo else said.replace(tzinfo=UTC)).isoformat()


def moment_us(time: Time) -> int:
    """Return a time in microseconds, on this machine's clock; ``30d`` is thirty days ago."""
    return int(datetime.fromisoformat(moment(time, datetime.now(UTC))).timestamp() * 1e6)


def back(time: Time) -> str:
    """Read "30d" as thirty days ago."""
    text = when(time)
    return f"-{text}" if text[:1].isdigit() and text[-1:].isalpha() and "T" not in text else text
