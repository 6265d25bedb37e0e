"""What the server did not let us do: it says so apart from any answer; here it is told, and kept for who asked."""

from __future__ import annotations

import logging
import re
from collections import Counter

from baigong.vocab.errors import RetryLater

_log = logging.getLogger(__name__)
_WORDS = re.compile(r'permissions violation for (publish|subscription) to "([^"]*)"', re.IGNORECASE)
_MOST = 1000  # different subjects that are remembered


class Refusals:
    """``counts``: by what it was (publish, subscription) and its subject, in small letters (as NATS's client tells)."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()

    def take(self, error: Exception) -> str:
        """Note what the server told; returns the subject that may not be published, empty for all else."""
        found = _WORDS.search(str(error))
        if found is None:
            return ""
        what, subject = found[1].lower(), found[2].lower()
        if (what, subject) not in self.counts:
            if len(self.counts) >= _MOST:
                subject = "others"
            _log.error("the bus refused the %s of %s: the role of this program may not", what, subject)
        self.counts[what, subject] += 1
        return subject if what == "publish" else ""

    def check(self, subject: str) -> None:
        """Raise bus.refused for what was refused before: it was no use to wait for an answer."""
        if ("publish", subject.lower()) in self.counts:
            raise refusal(subject)


def refusal(subject: str) -> RetryLater:
    return RetryLater("bus.refused", f"this role may not publish {subject}", place=subject)
