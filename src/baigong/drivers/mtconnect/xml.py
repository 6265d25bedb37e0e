"""Documents of an agent as trees. A DTD could bring entities, so none is read; namespaces, one a version, go."""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError, TreeBuilder
from xml.parsers import expat

from baigong.vocab.errors import RetryLater

MOST = 32 << 20  # bytes of a document
_DEEPEST = 100  # elements inside each other


def parse(content: bytes) -> Element:
    """Read a document. Raises driver.protocol for what is none, or brings a DTD, or is too deep or too large."""
    if len(content) > MOST:
        raise _wrong(f"a document of {len(content)} bytes is too large")
    builder, depth = TreeBuilder(), 0
    parser = expat.ParserCreate(namespace_separator="}")

    def started(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise _wrong("the document is nested too deep")
        builder.start(name.rpartition("}")[2], {key.rpartition("}")[2]: value for key, value in attributes.items()})

    def ended(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name.rpartition("}")[2])

    def doctype(*_: object) -> None:
        raise _wrong("the document brings a DTD, which could bring entities: it is not read")

    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler, parser.EndElementHandler = started, ended
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(content, True)
        return builder.close()
    except (expat.ExpatError, ParseError, AssertionError, LookupError, ValueError) as error:
        raise _wrong(f"the agent's answer is no XML: {error}") from error


def _wrong(why: str) -> RetryLater:
    return RetryLater("driver.protocol", why)
