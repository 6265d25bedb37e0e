"""XML of strangers is looked at before any library reads it: a DTD could bring entities, so none is ever read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from xml.parsers import expat

_SAID = "the XML brings a DTD, which could bring entities: it is not read"


class _SeenEnoughError(Exception):
    """The root element came: after it comes no DTD, and the rest is another reader's."""


def opened(
    content: bytes,
    refuse: Callable[[str], Exception],
    *,
    declared: Callable[[str | None], None] = lambda encoding: None,
) -> str:
    """Return the name of the root element, its namespace and a brace before it where it has one.

    ``refuse`` makes the error for a DTD; ``declared`` is told the encoding that the XML names. Raises expat.ExpatError
    for what is no XML up to there.
    """
    root: list[str] = []
    parser = expat.ParserCreate(namespace_separator="}")

    def doctype(*_: object) -> None:
        raise refuse(_SAID)

    def started(name: str, attributes: dict[str, str]) -> None:
        root.append(name)
        raise _SeenEnoughError

    parser.XmlDeclHandler = lambda version, encoding, standalone: declared(encoding)
    parser.StartDoctypeDeclHandler, parser.StartElementHandler = doctype, started
    with suppress(_SeenEnoughError):
        parser.Parse(content, True)
    return root[0]
