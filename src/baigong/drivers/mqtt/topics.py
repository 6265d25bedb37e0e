"""Topic names and filters: what is allowed (§4.7), and which filter matches which name."""

from __future__ import annotations

from baigong.vocab.errors import FixConfiguration


def malformed(clause: str, message: str) -> FixConfiguration:
    """Make the error for bytes that are not MQTT; ``clause`` is the standard's own number."""
    return FixConfiguration("mqtt.malformed", f"{message} [{clause}]", clause=clause)


def text(raw: bytes) -> str:
    """Decode an MQTT string: UTF-8 without surrogates and without U+0000."""
    try:
        decoded = str(raw, "utf-8")
    except UnicodeDecodeError as error:
        raise malformed("MQTT-1.5.3-1", "a string is not UTF-8") from error
    if "\0" in decoded:
        raise malformed("MQTT-1.5.3-2", "a string holds U+0000")
    return decoded


def topic_name(raw: bytes) -> str:
    """Decode the topic of a PUBLISH: at least one character, no wildcards.

    >>> topic_name(b"plant/press3/data")
    'plant/press3/data'
    """
    name = text(raw)
    if not name:
        raise malformed("MQTT-4.7.3-1", "a topic is empty")
    if "+" in name or "#" in name:
        raise malformed("MQTT-3.3.2-2", f"topic {name!r} holds a wildcard")
    return name


def topic_filter(raw: bytes) -> str:
    """Decode the topic filter of a SUBSCRIBE: ``+`` and ``#`` fill whole levels, ``#`` the last one.

    >>> topic_filter(b"plant/+/data/#")
    'plant/+/data/#'
    """
    wanted = text(raw)
    if not wanted:
        raise malformed("MQTT-4.7.3-1", "a topic filter is empty")
    levels = wanted.split("/")
    for at, level in enumerate(levels):
        if "#" in level and (level != "#" or at != len(levels) - 1):
            raise malformed("MQTT-4.7.1-2", f"filter {wanted!r}: # stands alone, in the last level")
        if "+" in level and level != "+":
            raise malformed("MQTT-4.7.1-3", f"filter {wanted!r}: + fills a whole level")
    return wanted


def covers(wanted: str, name: str) -> bool:
    """Tell whether a filter matches a topic name; wildcards in front do not match ``$`` topics [MQTT-4.7.2-1].

    >>> covers("a/+/c", "a/b/c"), covers("a/#", "a"), covers("#", "$SYS/x"), covers("+/b", "/b")
    (True, True, False, True)
    """
    want, have = wanted.split("/"), name.split("/")
    if name[:1] == "$" and want[0] in ("+", "#"):
        return False
    for at, level in enumerate(want):
        if level == "#":
            return True
        if at >= len(have) or level not in ("+", have[at]):
            return False
    return len(want) == len(have)


def within(allowed: str, wanted: str) -> bool:
    """Tell whether every topic that the filter ``wanted`` matches is matched by the filter ``allowed``, too.

    >>> within("a/#", "a/+/c"), within("a/#", "a"), within("a/+", "a/#"), within("a/b", "a/+"), within("+/b", "#")
    (True, True, False, False, False)
    """
    may, want = ["#"] if allowed == "+/#" else allowed.split("/"), wanted.split("/")  # the same: all there is
    if wanted[:1] == "$" and may[0] in ("+", "#"):
        return False
    for at, level in enumerate(may):
        if level == "#":
            return True
        if at >= len(want) or want[at] == "#" or level not in ("+", want[at]):
            return False
    return len(may) == len(want)
