"""The one reader of texts that people write: in which letters, and YAML (no key twice, what is wrong with its line)."""

from __future__ import annotations

from functools import cache
from typing import Any

from baigong.vocab.errors import FixConfiguration

# by its constructors: a date that does not exist, a tag on a word that it does not fit, too deep a text
_LET_THROUGH = (ValueError, LookupError, AttributeError, TypeError, ArithmeticError, RecursionError)


FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs a text that begins with one


def decoded(raw: bytes, errors: str = "replace") -> tuple[str, str]:
    """Return (text, encoding): UTF-8, or what Excel writes in China, GB 18030 or UTF-16.

    ``errors``: what becomes of bytes that are none of them, as in ``bytes.decode``; "strict" raises UnicodeDecodeError.

    >>> decoded("温度".encode("gb18030"))
    ('温度', 'gb18030')
    """
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", errors), "utf-16"
    try:
        return raw.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        return raw.decode("gb18030", errors), "gb18030"


def read_yaml(text: str, place: str, *, code: str = "config.invalid", as_written: bool = False) -> Any:
    """Read YAML; None for a text that says nothing. Raises ``code`` with the line.

    A key that stands twice is refused: of two, YAML itself keeps the last without a word. ``as_written``: numbers and
    dates stay the strings they are, so that 0.10 is not 0.1.

    >>> read_yaml("price: 0.10", "tariff", as_written=True), read_yaml("", "tariff")
    ({'price': '0.10'}, None)
    """
    import yaml

    try:
        return yaml.load(text, _loader(as_written))  # noqa: S506 - safe loaders, and stricter
    except _Twice as error:
        raise FixConfiguration(code, str(error), place=place) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"line {mark.line + 1}: " if mark else ""
        raise FixConfiguration(code, f"not YAML: {line}{error.problem or error.context}", place=place) from error
    except (yaml.YAMLError, *_LET_THROUGH) as error:
        raise FixConfiguration(code, f"not YAML: {error}", place=place) from error


def on_one_line(value: Any) -> str:
    """Write a value in YAML as it stands on one line.

    >>> on_one_line({"address": "holding:0", "unit": "°C"}), on_one_line("yes")
    ("{address: 'holding:0', unit: °C}", "'yes'")
    """
    import yaml

    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000)
    return str(text).removesuffix("...\n").strip()


class _Twice(Exception):
    """A key stands twice."""


@cache
def _loader(as_written: bool) -> Any:
    import yaml

    name = "BaseLoader" if as_written else "SafeLoader"
    fastest: Any = getattr(yaml, f"C{name}", getattr(yaml, name))

    class Loader(fastest):  # type: ignore[misc]
        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            seen = set()
            for key, _ in node.value:
                if not isinstance(key.value, str):
                    continue
                if key.value in seen and key.value != "<<":
                    raise _Twice(f"line {key.start_mark.line + 1}: {key.value} stands here twice")
                seen.add(key.value)
            return super().construct_mapping(node, deep)

    return Loader
