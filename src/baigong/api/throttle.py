"""Slows down those who guess passwords, without giving them a way to shut others out."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from baigong.vocab.errors import RetryLater

_FREE = 5  # wrong passwords before waiting begins
_FIRST_WAIT_S = 2.0
_LONGEST_WAIT_S = 300.0
_LONGEST = 12  # doublings, more than lead to the longest wait
_REMEMBERED = 10_000
_WAITING = 8  # proofs of one address at once: some half a second of work

_Failures = OrderedDict[tuple[str, ...], tuple[int, float]]


class Throttle:
    """Counts failures per key; a key is (user, network) for strangers, (user, browser) for browsers that we know.

    So a stranger's failures slow down neither another network nor a browser from which that user has signed in. Who
    waits already is remembered apart: a flood of names that were never tried pushes nobody's waiting out.
    ``clock_s``: monotonic seconds.
    """

    def __init__(self, clock_s: Callable[[], float], said: str = "too many wrong passwords") -> None:
        self._said = said
        self._clock_s = clock_s
        self._tried: _Failures = OrderedDict()
        self._slowed: _Failures = OrderedDict()

    def check(self, key: tuple[str, ...]) -> None:
        """Raise auth.throttled while ``key`` has to wait."""
        _, until = self._slowed.get(key, (0, 0.0))
        wait = until - self._clock_s()
        if wait > 0:
            raise RetryLater("auth.throttled", f"{self._said}; wait {wait:.0f} s", retry_after_s=max(1, round(wait)))

    def failed(self, key: tuple[str, ...]) -> None:
        count = (self._slowed.pop(key, None) or self._tried.pop(key, None) or (0, 0.0))[0] + 1
        wait = min(_FIRST_WAIT_S * 2.0 ** min(max(0, count - _FREE), _LONGEST), _LONGEST_WAIT_S)
        held = self._slowed if count >= _FREE else self._tried
        held[key] = (count, self._clock_s() + wait)
        while len(held) > _REMEMBERED:
            held.popitem(last=False)

    def succeeded(self, key: tuple[str, ...]) -> None:
        self._slowed.pop(key, None)
        self._tried.pop(key, None)


class Queue:
    """Lets few proofs of one address or browser wait at once: each costs time, and who brings many waits for few.

    So a flood from one address fills its own places only, and those of others stay free.
    """

    def __init__(
        self, most: int = _WAITING, code: str = "auth.throttled", said: str = "too many sign-ins at once from here"
    ) -> None:
        self._most, self._code, self._said = most, code, said
        self._waiting: Counter[str] = Counter()

    @contextmanager
    def place(self, of: str) -> Iterator[None]:
        """Take a place for as long as this lasts. Raises ``code`` when all are taken."""
        if self._waiting[of] >= self._most:
            raise RetryLater(self._code, self._said, retry_after_s=1)
        self._waiting[of] += 1
        try:
            yield
        finally:
            self._waiting[of] -= 1
            if not self._waiting[of]:
                del self._waiting[of]
