"""How much of a file is read at most: what came from outside decides neither our memory nor our time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class Limits:
    """Bounds of one reading; sizes in bytes, unpacked.

    The largest published template family packs 0.7 MB of XML; a machine's whole documentation rarely 100 MB.
    """

    file: int = 256 << 20  # as it comes: JSON, XML, or a package packed
    text: int = 32 << 20  # of one environment, JSON or XML: in memory about fifteen times as much
    part: int = 256 << 20  # of one other file in a package
    package: int = 512 << 20  # of all parts together
    parts: int = 4096
    relationships: int = 10_000


DEFAULT = Limits()
MOST_THINGS = 1_200_000  # XML elements, or JSON objects and arrays: the engines take 0.5 kB for the smallest
MOST_FINDINGS = 1000  # whoever has more does not read them
DEPTH = 200  # levels of JSON, 100 of nested collections: the engines recurse, Python allows a thousand frames
_IDSHORT = 1024  # longer than any rule allows; the engines' patterns take a time that grows with the square
_ADDRESS = 4096  # the same for xs:anyURI and paths; the metamodel ends at 2,048
LONGEST = {"idShort": _IDSHORT, "path": _ADDRESS, "contentType": _ADDRESS}
LONGEST_VALUE = {"File": _ADDRESS, "xs:anyURI": _ADDRESS}
