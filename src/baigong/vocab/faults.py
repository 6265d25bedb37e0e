"""Which field of a text that people wrote is wrong, and what they may have meant. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from baigong.vocab.errors import FixConfiguration


def wrong_part(raw: Mapping[str, Any], name: str, parts: Mapping[str, type[Struct]]) -> FixConfiguration | None:
    """Say which field of which part it is; None: of none. The message about the whole only says that one is wrong.

    ``parts``: "points" -> what each of them is.
    """
    for what, kind in parts.items():
        for key, told in raw[what].items() if isinstance(raw.get(what), dict) else ():
            try:
                msgspec.convert(told, kind)
            except msgspec.ValidationError as error:
                return wrong_field(error, f"{name}.{what}.{key}", kind)
    return None


def wrong_field(error: msgspec.ValidationError, place: str, kind: type[Struct]) -> FixConfiguration:
    """Say which field of what stands at ``place`` it is."""
    message, _, path = str(error).partition(" - at `$")
    place += re.sub(r"\[.*", "", path.rstrip("`"))
    unknown = re.search(r"unknown field `(.*)`", message)
    if unknown:
        near = difflib.get_close_matches(unknown[1], kind.__struct_fields__, 1)
        quotes = "; within { } a comma ends what is written: put it in quotes" if set(unknown[1]) & set("()") else ""
        message, place = message + (f"; perhaps {near[0]}" if near else quotes), f"{place}.{unknown[1]}"
    if message.endswith("got `bool`"):
        message += "; YAML takes on, off, yes and no for true and false: write them in quotes"
    return FixConfiguration("config.invalid", message, place=place)
